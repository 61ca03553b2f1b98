"""The customer and its layers: basic, credit, operating, the inputs of expected value, and the standing above them."""

from functools import cache

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from archives.choices import Category, CustomerStatus, Grade, Ownership, Probability, ReportStatus, Segment, Size
from crm.core.access import visible_customers
from crm.core.models import CurrencyField, MoneyField, Region, TextChoice, Unit, User

NUMBER_SHAPE = RegexValidator(
    r"^[A-Za-z0-9._-]{1,32}\Z",
    _("A customer number has 1 to 32 letters, digits, hyphens, dots or underscores."),
)
SEARCH_COLUMNS = ["former_names", "search_name", "search_grams", "search_pinyin", "search_initials"]


class CustomerQuerySet(models.QuerySet):
    """Where every question about customers begins."""

    def visible_to(self, user: User) -> "CustomerQuerySet":
        """The customers that `user` may see; everything else in the product filters through this."""
        return self.filter(visible_customers(user))


class OfCustomerQuerySet(models.QuerySet):
    """Records that belong to a customer are seen by whoever sees the customer."""

    def visible_to(self, user: User) -> "OfCustomerQuerySet":
        return self.filter(visible_customers(user, prefix="customer__"))


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=[*SEARCH_COLUMNS, "updated_at", "source_version", "owner_since"],
    model_name="CustomerEvent",
)
class Customer(models.Model):
    """One customer of the company: a legal entity that buys, or may buy, on credit. The basic layer."""

    number = models.CharField(_("customer number"), max_length=32, unique=True, validators=[NUMBER_SHAPE])
    name = models.CharField(_("registered name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=80, blank=True)
    status = TextChoice(_("status"), choices=CustomerStatus.choices, default=CustomerStatus.ACTIVE)
    currency = CurrencyField(_("currency"))
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("region"))
    size = TextChoice(_("size"), choices=Size.choices, blank=True)
    ownership = TextChoice(_("ownership"), choices=Ownership.choices, blank=True)
    category = TextChoice(_("category"), choices=Category.choices, blank=True)
    industry = models.CharField(_("industry"), max_length=64, blank=True)
    # Where and how to reach them.
    address = models.CharField(_("registered address"), max_length=300, blank=True)
    office_address = models.CharField(_("actual office"), max_length=300, blank=True)
    delivery_address = models.CharField(_("delivery address"), max_length=300, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    fax = models.CharField(_("fax"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True)
    person_in_charge = models.CharField(_("person in charge"), max_length=80, blank=True)
    # Bank and registration.
    bank_name = models.CharField(_("bank"), max_length=120, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=64, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    registration_number = models.CharField(_("business registration number"), max_length=40, blank=True)
    enterprise_type = models.CharField(_("enterprise type"), max_length=80, blank=True)
    business_scope = models.TextField(_("business scope"), blank=True)
    legal_representative = models.CharField(_("legal representative"), max_length=80, blank=True)
    chairman = models.CharField(_("chairman"), max_length=80, blank=True)
    general_manager = models.CharField(_("general manager"), max_length=80, blank=True)
    operation_from = models.DateField(_("term of operation from"), null=True, blank=True)
    operation_until = models.DateField(_("term of operation until"), null=True, blank=True)
    license_valid_until = models.DateField(_("licence valid until"), null=True, blank=True)
    issuing_authority = models.CharField(_("issuing authority"), max_length=120, blank=True)
    # Whose customer, and how it hangs together with others.
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="customers", verbose_name=_("owner")
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("selling unit"))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subsidiaries", verbose_name=_("group parent")
    )
    distributor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="indirect_customers", verbose_name=_("distributor")
    )
    related_since = models.DateField(_("customer since"), null=True, blank=True)
    # Kept by the program; the day of the owner by a trigger, whoever writes.
    owner_since = models.DateTimeField(_("handed over"), null=True, editable=False)
    source_version = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    former_names = models.TextField(_("former names"), editable=False, default="", db_default="")  # one a line
    search_name = models.TextField(editable=False, default="")
    search_grams = models.TextField(editable=False, default="")
    search_pinyin = models.TextField(editable=False, default="", db_default="")
    search_initials = models.TextField(editable=False, default="")

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^[A-Za-z0-9._-]{1,32}$"),
                name="customer_number_shape",
                violation_error_message=NUMBER_SHAPE.message,
            ),
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_name"),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")),
                name="customer_not_own_parent",
                violation_error_message=_("A customer cannot be its own group parent."),
            ),
            models.CheckConstraint(
                condition=Q(distributor=None) | ~Q(distributor=F("pk")),
                name="customer_not_own_distributor",
                violation_error_message=_("A customer cannot be its own distributor."),
            ),
        ]
        indexes = [
            # Without fastupdate a search never waits for the pending list of a large sync.
            GinIndex(
                Func(F("search_grams"), Value(" "), function="string_to_array"), name="customer_grams", fastupdate=False
            ),
            models.Index(fields=["name", "id"], name="customer_by_name"),
            models.Index(fields=["search_initials"], name="customer_by_initials", opclasses=["text_pattern_ops"]),
            models.Index(fields=["search_pinyin"], name="customer_by_pinyin", opclasses=["text_pattern_ops"]),
            models.Index(fields=["tax_number"], name="customer_by_tax_number"),
            models.Index(fields=["phone"], name="customer_by_phone"),
            models.Index(fields=["updated_at", "id"], name="customer_by_update"),
            # Nearly all are active: the few others are found without walking those.
            models.Index(fields=["status", "number"], condition=~Q(status="active"), name="customer_not_active"),
            models.Index(fields=["owner_since"], condition=Q(owner_since__isnull=False), name="customer_handed_over"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="owner_since",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("owner_id"),
                condition=pgtrigger.Q(old__owner__df=pgtrigger.F("new__owner")),
                func="NEW.owner_since = now(); RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    def get_absolute_url(self) -> str:
        return f"{_pages()}{self.number}/"

    @property
    def status_choice(self) -> CustomerStatus:
        return CustomerStatus(self.status)


@cache
def _pages() -> str:
    """What the addresses of all customers begin with: a list asks for hundreds."""
    return reverse("customers")


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), model_name="CreditProfileEvent"
)
class CreditProfile(models.Model):
    """The credit layer: what stands behind the customer and on what terms it buys. Sums in the customer's currency."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="credit_profile")
    registered_capital = MoneyField(_("registered capital"), null=True, blank=True)
    paid_in_capital = MoneyField(_("paid-in capital"), null=True, blank=True)
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    business_history = models.TextField(_("business history"), blank=True)
    credit_period_days = models.PositiveSmallIntegerField(_("credit period, days"), null=True, blank=True)
    settlement_day = models.PositiveSmallIntegerField(
        _("settlement day of the month"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
    )
    payment_terms = models.CharField(_("payment terms"), max_length=80, blank=True)
    payment_method = models.CharField(_("payment method"), max_length=40, blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit layer")
        constraints = [
            models.CheckConstraint(condition=Q(registered_capital__gte=0), name="registered_capital_not_negative"),
            models.CheckConstraint(condition=Q(paid_in_capital__gte=0), name="paid_in_capital_not_negative"),
            models.CheckConstraint(condition=Q(settlement_day__range=(1, 31)), name="settlement_day_in_month"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), model_name="OperatingProfileEvent"
)
class OperatingProfile(models.Model):
    """The operating layer: the customer's own business, as seen from outside. Areas in square metres."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="operating_profile")
    sales_staff = models.PositiveIntegerField(_("sales staff"), null=True, blank=True)
    operating_staff = models.PositiveIntegerField(_("operating staff"), null=True, blank=True)
    trading_area = models.CharField(_("trading area"), max_length=200, blank=True)
    floor_area_m2 = models.DecimalField(_("floor area, m²"), max_digits=12, decimal_places=2, null=True, blank=True)
    warehouse_area_m2 = models.DecimalField(
        _("warehouse area, m²"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    transport = models.CharField(_("mode of transport"), max_length=120, blank=True)
    delivery_address = models.TextField(_("delivery addresses"), blank=True)
    competing_products = models.TextField(_("competing products sold"), blank=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("operating layer")
        constraints = [
            models.CheckConstraint(condition=Q(floor_area_m2__gte=0), name="floor_area_not_negative"),
            models.CheckConstraint(condition=Q(warehouse_area_m2__gte=0), name="warehouse_area_not_negative"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), model_name="ExpectedValueInputsEvent"
)
class ExpectedValueInputs(models.Model):
    """What somebody expects of the customer, per year and in its currency: MP, ES, AV and P of the formula."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="expected_value")
    market_potential = MoneyField(_("market potential"), null=True, blank=True)
    expected_share = models.DecimalField(
        _("expected share"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    expected_increase = MoneyField(_("expected additional volume"), null=True, blank=True)
    probability = TextChoice(_("probability"), choices=Probability.choices, default=Probability.MEDIUM)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("inputs of expected value")
        constraints = [
            models.CheckConstraint(condition=Q(expected_share__range=(0, 1)), name="expected_share_is_share"),
            models.CheckConstraint(condition=Q(market_potential__gte=0), name="market_potential_not_negative"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


def both_ways(name: str) -> list[models.Index]:
    """The indexes that a sorted list of customers reads, up and down: what is not known comes last in both."""
    return [
        models.Index(fields=[name, "customer"], name=f"standing_by_{name}_up"),
        models.Index(F(name).desc(nulls_last=True), F("customer").desc(), name=f"standing_by_{name}_down"),
    ]


class Standing(models.Model):
    """What the company concluded and decided about a customer: one row beside it, so a list needs one join.

    Written by the commands of scoring and credit in their own transactions, the last visits by those of visits;
    `refresh_due` asks credit to work out the sums again after a sync. Sums in the base currency: exposure and
    available with the group below, overdue of its own.
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="standing")
    segment = TextChoice(_("class"), choices=Segment.choices, null=True)
    core = models.BooleanField(_("core"), default=False)
    grade = TextChoice(_("grade"), choices=Grade.choices, null=True)
    grade_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    report_status = TextChoice(_("credit report"), choices=ReportStatus.choices, default=ReportStatus.NOT_NEEDED)
    report_valid_until = models.DateField(null=True)
    limit_mode = TextChoice(_("limit mode"), null=True)
    limit = MoneyField(_("limit"), null=True)
    limit_valid_until = models.DateField(null=True)
    exposure = MoneyField(_("exposure"), default=0)
    available = MoneyField(_("available"), null=True)
    overdue = MoneyField(_("overdue"), default=0)
    oldest_overdue_days = models.PositiveIntegerField(default=0)
    refresh_due = models.BooleanField(default=False)
    last_met_on = models.DateField(_("last visit"), null=True)
    manager_met_on = models.DateField(_("last visit of a manager"), null=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing")
        indexes = [
            *(index for name in ("segment", "grade", "limit", "available") for index in both_ways(name)),
            models.Index(fields=["report_status", "customer"], name="standing_by_report_status"),
            models.Index(fields=["exposure", "customer"], name="standing_by_exposure"),
            models.Index(fields=["overdue", "customer"], name="standing_by_overdue"),
            models.Index(fields=["customer"], condition=Q(refresh_due=True), name="standing_refresh_due"),
            models.Index(fields=["segment", "last_met_on"], name="standing_by_visit"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def segment_choice(self) -> Segment | None:
        return Segment(self.segment) if self.segment else None

    @property
    def grade_choice(self) -> Grade | None:
        return Grade(self.grade) if self.grade else None

    @property
    def report_choice(self) -> ReportStatus:
        return ReportStatus(self.report_status)

    @property
    def limit_words(self) -> str:
        """What stands in place of a sum; empty when there is a sum, or no limit at all."""
        return {"unlimited": _("unlimited"), "cash_only": _("cash only")}.get(self.limit_mode or "", "")
