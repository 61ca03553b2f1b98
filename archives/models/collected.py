"""What is collected around a customer: people, visits, papers, reports, statements, confirmations, and open flags."""

import uuid

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archives.choices import DecisionRole, DocumentKind, FlagReason, ReportKind, VisitKind
from archives.rules.flags import sentence
from crm.core.models import CurrencyField, MoneyField, TextChoice

from .customer import Customer, OfCustomerQuerySet
from .findable import Findable, tokens_index

# What a visit note says: kept in the history when it is taken back.
WRITTEN = [
    "id", "customer", "client_id", "happened_at", "kind", "by", "people", "colleagues", "content", "minutes",
    "checklist", "next_step", "next_step_due", "created_at",
]  # fmt: skip


class OfCustomer(models.Model):
    """A record that belongs to a customer and is seen by whoever sees the customer."""

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        abstract = True


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["search_text", "search_grams"],
    model_name="ContactEvent",
)
class Contact(Findable, OfCustomer):
    """A person at the customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=80)
    title = models.CharField(_("title"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    decision_role = TextChoice(_("part in decisions"), choices=DecisionRole.choices, blank=True)
    reports_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("reports to")
    )
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("contact")
        ordering = ["name"]
        indexes = [tokens_index("contact_grams")]

    def __str__(self) -> str:
        return self.name

    def search_words(self) -> dict[str, list[str]]:
        return {"names": [self.name], "texts": [self.title, self.email], "phones": [self.phone]}


@pghistory.track(
    pghistory.DeleteEvent(),
    fields=WRITTEN,
    obj_field=pghistory.ObjForeignKey(related_name="history"),
    model_name="VisitEvent",
)
class Visit(Findable, OfCustomer):
    """A visit note: when, how, who, what was learnt, what comes next. `client_id` makes sending twice harmless."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="visits")
    client_id = models.UUIDField(unique=True, default=uuid.uuid4)
    happened_at = models.DateTimeField(_("when"))
    kind = TextChoice(_("kind"), choices=VisitKind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="visits", verbose_name=_("written by")
    )
    people = models.JSONField(_("people met"), default=list)
    colleagues = models.JSONField(_("our people"), default=list)
    content = models.TextField(_("what was learnt"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes spent"), null=True, blank=True, validators=[MaxValueValidator(1440)]
    )
    checklist = models.JSONField(_("checklist"), default=dict)
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    next_step_due = models.DateField(_("due on"), null=True, blank=True)
    next_step_done_on = models.DateField(_("done on"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("visit")
        ordering = ["-happened_at", "-id"]
        indexes = [
            models.Index(fields=["customer", "-happened_at"], name="visit_by_customer"),
            models.Index(
                fields=["next_step_due", "id"],
                condition=Q(next_step_done_on=None, next_step_due__isnull=False),
                name="visit_open_step",
            ),
            models.Index(fields=["-happened_at", "-id"], name="visit_by_time"),
            tokens_index("visit_grams"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_at:%Y-%m-%d}"

    def search_words(self) -> dict[str, list[str]]:
        return {"names": [str(person) for person in self.people], "texts": [self.content, self.next_step]}


class VisitDraft(models.Model):
    """What somebody has typed of a visit note and not yet sent; survives a reload and another device."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    fields = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "customer"], name="one_draft_per_person_and_customer")]

    def __str__(self) -> str:
        return f"{self.by_id} {self.customer_id}"


class Document(Findable, OfCustomer):
    """A paper or picture in the archive. Files lie outside the web root under random names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="documents")
    visit = models.ForeignKey(Visit, models.SET_NULL, null=True, blank=True, related_name="files")
    kind = TextChoice(_("kind"), choices=DocumentKind.choices, default=DocumentKind.OTHER)
    title = models.CharField(_("title"), max_length=200)
    number = models.CharField(_("number"), max_length=64, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to="documents/%Y/%m/")
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("document")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="document_by_time"), tokens_index("document_grams")]

    def __str__(self) -> str:
        return self.title

    def search_words(self) -> dict[str, list[str]]:
        return {"texts": [self.title], "numbers": [self.number]}


class CreditReport(OfCustomer):
    """A credit report or reference: a picture of one moment, valid three months to one year."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="credit_reports")
    kind = TextChoice(_("kind"), choices=ReportKind.choices)
    source = models.CharField(_("source"), max_length=120)
    issued_on = models.DateField(_("issued on"))
    validity_months = models.PositiveSmallIntegerField(
        _("validity, months"), validators=[MinValueValidator(3), MaxValueValidator(12)]
    )
    valid_until = models.DateField(_("valid until"), editable=False)
    grade = models.CharField(_("grade"), max_length=16, blank=True)
    opinion = models.TextField(_("opinion"), blank=True)
    price = MoneyField(_("price paid"), null=True, blank=True)
    currency = CurrencyField(_("currency"), blank=True)
    document = models.ForeignKey(Document, models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("credit report")
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(validity_months__range=(3, 12)), name="report_valid_3_to_12_months"),
            models.CheckConstraint(condition=Q(valid_until__gt=models.F("issued_on")), name="report_valid_after_issue"),
        ]
        indexes = [models.Index(fields=["customer", "-valid_until"], name="report_by_customer")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.issued_on}"


@pghistory.track(
    pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), model_name="FinancialStatementEvent"
)
class FinancialStatement(OfCustomer):
    """The figures of one period's statement that the ratios need, in the customer's currency."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="statements")
    period_end = models.DateField(_("period end"))
    currency = CurrencyField(_("currency"))
    current_assets = MoneyField(_("current assets"))
    inventory = MoneyField(_("inventory"))
    current_liabilities = MoneyField(_("current liabilities"))
    total_liabilities = MoneyField(_("total liabilities"))
    net_assets = MoneyField(_("net assets"))
    total_assets = MoneyField(_("total assets"))
    revenue = MoneyField(_("revenue"), null=True, blank=True)
    gross_profit = MoneyField(_("gross profit"), null=True, blank=True)
    net_profit = MoneyField(_("net profit"), null=True, blank=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("financial statement")
        ordering = ["-period_end"]
        constraints = [models.UniqueConstraint(fields=["customer", "period_end"], name="one_statement_per_period")]

    def __str__(self) -> str:
        return f"{self.period_end}"


class Confirmation(OfCustomer):
    """That a fact still held on a day, said by somebody; `verified` when it was checked against the document.

    `values` is what stood there when it was verified, by field: another value since then is not verified.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="confirmations")
    layer = models.CharField(max_length=24)
    field = models.CharField(max_length=40, blank=True, help_text=_("empty: the whole layer"))
    on = models.DateField(_("confirmed on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verified = models.BooleanField(_("verified against the document"), default=False)
    values = models.JSONField(_("what was verified"), default=dict)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("confirmation")
        ordering = ["-on", "-id"]
        indexes = [models.Index(fields=["customer", "layer", "field", "-on"], name="confirmation_by_fact")]

    def __str__(self) -> str:
        return f"{self.layer}.{self.field} {self.on}"


class Flag(OfCustomer):
    """Something about a customer that somebody must look at; one open per customer and reason."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="flags")
    reason = TextChoice(_("reason"), choices=FlagReason.choices)
    subject = models.CharField(_("subject"), max_length=64, blank=True)
    data = models.JSONField(default=dict, help_text=_("what the sentence needs: dates, old and new values"))
    raised_on = models.DateField(_("raised on"))
    closed_on = models.DateField(_("closed on"), null=True)

    class Meta(OfCustomer.Meta):
        abstract = False
        verbose_name = _("flag")
        ordering = ["-raised_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "reason"], condition=Q(closed_on=None), name="flag_open_once")
        ]
        indexes = [models.Index(fields=["reason", "id"], condition=Q(closed_on=None), name="flag_open_by_reason")]

    def __str__(self) -> str:
        return f"{self.reason} {self.customer_id}"

    @property
    def reason_choice(self) -> FlagReason:
        return FlagReason(self.reason)

    @property
    def sentence(self) -> str:
        """What is the matter, in the reader's language."""
        return sentence(self.reason, self.data)
