"""What customers and the trade record look like outside: for the OpenAPI document only.

What comes in is read by `archives.parsing`, what goes out is written by `archives.queries.records`.
"""

from rest_framework import serializers

from archives.choices import CustomerStatus, Grade, OrderStatus, ReportStatus, Segment
from archives.commands.bulk import Mode
from archives.models import CreditProfile, Customer, ExpectedValueInputs, OperatingProfile
from archives.models.customer import NUMBER_SHAPE
from archives.parsing import BASIC, LAYER_FIELDS
from crm.core.api.formats import Instant, Money, Month
from crm.core.api.schema import FieldErrorSerializer, ProblemSerializer

MAX_ITEMS = 10_000


class CreditProfileSerializer(serializers.ModelSerializer):
    registered_capital = Money(required=False, allow_null=True)
    paid_in_capital = Money(required=False, allow_null=True)

    class Meta:
        model = CreditProfile
        fields = LAYER_FIELDS["credit_profile"]


class OperatingProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = OperatingProfile
        fields = LAYER_FIELDS["operating_profile"]


class ExpectedValueSerializer(serializers.ModelSerializer):
    market_potential = Money(required=False, allow_null=True)
    expected_increase = Money(required=False, allow_null=True, minimum=None)

    class Meta:
        model = ExpectedValueInputs
        fields = LAYER_FIELDS["expected_value"]


class CustomerSerializer(serializers.ModelSerializer):
    """A customer with its layers. References are natural keys: codes of region and unit, a username, numbers."""

    number = serializers.RegexField(NUMBER_SHAPE.regex, max_length=32, required=False)
    name = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=CustomerStatus.choices, required=False)
    currency = serializers.RegexField("^[A-Z]{3}$", required=False, help_text="ISO 4217")
    region = serializers.CharField(required=False, allow_null=True)
    owner = serializers.CharField(required=False, allow_null=True)
    unit = serializers.CharField(required=False, allow_null=True)
    parent = serializers.CharField(required=False, allow_null=True)
    distributor = serializers.CharField(required=False, allow_null=True)
    credit_profile = CreditProfileSerializer(required=False, allow_null=True)
    operating_profile = OperatingProfileSerializer(required=False, allow_null=True)
    expected_value = ExpectedValueSerializer(required=False, allow_null=True)
    source_version = serializers.IntegerField(required=False, write_only=True)
    segment = serializers.ChoiceField(choices=Segment.choices, read_only=True, allow_null=True)
    core = serializers.BooleanField(read_only=True)
    grade = serializers.ChoiceField(choices=Grade.choices, read_only=True, allow_null=True)
    report_status = serializers.ChoiceField(choices=ReportStatus.choices, read_only=True)
    limit = Money(read_only=True, allow_null=True)
    exposure = Money(read_only=True)
    available = Money(read_only=True, allow_null=True)
    updated_at = Instant(read_only=True)

    class Meta:
        model = Customer
        fields = [
            "number", *BASIC, *LAYER_FIELDS, "source_version",
            "segment", "core", "grade", "report_status", "limit", "exposure", "available", "updated_at",
        ]  # fmt: skip


class WrittenCustomerSerializer(CustomerSerializer):
    """The customer as it is now; `warnings` only where values were not taken, because somebody else keeps the field."""

    warnings = FieldErrorSerializer(many=True, required=False)

    class Meta(CustomerSerializer.Meta):
        fields = [*CustomerSerializer.Meta.fields, "warnings"]


class ItemSerializer(serializers.Serializer):
    """What every item of the trade record may carry."""

    customer = serializers.CharField(help_text="the customer's number")
    currency = serializers.RegexField("^[A-Z]{3}$", required=False, help_text="ISO 4217; the customer's by default")
    source_version = serializers.IntegerField(required=False)


class SalesSerializer(ItemSerializer):
    month = Month()
    product_line = serializers.CharField(required=False, allow_blank=True, max_length=64)
    unit = serializers.CharField(required=False, allow_null=True)
    amount = Money(minimum=None)
    cost = Money(required=False, allow_null=True, minimum=None)
    quantity = serializers.DecimalField(max_digits=18, decimal_places=3, required=False, allow_null=True)
    target = Money(required=False, allow_null=True)


class OrderSerializer(ItemSerializer):
    number = serializers.CharField(max_length=64)
    ordered_on = serializers.DateField()
    unit = serializers.CharField(required=False, allow_null=True)
    amount = Money()
    open_amount = Money(required=False, help_text="not delivered; the amount by default, 0 unless open")
    delivered_uninvoiced = Money(required=False)
    status = serializers.ChoiceField(choices=OrderStatus.choices, required=False)


class InvoiceSerializer(ItemSerializer):
    number = serializers.CharField(max_length=64)
    order = serializers.CharField(max_length=64, required=False, allow_blank=True)
    invoiced_on = serializers.DateField()
    due_on = serializers.DateField()
    unit = serializers.CharField(required=False, allow_null=True)
    amount = Money()
    open_amount = Money(required=False, allow_null=True, help_text="by default the amount less payments")
    disputed = serializers.BooleanField(required=False)


class PaymentSerializer(ItemSerializer):
    number = serializers.CharField(max_length=64)
    paid_on = serializers.DateField()
    amount = Money()
    invoice = serializers.CharField(required=False, allow_null=True, help_text="null: not applied to an invoice yet")


class BulkSerializer(serializers.Serializer):
    """How a call is to be taken."""

    mode = serializers.ChoiceField(choices=[(mode.value, mode.value) for mode in Mode], default=Mode.PARTIAL.value)
    dry_run = serializers.BooleanField(default=False)


class CustomersBulkSerializer(BulkSerializer):
    items = CustomerSerializer(many=True, max_length=MAX_ITEMS)


class SalesBulkSerializer(BulkSerializer):
    items = SalesSerializer(many=True, max_length=MAX_ITEMS)


class OrdersBulkSerializer(BulkSerializer):
    items = OrderSerializer(many=True, max_length=MAX_ITEMS)


class InvoicesBulkSerializer(BulkSerializer):
    items = InvoiceSerializer(many=True, max_length=MAX_ITEMS)


class PaymentsBulkSerializer(BulkSerializer):
    items = PaymentSerializer(many=True, max_length=MAX_ITEMS)


class FailedItemSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    key = serializers.CharField()
    errors = FieldErrorSerializer(many=True)


class WarningSerializer(FieldErrorSerializer):
    index = serializers.IntegerField()
    key = serializers.CharField()


class BulkResultSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    errors = FailedItemSerializer(many=True)
    warnings = WarningSerializer(
        many=True, required=False, help_text="values that were not taken, because somebody else keeps the field"
    )


class BulkJobSerializer(serializers.Serializer):
    """The job that takes the lines; `GET /jobs/{id}/` tells how far it is and what came of them."""

    job = serializers.UUIDField()


class AtomicRefusalSerializer(ProblemSerializer):
    """A problem; with `code` `atomic_failed` it carries the result too, and nothing was written."""

    created = serializers.IntegerField(required=False)
    updated = serializers.IntegerField(required=False)
    unchanged = serializers.IntegerField(required=False)
    failed = serializers.IntegerField(required=False)
    errors = FailedItemSerializer(many=True, required=False)
