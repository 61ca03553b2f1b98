"""What is owed and how customers pay, as of any day: one customer's in its currency, all in the base currency."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from archives.models import Customer
from archives.queries.receivables import ageing, payment_behaviour
from crm.core.api.filters import refuse_unknown_parameters
from crm.core.api.formats import Day, Money, StrictSerializer
from crm.core.api.views import ApiView
from crm.core.roles import Can


class AsOfSerializer(StrictSerializer):
    """Whose receivables, and on which day: all that the caller may see, and today."""

    customer = serializers.CharField(required=False, max_length=32)
    as_of = Day(required=False)


class AgeingSerializer(serializers.Serializer):
    as_of = serializers.DateField()
    currency = serializers.CharField()
    not_due = Money()
    d1_30 = Money()
    d31_60 = Money()
    d61_90 = Money()
    d90_plus = Money()
    total = Money()
    disputed = Money()


class BehaviourSerializer(serializers.Serializer):
    as_of = serializers.DateField()
    invoices_settled = serializers.IntegerField()
    on_time = serializers.IntegerField()
    on_time_percent = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    average_days_late = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
    worst_days_late = serializers.IntegerField(allow_null=True)
    dso = serializers.DecimalField(max_digits=20, decimal_places=1, allow_null=True)


class ReceivablesView(ApiView):
    """Works out the receivables of one customer or of all that the caller may see."""

    reads_parameters = True
    scope = "receivables"
    rights = {"read": Can.SEE_CREDIT}

    def answer(self, request: Request, work) -> Response:
        asked = AsOfSerializer(data=request.query_params.dict())
        refuse_unknown_parameters(request.query_params, set(asked.fields))
        asked.is_valid(raise_exception=True)
        customers, currency = self._customers(request, asked.validated_data.get("customer"))
        found = work(customers, asked.validated_data.get("as_of", timezone.localdate()), currency=currency)
        return Response(self.get_serializer(found).data)

    def _customers(self, request: Request, number: str | None) -> tuple[QuerySet[Customer], str]:
        visible = Customer.objects.visible_to(request.user)
        if number is None:
            return visible, ""
        customer = get_object_or_404(visible, number=number)
        return Customer.objects.filter(pk=customer.pk), customer.currency


class AgeingView(ReceivablesView):
    serializer_class = AgeingSerializer

    @extend_schema(operation_id="receivables_ageing", parameters=[AsOfSerializer], responses=AgeingSerializer)
    def get(self, request: Request) -> Response:
        """Open receivables by days past due."""
        return self.answer(request, ageing)


class BehaviourView(ReceivablesView):
    serializer_class = BehaviourSerializer

    @extend_schema(
        operation_id="receivables_payment_behaviour", parameters=[AsOfSerializer], responses=BehaviourSerializer
    )
    def get(self, request: Request) -> Response:
        """How settled invoices were paid, and the days sales outstanding."""
        return self.answer(request, payment_behaviour)
