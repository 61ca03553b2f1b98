"""Planned visits over REST."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import PlanState, VisitKind
from archives.commands.plans import cancel_plan, change_plan, plan_visit
from archives.filters import VisitPlanFilterSet
from archives.models import Customer, VisitPlan
from crm.core.api.formats import Day, Instant, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, RecordView, check_etag, single
from crm.core.models import User
from crm.core.roles import Can, Role


class PlanSerializer(serializers.ModelSerializer):
    """A visit that is to take place; `visit` is the note that closed it."""

    customer = serializers.CharField(source="customer.number")
    person = serializers.CharField(source="person.username", help_text="who goes")
    kind = serializers.ChoiceField(choices=VisitKind.choices)
    state = serializers.ChoiceField(choices=PlanState.choices, source="state_choice")
    visit = serializers.IntegerField(source="visit_id", allow_null=True)
    created_at = Instant()

    class Meta:
        model = VisitPlan
        fields = ["id", "customer", "person", "day", "kind", "purpose", "state", "visit", "cancelled_on", "created_at"]
        read_only_fields = fields


class PlanChangeSerializer(StrictSerializer):
    """The fields that are given are changed, the others stay."""

    day = Day(required=False)
    kind = serializers.ChoiceField(choices=VisitKind.choices, required=False)
    purpose = serializers.CharField(max_length=200, required=False, allow_blank=True)


class NewPlanSerializer(PlanChangeSerializer):
    """Without `person` whoever asks goes; where a program asks, the customer's owner."""

    customer = serializers.CharField(max_length=32)
    day = Day()
    person = serializers.SlugRelatedField(
        slug_field="username",
        required=False,
        queryset=User.objects.filter(is_active=True).exclude(role=Role.CONNECTOR),
        error_messages={"does_not_exist": _("There is nobody called {value}.")},
    )


class OfPlans:
    """What the doors share."""

    scope = "visits"
    rights = {"read": Can.SEE_ARCHIVE, "write": Can.LOG_VISITS}
    serializer_class = PlanSerializer
    queryset = VisitPlan.objects.none()

    def get_queryset(self):
        return VisitPlan.objects.visible_to(self.request.user).select_related("customer", "person")


class PlansView(Idempotent, OfPlans, ListView, ListAPIView):
    """Planned visits, the next day first; without `state` those that are open."""

    filterset_class = VisitPlanFilterSet
    ordering = ("day", "id")

    @extend_schema(request=NewPlanSerializer, responses={201: PlanSerializer})
    def post(self, request: Request) -> Response:
        """Plan a visit, from today to a year ahead, once a day for the same person and customer."""
        return self.dispatch_once(request, lambda: self._plan(request))

    def _plan(self, request: Request) -> Response:
        fields = read(NewPlanSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        plan = plan_visit(customer, **fields, by=request.user, today=timezone.localdate())
        return Response(self.get_serializer(plan).data, status=status.HTTP_201_CREATED)


class PlanView(OfPlans, RecordView):
    """One planned visit."""

    @extend_schema(request=PlanChangeSerializer, responses={200: PlanSerializer})
    def patch(self, request: Request, pk: int) -> Response:
        """Move the visit to another day, or say better what it is for."""
        plan, given = self.get_object(), read(PlanChangeSerializer, request)
        check_etag(request, self._answer(plan)["ETag"])
        fields: dict[str, Any] = {"day": plan.day, "kind": plan.kind, "purpose": plan.purpose} | given
        return self._answer(change_plan(plan.pk, **fields, by=request.user, today=timezone.localdate()))

    def _answer(self, plan: VisitPlan) -> Response:
        return single(self.get_serializer(plan).data)


class PlanCancelView(Idempotent, OfPlans, ApiView):
    """Calling a planned visit off."""

    @extend_schema(operation_id="visit_plans_cancel", request=None, responses={200: PlanSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Call the visit off."""
        return self.dispatch_once(request, lambda: self._cancel(request, pk))

    def _cancel(self, request: Request, pk: int) -> Response:
        read(StrictSerializer, request)
        plan = get_object_or_404(self.get_queryset(), pk=pk)
        return Response(self.get_serializer(cancel_plan(plan.pk, by=request.user, today=timezone.localdate())).data)
