"""The trade record as it stands, to be read and held against the ERP's: sales, orders, invoices, payments."""

import django_filters
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from archives.choices import OrderStatus
from archives.models import Invoice, Order, Payment, SalesRecord
from crm.core.api.filters import DayFilter, MonthFilter, StrictFilterSet
from crm.core.api.formats import Instant, Money, Month
from crm.core.api.views import ListView, RecordView
from crm.core.lists.filters import AnyOf, YesNo
from crm.core.roles import Can

RIGHTS = {"read": Can.SEE_CREDIT}


# --- What a record looks like ----------------------------------------------------------------------------------------
class StoredSerializer(serializers.Serializer):
    """What every record of the trade says."""

    customer = serializers.CharField(source="customer.number")
    currency = serializers.CharField()
    source_version = serializers.IntegerField(allow_null=True)
    updated_at = Instant()


class StoredSalesSerializer(StoredSerializer):
    """One month's sales to a customer, of one product line and one selling unit where these are told."""

    month = Month()
    product_line = serializers.CharField()
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    amount = Money()
    cost = Money(allow_null=True)
    quantity = serializers.DecimalField(max_digits=18, decimal_places=3, allow_null=True)
    target = Money(allow_null=True)


class StoredOrderSerializer(StoredSerializer):
    """An order: `open_amount` is to be delivered yet, `delivered_uninvoiced` is delivered and not on an invoice."""

    number = serializers.CharField()
    ordered_on = serializers.DateField()
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    amount = Money()
    open_amount = Money()
    delivered_uninvoiced = Money()
    status = serializers.ChoiceField(choices=OrderStatus.choices)


class StoredInvoiceSerializer(StoredSerializer):
    """An invoice: `open_amount` is what is left to pay, `settled_on` the day whose payment brought it to nothing."""

    number = serializers.CharField()
    order = serializers.CharField()
    invoiced_on = serializers.DateField()
    due_on = serializers.DateField()
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    amount = Money()
    open_amount = Money()
    disputed = serializers.BooleanField()
    settled_on = serializers.DateField(allow_null=True)


class StoredPaymentSerializer(StoredSerializer):
    """A payment; without `invoice` it is not applied yet."""

    number = serializers.CharField()
    paid_on = serializers.DateField()
    amount = Money()
    invoice = serializers.CharField(source="invoice.number", default=None, allow_null=True)


# --- What a list is narrowed by --------------------------------------------------------------------------------------
class OfCustomerFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", max_length=32)


class SalesFilter(OfCustomerFilter):
    since = MonthFilter(field_name="month", lookup_expr="gte")
    until = MonthFilter(field_name="month", lookup_expr="lte")


class OrderFilter(OfCustomerFilter):
    status = AnyOf(OrderStatus.choices)
    since = DayFilter(field_name="ordered_on", lookup_expr="gte")
    until = DayFilter(field_name="ordered_on", lookup_expr="lte")


class InvoiceFilter(OfCustomerFilter):
    order = django_filters.CharFilter(max_length=64)
    open = YesNo(method="by_open")
    disputed = YesNo()
    since = DayFilter(field_name="invoiced_on", lookup_expr="gte")
    until = DayFilter(field_name="invoiced_on", lookup_expr="lte")

    def by_open(self, rows, name: str, value: bool):
        return rows.filter(open_amount__gt=0) if value else rows.filter(open_amount=0)


class PaymentFilter(OfCustomerFilter):
    invoice = django_filters.CharFilter(field_name="invoice__number", max_length=64)
    applied = YesNo(field_name="invoice", lookup_expr="isnull", exclude=True)
    since = DayFilter(field_name="paid_on", lookup_expr="gte")
    until = DayFilter(field_name="paid_on", lookup_expr="lte")


# --- The doors -------------------------------------------------------------------------------------------------------
class OfOrders:
    scope, rights = "orders", RIGHTS
    serializer_class = StoredOrderSerializer
    queryset = Order.objects.none()
    lookup_field = "number"

    def get_queryset(self):
        return Order.objects.visible_to(self.request.user).select_related("customer", "unit")


class OfInvoices:
    scope, rights = "receivables", RIGHTS
    serializer_class = StoredInvoiceSerializer
    queryset = Invoice.objects.none()
    lookup_field = "number"

    def get_queryset(self):
        return Invoice.objects.visible_to(self.request.user).select_related("customer", "unit")


class OfPayments:
    scope, rights = "receivables", RIGHTS
    serializer_class = StoredPaymentSerializer
    queryset = Payment.objects.none()
    lookup_field = "number"

    def get_queryset(self):
        return Payment.objects.visible_to(self.request.user).select_related("customer", "invoice")


class SalesView(ListView, ListAPIView):
    """Monthly sales as they stand, those told last first."""

    scope, rights = "sales", RIGHTS
    serializer_class = StoredSalesSerializer
    filterset_class = SalesFilter
    ordering = "-id"
    queryset = SalesRecord.objects.none()

    def get_queryset(self):
        return SalesRecord.objects.visible_to(self.request.user).select_related("customer", "unit")


class OrdersView(OfOrders, ListView, ListAPIView):
    """Orders as they stand, those told last first."""

    filterset_class = OrderFilter
    ordering = "-id"


class OrderView(OfOrders, RecordView):
    """One order by its number."""


class InvoicesView(OfInvoices, ListView, ListAPIView):
    """Invoices as they stand, those told last first."""

    filterset_class = InvoiceFilter
    ordering = "-id"


class InvoiceView(OfInvoices, RecordView):
    """One invoice by its number."""


class PaymentsView(OfPayments, ListView, ListAPIView):
    """Payments as they stand, those told last first."""

    filterset_class = PaymentFilter
    ordering = "-id"


class PaymentView(OfPayments, RecordView):
    """One payment by its number."""
