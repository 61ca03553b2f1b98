"""Credit reports over REST."""

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import ReportKind, ReportStatus
from archives.commands.reports import add_credit_report
from archives.models import CreditReport, Customer
from archives.queries.reports import with_status
from archives.rules.freshness import report_status
from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Currency, Day, Money, StrictSerializer, read
from crm.core.api.views import Idempotent, ListView, RecordView
from crm.core.models import Policy
from crm.core.roles import Can

OF_A_REPORT = [choice for choice in ReportStatus.choices if choice[0] in ("valid", "expiring", "stale")]


class ReportSerializer(serializers.ModelSerializer):
    """A report with its status of today."""

    customer = serializers.CharField(source="customer.number")
    price = Money(allow_null=True)
    status = serializers.SerializerMethodField()

    class Meta:
        model = CreditReport
        fields = [
            "id", "customer", "kind", "source", "issued_on", "validity_months", "valid_until", "status",
            "grade", "opinion", "price", "currency",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=OF_A_REPORT))
    def get_status(self, report: CreditReport) -> str:
        return report_status(report.valid_until, self.context["today"], self.context["policy"]).value


class NewReportSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32)
    kind = serializers.ChoiceField(choices=ReportKind.choices)
    issued_on = Day()
    validity_months = serializers.IntegerField(required=False, allow_null=True)
    source = serializers.CharField(max_length=120)
    grade = serializers.CharField(required=False, allow_blank=True, max_length=16)
    opinion = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    price = Money(required=False, allow_null=True)
    currency = Currency(required=False, allow_blank=True)


class ReportFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number")
    status = django_filters.ChoiceFilter(choices=OF_A_REPORT, method="of_status")

    class Meta:
        model = CreditReport
        fields: list[str] = []

    def of_status(self, reports: QuerySet[CreditReport], name: str, value: str) -> QuerySet[CreditReport]:
        return with_status(reports, ReportStatus(value), timezone.localdate(), Policy.current())


class OfReports:
    """What both doors share."""

    scope = "reports"
    rights = {"read": Can.SEE_CREDIT, "write": Can.ADD_REPORTS}
    serializer_class = ReportSerializer
    queryset = CreditReport.objects.none()

    def get_queryset(self):
        return CreditReport.objects.visible_to(self.request.user).select_related("customer")

    def get_serializer_context(self):
        return super().get_serializer_context() | {"today": timezone.localdate(), "policy": Policy.current()}


class ReportsView(Idempotent, OfReports, ListView, ListAPIView):
    """Reports of customers that the caller may see, and the way in for new ones."""

    filterset_class = ReportFilter
    ordering = ("-issued_on", "-id")

    @extend_schema(request=NewReportSerializer, responses={201: ReportSerializer})
    def post(self, request: Request) -> Response:
        """Take a report in; without `validity_months` the customer's class decides how long it holds."""
        return self.dispatch_once(request, lambda: self._add(request))

    def _add(self, request: Request) -> Response:
        fields = read(NewReportSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        report = add_credit_report(customer, by=request.user, today=timezone.localdate(), **fields)
        return Response(self.get_serializer(report).data, status=status.HTTP_201_CREATED)


class ReportView(OfReports, RecordView):
    """One report, with its status of today."""
