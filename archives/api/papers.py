"""Financial statements, and what was confirmed of an archive, over REST."""

import django_filters
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.commands.confirmations import LAYERS, confirm_fact
from archives.commands.statements import keep_statement
from archives.models import Confirmation, Customer, FinancialStatement
from crm.core.api.filters import DayFilter, StrictFilterSet
from crm.core.api.formats import Currency, Day, Money, StrictSerializer, read
from crm.core.api.views import Idempotent, ListView, RecordView
from crm.core.roles import Can

RIGHTS = {"read": Can.SEE_ARCHIVE, "write": Can.EDIT_ARCHIVE}


# --- Financial statements --------------------------------------------------------------------------------------------
class StatementSerializer(serializers.ModelSerializer):
    """The figures of one period, as the ratios need them."""

    customer = serializers.CharField(source="customer.number")
    current_assets = Money()
    inventory = Money()
    current_liabilities = Money()
    total_liabilities = Money()
    net_assets = Money(minimum=None)
    total_assets = Money()
    revenue = Money(allow_null=True)
    gross_profit = Money(minimum=None, allow_null=True)
    net_profit = Money(minimum=None, allow_null=True)

    class Meta:
        model = FinancialStatement
        fields = [
            "id", "customer", "period_end", "currency", "current_assets", "inventory", "current_liabilities",
            "total_liabilities", "net_assets", "total_assets", "revenue", "gross_profit", "net_profit",
        ]  # fmt: skip
        read_only_fields = fields


class NewStatementSerializer(StrictSerializer):
    """The figures of one period; those of a period that is there already are replaced. Net assets may be negative."""

    customer = serializers.CharField(max_length=32)
    period_end = Day()
    currency = Currency(required=False, help_text="the customer's by default")
    current_assets = Money()
    inventory = Money()
    current_liabilities = Money()
    total_liabilities = Money()
    net_assets = Money(minimum=None)
    total_assets = Money()
    revenue = Money(required=False, allow_null=True)
    gross_profit = Money(minimum=None, required=False, allow_null=True)
    net_profit = Money(minimum=None, required=False, allow_null=True)


class StatementFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", max_length=32)
    since = DayFilter(field_name="period_end", lookup_expr="gte")


class OfStatements:
    """What both doors share."""

    scope, rights = "customers", RIGHTS
    serializer_class = StatementSerializer
    queryset = FinancialStatement.objects.none()

    def get_queryset(self):
        return FinancialStatement.objects.visible_to(self.request.user).select_related("customer")


class StatementsView(Idempotent, OfStatements, ListView, ListAPIView):
    """Financial statements of the customers that the caller may see, the latest period first."""

    filterset_class = StatementFilter
    ordering = ("-period_end", "-id")

    @extend_schema(request=NewStatementSerializer, responses={200: StatementSerializer, 201: StatementSerializer})
    def post(self, request: Request) -> Response:
        """Keep the figures of a period: 201, or 200 where the period was there."""
        return self.dispatch_once(request, lambda: self._keep(request))

    def _keep(self, request: Request) -> Response:
        fields = read(NewStatementSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        row, created = keep_statement(customer, **fields, by=request.user, today=timezone.localdate())
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(row).data, status=code)


class StatementView(OfStatements, RecordView):
    """The figures of one period."""


# --- Confirmations ---------------------------------------------------------------------------------------------------
class ConfirmationSerializer(serializers.ModelSerializer):
    """That a fact held on a day. Without `field` the whole layer did."""

    customer = serializers.CharField(source="customer.number")
    layer = serializers.ChoiceField(choices=list(LAYERS))
    by = serializers.CharField(source="by.username")

    class Meta:
        model = Confirmation
        fields = ["id", "customer", "layer", "field", "on", "by", "verified"]
        read_only_fields = fields


class NewConfirmationSerializer(StrictSerializer):
    """That a fact – or, without `field`, the whole layer – holds today; `verified` when the document was looked at."""

    customer = serializers.CharField(max_length=32)
    layer = serializers.ChoiceField(choices=list(LAYERS))
    field = serializers.CharField(max_length=40, required=False, allow_blank=True)
    verified = serializers.BooleanField(required=False)


class ConfirmationFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", max_length=32)
    layer = django_filters.ChoiceFilter(choices=[(layer, layer) for layer in LAYERS])


class ConfirmationsView(Idempotent, ListView, ListAPIView):
    """What was confirmed of the customers that the caller may see, the latest first."""

    scope, rights = "customers", RIGHTS
    serializer_class = ConfirmationSerializer
    filterset_class = ConfirmationFilter
    ordering = ("-on", "-id")
    queryset = Confirmation.objects.none()

    def get_queryset(self):
        return Confirmation.objects.visible_to(self.request.user).select_related("customer", "by")

    @extend_schema(request=NewConfirmationSerializer, responses={201: ConfirmationSerializer})
    def post(self, request: Request) -> Response:
        """Say that it still holds; the flag that asked for it goes."""
        return self.dispatch_once(request, lambda: self._confirm(request))

    def _confirm(self, request: Request) -> Response:
        fields = read(NewConfirmationSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        row = confirm_fact(customer, **fields, by=request.user, today=timezone.localdate())
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)
