"""Applications for limits over REST. Programs may ask; only people decide."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from credit.api.parts import customer_seen
from credit.commands import applications as commands
from credit.filters import ApplicationFilter
from credit.models import Approval, LimitApplication
from credit.queries.applications import level_waiting
from credit.rules.approvals import LEVELS
from crm.core.api.formats import Currency, Instant, Money, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, single
from crm.core.models import Policy
from crm.core.roles import Can

MONTHS = {"min_value": 1, "max_value": 36}
DAYS = {"min_value": 0, "max_value": 720}


class NewApplicationSerializer(StrictSerializer):
    """What is asked for; `currency` defaults to the customer's."""

    customer = serializers.CharField(max_length=32)
    amount = Money(minimum="positive")
    currency = Currency(required=False)
    months = serializers.IntegerField(default=12, **MONTHS)
    credit_period_days = serializers.IntegerField(required=False, allow_null=True, **DAYS)
    reason = serializers.CharField(max_length=2_000)


class ApprovalSerializer(serializers.ModelSerializer):
    decision = serializers.ChoiceField(choices=Approval.Decision.choices)
    level = serializers.CharField()
    by = serializers.CharField(source="by.username")
    amount_base = Money()
    at = Instant()

    class Meta:
        model = Approval
        fields = ["decision", "level", "by", "amount_base", "comment", "at"]
        read_only_fields = fields


class ApplicationSerializer(serializers.ModelSerializer):
    """An application; `amount` is what was asked, `amount_base` what is left of it after approvals, base currency."""

    customer = serializers.CharField(source="customer.number")
    amount = Money()
    amount_base = Money()
    state = serializers.ChoiceField(choices=LimitApplication.State.choices)
    waiting_for = serializers.SerializerMethodField()
    applicant = serializers.CharField(source="applicant.username")
    approvals = ApprovalSerializer(many=True)
    created_at = Instant()

    class Meta:
        model = LimitApplication
        fields = [
            "id", "customer", "amount", "currency", "amount_base", "months", "credit_period_days", "reason", "state",
            "waiting_for", "applicant", "created_at", "submitted_on", "decide_by", "approvals",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema(responses=serializers.ChoiceField(choices=[(level.value, level.value) for level in LEVELS]))
    def get_waiting_for(self, row: LimitApplication) -> str | None:
        """The level whose turn it is."""
        level = level_waiting(row, Policy.current())
        return level.value if level else None


def applications_seen(request: Request):
    rows = LimitApplication.objects.visible_to(request.user)
    return rows.select_related("customer", "applicant").prefetch_related("approvals__by")


def answer(request: Request, pk: int, *, status: int = 200) -> Response:
    return Response(ApplicationSerializer(applications_seen(request).get(pk=pk)).data, status=status)


class ApplicationsView(Idempotent, ListView):
    scope, rights = "credit", {"read": Can.SEE_CREDIT, "write": Can.ASK_LIMIT}
    serializer_class = ApplicationSerializer
    filterset_class = ApplicationFilter
    ordering = "-id"
    queryset = LimitApplication.objects.none()

    def get_queryset(self):
        return applications_seen(self.request)

    @extend_schema(operation_id="limit_applications_list", responses=ApplicationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Applications of customers that the caller may see, the newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="limit_applications_create",
        request=NewApplicationSerializer,
        responses={201: ApplicationSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask for a limit: a draft, until it is submitted."""
        return self.dispatch_once(request, lambda: self._ask(request))

    def _ask(self, request: Request) -> Response:
        given = read(NewApplicationSerializer, request)
        customer = customer_seen(given.pop("customer"), request.user)
        given.setdefault("currency", customer.currency)
        row = commands.apply_for_limit(customer, by=request.user, today=timezone.localdate(), **given)
        return answer(request, row.pk, status=201)


class ApplicationView(ApiView):
    scope, rights = "credit", {"read": Can.SEE_CREDIT}
    serializer_class = ApplicationSerializer

    @extend_schema(operation_id="limit_applications_retrieve", responses=ApplicationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One application with the decisions so far."""
        return single(ApplicationSerializer(get_object_or_404(applications_seen(request), pk=pk)).data)


class StepView(Idempotent, ApiView):
    """One step of an application: the subclass says which."""

    scope, rights = "credit", {"write": Can.ASK_LIMIT}
    serializer_class = ApplicationSerializer
    body: type[serializers.Serializer] = StrictSerializer

    def step(self, request: Request, pk: int) -> Response:
        return self.dispatch_once(request, lambda: self._step(request, pk))

    def _step(self, request: Request, pk: int) -> Response:
        row = get_object_or_404(LimitApplication.objects.visible_to(request.user), pk=pk)
        self.take(row.pk, by=request.user, **read(self.body, request))
        return answer(request, row.pk)


class SubmitView(StepView):
    @extend_schema(operation_id="limit_applications_submit", request=None, responses={200: ApplicationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Hand it to those who decide."""
        return self.step(request, pk)

    def take(self, pk: int, **given) -> None:
        commands.submit_application(pk, today=timezone.localdate(), **given)


class WithdrawView(StepView):
    @extend_schema(operation_id="limit_applications_withdraw", request=None, responses={200: ApplicationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Take it back."""
        return self.step(request, pk)

    def take(self, pk: int, **given) -> None:
        commands.withdraw_application(pk, **given)


class DecisionSerializer(StrictSerializer):
    comment = serializers.CharField(max_length=2_000)


class ApprovingSerializer(StrictSerializer):
    """`amount`, in the application's currency, may lower the sum."""

    amount = Money(minimum="positive", required=False)
    comment = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class DecisionView(StepView):
    """For people only, never for a token."""

    rights = {"write": Can.DECIDE_LIMITS}
    people_only = True
    body = DecisionSerializer


class ApproveView(DecisionView):
    body = ApprovingSerializer

    @extend_schema(
        operation_id="limit_applications_approve",
        request=ApprovingSerializer,
        responses={200: ApplicationSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Approve it at the own level. People with the right only, never who asked for it, nobody twice."""
        return self.step(request, pk)

    def take(self, pk: int, **given) -> None:
        commands.approve_limit(pk, today=timezone.localdate(), **given)


class ReturnView(DecisionView):
    @extend_schema(
        operation_id="limit_applications_return", request=DecisionSerializer, responses={200: ApplicationSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Send it back with a question."""
        return self.step(request, pk)

    def take(self, pk: int, **given) -> None:
        commands.return_application(pk, today=timezone.localdate(), **given)


class RejectView(DecisionView):
    @extend_schema(
        operation_id="limit_applications_reject", request=DecisionSerializer, responses={200: ApplicationSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Reject it for good, with the reason."""
        return self.step(request, pk)

    def take(self, pk: int, **given) -> None:
        commands.reject_application(pk, today=timezone.localdate(), **given)
