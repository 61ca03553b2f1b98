"""The layers of the archive as people read and fill them: which record, which fields, under which headings."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.models import CreditProfile, Customer, ExpectedValueInputs, OperatingProfile


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together."""

    title: str | Promise
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `code` is its name in addresses, `record` the customer's attribute, which is its name over REST."""

    code: str
    record: str
    title: str | Promise
    model: type[models.Model]
    groups: tuple[Group, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for group in self.groups for name in group.fields)

    def of(self, customer: Customer) -> models.Model | None:
        """The customer's record of this layer; None when nothing has been entered yet."""
        return customer if self.model is Customer else getattr(customer, self.record, None)


BASIC = Layer(
    "basic",
    "",
    _("Basic"),
    Customer,
    (
        Group(
            _("Who they are"), ("name", "short_name", "status", "category", "size", "ownership", "industry", "currency")
        ),
        Group(
            _("Where and how to reach them"),
            (
                "region",
                "address",
                "office_address",
                "delivery_address",
                "postcode",
                "phone",
                "fax",
                "email",
                "website",
                "person_in_charge",
            ),
        ),
        Group(
            _("Licence and registration"),
            (
                "registration_number",
                "tax_number",
                "enterprise_type",
                "business_scope",
                "legal_representative",
                "chairman",
                "general_manager",
                "operation_from",
                "operation_until",
                "license_valid_until",
                "issuing_authority",
            ),
        ),
        Group(_("Bank"), ("bank_name", "bank_account")),
        Group(_("With us"), ("owner", "unit", "related_since", "parent", "distributor")),
    ),
)
CREDIT = Layer(
    "credit",
    "credit_profile",
    _("Credit"),
    CreditProfile,
    (
        Group(_("What stands behind them"), ("registered_capital", "paid_in_capital", "opened_on", "business_history")),
        Group(_("Terms"), ("credit_period_days", "settlement_day", "payment_terms", "payment_method")),
    ),
)
OPERATING = Layer(
    "operating",
    "operating_profile",
    _("Operating"),
    OperatingProfile,
    (
        Group(
            _("People and places"),
            ("sales_staff", "operating_staff", "trading_area", "floor_area_m2", "warehouse_area_m2"),
        ),
        Group(_("Goods"), ("transport", "delivery_address", "competing_products")),
    ),
)
EXPECTED = Layer(
    "expected_value",
    "expected_value",
    _("Expected value"),
    ExpectedValueInputs,
    (
        Group(
            _("What we expect of them, per year"),
            ("market_potential", "expected_share", "expected_increase", "probability"),
        ),
    ),
)
LAYERS = {layer.code: layer for layer in (BASIC, CREDIT, OPERATING, EXPECTED)}
# Facts that change without anybody telling us: what a visitor is asked to confirm, in this order.
WATCHED = (
    (
        "operating",
        ("warehouse_area_m2", "sales_staff", "competing_products", "operating_staff", "floor_area_m2"),
    ),
    ("operating", ("trading_area", "transport", "delivery_address")),
    ("basic", ("person_in_charge", "phone", "office_address", "delivery_address", "legal_representative", "address")),
    ("credit", ("registered_capital", "paid_in_capital", "payment_terms", "payment_method")),
)
