"""Sync runs over REST: announced, brought by bulk calls that name them, finished, and compared."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import SyncDecision, SyncObject, SyncState
from archives.commands.sync_runs import abandon_run, begin_run, finish_run
from archives.models import SyncRun
from archives.queries.sync_runs import failures_of, runs_of
from archives.values import Bad, parse_currency
from crm.core.api.access import ScopePermission
from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Instant, Money, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, single
from crm.core.errors import NotAllowed
from crm.core.models import ServiceToken
from crm.core.roles import Can

BIGGEST = 10**12
LONGEST_NUMBER = 32
FAILED_SHOWN = 100


class Sums(serializers.DictField):
    """Sums of money by currency: `{"CNY": "1200.00"}`."""

    child = Money(minimum=None)
    default_error_messages = {"currency": _("This is no currency in use: {code}.")}

    def to_internal_value(self, data: Any) -> dict:
        for code in data if isinstance(data, dict) else ():
            try:
                parse_currency(code)
            except Bad:
                self.fail("currency", code=code[:40])
        return super().to_internal_value(data)


class NewRunSerializer(StrictSerializer):
    object = serializers.ChoiceField(choices=SyncObject.choices)
    complete = serializers.BooleanField(
        default=False, help_text="true: everything the source has is brought, and what is not can be closed"
    )
    count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=BIGGEST)
    totals = Sums(required=False, allow_null=True, help_text="the sum of `amount` by currency; not of customers")
    as_of = Instant(required=False, allow_null=True, help_text="when the source was read")

    def validate(self, said: dict) -> dict:
        if said.get("totals") is not None and not SyncObject(said["object"]).has_totals:
            raise serializers.ValidationError({"totals": _("Customers are counted; they have no totals.")})
        return said


class FinishSerializer(StrictSerializer):
    customers = serializers.DictField(
        child=Sums(),
        required=False,
        allow_null=True,
        help_text="the sums of every customer that the source has, by customer number and currency",
    )


class HeldSerializer(serializers.Serializer):
    count = serializers.IntegerField()
    totals = Sums(allow_null=True)


class DifferenceSerializer(serializers.Serializer):
    customer = serializers.CharField()
    currency = serializers.CharField()
    announced = Money(minimum=None)
    held = Money(minimum=None)


class FailedRowSerializer(serializers.Serializer):
    key = serializers.CharField()
    at = Instant()
    errors = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))


class SyncRunSerializer(serializers.Serializer):
    """A run. What compares is there once it has ended; `differences` are the thousand largest of `differing`."""

    id = serializers.IntegerField()
    account = serializers.CharField()
    object = serializers.ChoiceField(choices=SyncObject.choices)
    complete = serializers.BooleanField()
    state = serializers.ChoiceField(choices=SyncState.choices)
    count = serializers.IntegerField(allow_null=True)
    totals = Sums(allow_null=True)
    as_of = Instant(allow_null=True)
    started_at = Instant()
    finished_at = Instant(allow_null=True)
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="over all calls")
    failed_rows = serializers.IntegerField(help_text="rows that have not gone through since")
    held = HeldSerializer(allow_null=True)
    agrees = serializers.BooleanField(allow_null=True, help_text="null: nothing was announced")
    missing = serializers.IntegerField(help_text="open records of the source that a complete run did not bring")
    closed = serializers.IntegerField(help_text="of these, how many were closed")
    decision = serializers.ChoiceField(choices=SyncDecision.choices, allow_null=True)


class WholeRunSerializer(SyncRunSerializer):
    differing = serializers.IntegerField()
    differences = DifferenceSerializer(many=True)
    failures = FailedRowSerializer(many=True, help_text="the newest hundred of failed_rows")


class SyncRunFilterSet(StrictFilterSet):
    object = django_filters.ChoiceFilter(choices=SyncObject.choices)
    state = django_filters.ChoiceFilter(choices=SyncState.choices)

    class Meta:
        model = SyncRun
        fields = ["object", "state"]


class MayBring(ScopePermission):
    """A token opens the runs of the objects that it may write; operators look."""

    def has_permission(self, request, view) -> bool:
        if isinstance(request.auth, ServiceToken):
            return bool(brought_with(request.auth))
        right = Can.SYNC if request.method == "POST" else Can.SEE_SYNC
        return request.user.is_authenticated and request.user.may(right)


def brought_with(token: ServiceToken) -> list[str]:
    """The objects whose write scope the token carries."""
    return [one.value for one in SyncObject if f"{one.scope}:write" in token.scopes]


class OfSyncRuns(ApiView):
    """What every door here shares: one sees one's own runs, of the objects that the token may write."""

    permission_classes = [MayBring]
    serializer_class = WholeRunSerializer
    filterset_class = None
    queryset = SyncRun.objects.none()

    def rows(self):
        rows = runs_of(self.request.user)
        token = self.request.auth
        return rows.filter(object__in=brought_with(token)) if isinstance(token, ServiceToken) else rows

    def found(self, run: int) -> SyncRun:
        return get_object_or_404(self.rows(), pk=run)


