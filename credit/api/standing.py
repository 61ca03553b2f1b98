"""A customer's credit as it stands, and the limits of any day."""

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from credit.api.parts import customer_seen
from credit.filters import LimitFilter, ReservationFilter
from credit.models import CreditLimit, LimitMode, Reservation
from credit.queries.exposure import KINDS
from credit.queries.limits import Credit, credit_of
from crm.core.api.formats import Instant, Money
from crm.core.api.views import ApiView, ListView, RecordView
from crm.core.roles import Can


class BreakdownSerializer(serializers.Serializer):
    """What the exposure is made of; payments that are not applied are taken off."""

    receivables = Money()
    delivered_uninvoiced = Money()
    open_orders = Money()
    reservations = Money()
    unapplied_payments = Money()


class GroupCreditSerializer(serializers.Serializer):
    """The company above with the limit of the group, or the root of the group."""

    number = serializers.CharField()
    limit = Money(allow_null=True)
    exposure = Money()
    available = Money(allow_null=True)


class CreditSerializer(serializers.Serializer):
    """Sums in the base currency, the customer's subsidiaries included. No limit in force: `limit` is null."""

    limit = Money(allow_null=True)
    limit_mode = serializers.ChoiceField(choices=LimitMode.choices, allow_null=True)
    currency = serializers.CharField()
    valid_until = serializers.DateField(allow_null=True)
    exposure = Money()
    available = Money(allow_null=True)
    breakdown = BreakdownSerializer()
    overdue = Money()
    oldest_overdue_days = serializers.IntegerField()
    group = GroupCreditSerializer(allow_null=True)
    as_of = Instant()

    def to_representation(self, credit: Credit) -> dict:
        limit, exposure = credit.limit, credit.exposure
        shown = {
            "limit": credit.amount,
            "limit_mode": limit.mode if limit else None,
            "currency": settings.BASE_CURRENCY,
            "valid_until": limit.valid_until if limit else None,
            "exposure": exposure.total,
            "available": credit.available,
            "breakdown": {kind: getattr(exposure, kind) for kind in KINDS},
            "overdue": exposure.overdue,
            "oldest_overdue_days": exposure.oldest_overdue_days,
            "group": credit.group,
            "as_of": credit.as_of,
        }
        return super().to_representation(shown)


class CustomerCreditView(ApiView):
    scope, rights = "credit", {"read": Can.SEE_CREDIT}
    serializer_class = CreditSerializer

    @extend_schema(operation_id="customers_credit", responses=CreditSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Limit, exposure with its breakdown, and what is left, of the customer and of its group."""
        credit = credit_of(customer_seen(number, request.user), timezone.localdate(), now=timezone.now())
        return Response(CreditSerializer(credit).data)


class LimitSerializer(serializers.ModelSerializer):
    """A limit in the base currency; `unit` names the selling unit whose share it is; superseded, it grants nothing."""

    customer = serializers.CharField(source="customer.number")
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    mode = serializers.ChoiceField(choices=LimitMode.choices)
    amount = Money(allow_null=True)
    currency = serializers.SerializerMethodField()
    superseded_at = Instant(allow_null=True)

    class Meta:
        model = CreditLimit
        fields = [
            "id", "customer", "unit", "mode", "amount", "currency", "valid_from", "valid_until", "superseded_at",
            "credit_period_days", "application",
        ]  # fmt: skip
        read_only_fields = fields

    def get_currency(self, row: CreditLimit) -> str:
        return settings.BASE_CURRENCY


class OfLimits:
    """What both doors share."""

    scope, rights = "credit", {"read": Can.SEE_CREDIT}
    serializer_class = LimitSerializer
    queryset = CreditLimit.objects.none()

    def get_queryset(self):
        return CreditLimit.objects.visible_to(self.request.user).select_related("customer", "unit")


class LimitsView(OfLimits, ListView, ListAPIView):
    """Limits of customers that the caller may see; `on` asks for those in force on a day."""

    filterset_class = LimitFilter
    ordering = ("-valid_from", "-id")


class LimitView(OfLimits, RecordView):
    """One limit."""


class ReservationSerializer(serializers.ModelSerializer):
    """What an approved order takes of the limit until it stands in the ledger, in the base currency."""

    order = serializers.CharField()
    customer = serializers.CharField(source="customer.number")
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    amount = Money(source="amount_base")
    currency = serializers.SerializerMethodField()
    reserved_until = serializers.DateField(source="until")

    class Meta:
        model = Reservation
        fields = ["order", "customer", "unit", "amount", "currency", "reserved_until"]
        read_only_fields = fields

    def get_currency(self, row: Reservation) -> str:
        return settings.BASE_CURRENCY


class ReservationsView(ListView, ListAPIView):
    """What is reserved today for orders of customers that the caller may see, the order checked last first."""

    scope, rights = "credit", {"read": Can.SEE_CREDIT}
    serializer_class = ReservationSerializer
    filterset_class = ReservationFilter
    ordering = "-pk"
    queryset = Reservation.objects.none()

    def get_queryset(self):
        rows = Reservation.objects.visible_to(self.request.user).filter(active=True, until__gte=timezone.localdate())
        return rows.select_related("customer", "unit")
