"""Visit notes over REST: sent twice, kept once."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import VisitKind
from archives.commands.visits import finish_next_step, post_visit
from archives.models import Customer, Visit
from crm.core.api.filters import InstantFilter, StrictFilterSet
from crm.core.api.formats import Day, Instant, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, RecordView
from crm.core.roles import Can


class VisitSerializer(serializers.ModelSerializer):
    customer = serializers.CharField(source="customer.number")
    by = serializers.CharField(source="by.username")
    happened_at = Instant()
    created_at = Instant()

    class Meta:
        model = Visit
        fields = [
            "id", "client_id", "customer", "happened_at", "kind", "by", "content", "people", "colleagues", "minutes",
            "checklist", "next_step", "next_step_due", "next_step_done_on", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class Answers(serializers.DictField):
    """A checklist's answers by question: 1 to 10, or true and false. The rule knows which question wants which."""

    def to_internal_value(self, data: Any) -> dict:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


class NewVisitSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32)
    happened_at = Instant()
    kind = serializers.ChoiceField(choices=VisitKind.choices)
    content = serializers.CharField(required=False, allow_blank=True, default="", max_length=20_000)
    people = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=50)
    colleagues = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=50)
    minutes = serializers.IntegerField(required=False, allow_null=True)
    next_step = serializers.CharField(required=False, allow_blank=True, max_length=200)
    next_step_due = Day(required=False, allow_null=True)
    checklist = Answers(required=False)
    client_id = serializers.UUIDField(required=False)


class VisitFilter(StrictFilterSet):
    """`next_step=open` asks for what was agreed on and is not done yet."""

    customer = django_filters.CharFilter(field_name="customer__number")
    since = InstantFilter(field_name="happened_at", lookup_expr="gte")
    next_step = django_filters.ChoiceFilter(choices=[("open", _("open")), ("done", _("done"))], method="by_step")

    class Meta:
        model = Visit
        fields: list[str] = []

    def by_step(self, visits: QuerySet[Visit], name: str, value: str) -> QuerySet[Visit]:
        return visits.exclude(next_step="").filter(next_step_done_on__isnull=value == "open")


class OfVisits:
    """What the doors share."""

    scope = "visits"
    rights = {"read": Can.SEE_ARCHIVE, "write": Can.LOG_VISITS}
    serializer_class = VisitSerializer
    queryset = Visit.objects.none()

    def get_queryset(self):
        return Visit.objects.visible_to(self.request.user).select_related("customer", "by")


class VisitsView(Idempotent, OfVisits, ListView, ListAPIView):
    """Visits to customers that the caller may see, and the way in for new notes."""

    filterset_class = VisitFilter
    ordering = ("-happened_at", "-id")

    @extend_schema(request=NewVisitSerializer, responses={201: VisitSerializer, 200: VisitSerializer})
    def post(self, request: Request) -> Response:
        """Post a visit note; a `client_id` sent again answers 200 with the first visit."""
        return self.dispatch_once(request, lambda: self._post(request))

    def _post(self, request: Request) -> Response:
        fields = read(NewVisitSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        visit, created = post_visit(customer, by=request.user, now=timezone.now(), **fields)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(visit).data, status=code)


class VisitView(OfVisits, RecordView):
    """One visit note."""


class VisitDoneView(Idempotent, OfVisits, ApiView):
    """The next step that a visit agreed on."""

    @extend_schema(operation_id="visits_done", request=None, responses={200: VisitSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """The agreed next step was done."""
        return self.dispatch_once(request, lambda: self._done(request, pk))

    def _done(self, request: Request, pk: int) -> Response:
        read(StrictSerializer, request)
        visit = get_object_or_404(self.get_queryset(), pk=pk)
        finish_next_step(visit.pk, by=request.user, today=timezone.localdate())
        visit.refresh_from_db(fields=["next_step_done_on"])
        return Response(self.get_serializer(visit).data)