@extend_schema_view(get=extend_schema(summary="The sync runs, the newest first"))
class SyncRunsView(Idempotent, ListView, OfSyncRuns, ListAPIView):
    """Sync runs. A token sees those of its account, operators all."""

    serializer_class = SyncRunSerializer
    filterset_class = SyncRunFilterSet
    ordering = ("-id",)

    def get_queryset(self):
        return self.rows()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([record_of(run) for run in page])

    @extend_schema(
        summary="Begin a sync run",
        request=NewRunSerializer,
        responses={200: WholeRunSerializer, 201: WholeRunSerializer},
    )
    def post(self, request: Request) -> Response:
        """Say what is going to be brought; bulk calls then name the run by `?run=`.

        One run is open for each account and object. The same announcement again answers 200 with the open run, another
        one is refused with `run_open`, which names it.
        """
        return self.dispatch_once(request, lambda: self._begun(request))

    def _begun(self, request: Request) -> Response:
        said = read(NewRunSerializer, request)
        if not isinstance(request.auth, ServiceToken) or said["object"] not in brought_with(request.auth):
            raise NotAllowed(_("Your scopes or your role do not include this."))
        run, fresh = begin_run(by=request.user, now=timezone.now(), **said)
        code = status.HTTP_201_CREATED if fresh else status.HTTP_200_OK
        return Response(whole_record_of(self.found(run.pk)), status=code)


class SyncRunView(OfSyncRuns):
    """One run, with the customers that differ and the rows that failed."""

    @extend_schema(responses=WholeRunSerializer, summary="One sync run")
    def get(self, request: Request, run: int) -> Response:
        return single(whole_record_of(self.found(run)))


class SyncRunFinishView(Idempotent, OfSyncRuns):
    @extend_schema(summary="Finish a sync run", request=FinishSerializer, responses=WholeRunSerializer)
    def post(self, request: Request, run: int) -> Response:
        """Compare what is held with what was announced, and close what a complete run did not bring.

        Fewer than 2 % missing are closed at once. More, or any while not everything announced has arrived, and the
        state is `needs_review` until a person decides. With the sums by customer the answer names those that differ.
        Finished again, the answer is the same.
        """
        found = self.found(run)
        return self.dispatch_once(request, lambda: self._finished(request, found))

    def _finished(self, request: Request, run: SyncRun) -> Response:
        told = read(FinishSerializer, request)
        at = {"now": timezone.now(), "today": timezone.localdate()}
        finish_run(run.pk, by=request.user, customers=told.get("customers"), **at)
        return Response(whole_record_of(self.found(run.pk)))


class SyncRunAbandonView(Idempotent, OfSyncRuns):
    @extend_schema(summary="Abandon a sync run", request=None, responses=WholeRunSerializer)
    def post(self, request: Request, run: int) -> Response:
        """End a run without comparing. What it brought stays, nothing is closed."""
        found = self.found(run)
        return self.dispatch_once(request, lambda: self._abandoned(found))

    def _abandoned(self, run: SyncRun) -> Response:
        abandon_run(run.pk, by=self.request.user, now=timezone.now())
        return Response(whole_record_of(self.found(run.pk)))


def record_of(run: SyncRun) -> Mapping[str, Any]:
    """A run of `runs_of` as the interface tells it."""
    said = {name: getattr(run, name) for name in SyncRunSerializer().fields if hasattr(run, name)}
    said |= {"account": run.account.username, "held": run.held or None, "decision": run.decision or None}
    instants = {name: Instant().to_representation(said[name]) for name in INSTANTS if said[name]}
    return said | instants


INSTANTS = ("as_of", "started_at", "finished_at")


def whole_record_of(run: SyncRun) -> dict[str, Any]:
    names = ("customer", "currency", "announced", "held")
    failed = failures_of(run)[:FAILED_SHOWN]
    return {
        **record_of(run),
        "differing": run.differing,
        "differences": [dict(zip(names, one, strict=True)) for one in run.differences],
        "failures": [
            {"key": row.key, "at": Instant().to_representation(row.at), "errors": row.errors} for row in failed
        ],
    }
