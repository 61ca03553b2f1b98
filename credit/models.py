"""DECISIONS: accounts, limits and who granted them, order checks and what they reserve."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from archives.models import Customer, OfCustomerQuerySet
from crm.core.models import CurrencyField, MoneyField, TextChoice, Unit
from crm.core.roles import Role


class LimitMode(models.TextChoices):
    """What kind of limit it is: only the first has a sum, and 0 is a sum like any other."""

    AMOUNT = "amount", _("amount")
    UNLIMITED = "unlimited", _("unlimited")
    CASH_ONLY = "cash_only", _("cash only")
    NOT_ASSESSED = "not_assessed", _("not assessed")


class CreditAccount(models.Model):
    """The row locked before any sum of a customer's credit is read: root of the group first, then ascending id."""

    customer = models.OneToOneField(Customer, models.PROTECT, primary_key=True, related_name="credit_account")

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit account")

    def __str__(self) -> str:
        return str(self.pk)


class LimitApplication(models.Model):
    """Somebody asks for a limit: draft → submitted → one approval per level → approved; or rejected, returned…"""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")

        @property
        def tone(self) -> str:
            return {"submitted": "blue", "approved": "green", "rejected": "red", "returned": "orange"}.get(
                self, "secondary"
            )

    OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="limit_applications")
    amount = MoneyField(_("amount asked for"))
    currency = CurrencyField(_("currency"))
    amount_base = MoneyField(_("amount in the base currency"), help_text=_("lowered on the way, never raised"))
    months = models.PositiveSmallIntegerField(_("months"), default=12)
    credit_period_days = models.PositiveSmallIntegerField(_("credit period, days"), null=True)
    reason = models.TextField(_("reason"))
    state = TextChoice(_("state"), choices=State.choices, default=State.DRAFT)
    applicant = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="limit_applications")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    submitted_on = models.DateField(_("submitted on"), null=True)
    decide_by = models.DateField(_("due for decision"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("limit application")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=["draft", "submitted", "returned"]),
                name="one_open_application",
                violation_error_message=_("An application for this customer is open already."),
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, amount_base__gt=0), name="application_amount_positive"),
            models.CheckConstraint(condition=Q(months__range=(1, 36)), name="application_months"),
        ]
        indexes = [models.Index(fields=["state", "decide_by", "id"], name="application_by_state")]
        triggers = [pgtrigger.ReadOnly(name="asker_never_changes", fields=["customer", "applicant"])]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def state_choice(self) -> State:
        return self.State(self.state)


# Whoever writes past the commands meets the same rule: `applicant_id_kept` is the applicant, and nobody approves twice
# in one round.
FOUR_EYES = """
SELECT applicant_id INTO asked_by FROM credit_limitapplication WHERE id = NEW.application_id;
IF NEW.applicant_id_kept <> asked_by OR NEW.by_id = asked_by THEN
    RAISE EXCEPTION 'Nobody approves what they asked for.' USING ERRCODE = 'check_violation';
END IF;
SELECT coalesce(max(id), 0) INTO returned FROM credit_approval
 WHERE application_id = NEW.application_id AND decision = 'returned';
IF NEW.decision = 'approved' AND EXISTS (
    SELECT FROM credit_approval
     WHERE application_id = NEW.application_id AND decision = 'approved' AND by_id = NEW.by_id AND id > returned
) THEN
    RAISE EXCEPTION 'Nobody approves twice.' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class Approval(models.Model):
    """One person's decision on an application at one level, with what was seen at the time. Never changed."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        RETURNED = "returned", _("returned")

    application = models.ForeignKey(LimitApplication, models.PROTECT, related_name="approvals")
    applicant_id_kept = models.BigIntegerField(
        help_text=_("the applicant, so that the database can refuse own approvals")
    )
    level = TextChoice(_("level"), choices=Role.choices)
    decision = TextChoice(_("decision"), choices=Decision.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    amount_base = MoneyField(_("amount, base currency"))
    comment = models.TextField(_("comment"), blank=True)
    seen = models.JSONField(_("seen at the time"), default=dict)
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("approval")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(by=F("applicant_id_kept")),
                name="nobody_approves_own_application",
                violation_error_message=_("Nobody approves what they asked for."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="four_eyes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("asked_by", "bigint"), ("returned", "bigint")],
                func=FOUR_EYES,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.decision}"


class CreditLimit(models.Model):
    """A limit of a customer – or of one selling unit with it – for a period. Amounts in the base currency.

    Never deleted: one that a later decision has taken the place of on its first day, or before it, is superseded.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="limits")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    mode = TextChoice(_("mode"), choices=LimitMode.choices, default=LimitMode.AMOUNT)
    amount = MoneyField(_("amount"), null=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    credit_period_days = models.PositiveSmallIntegerField(_("credit period, days"), null=True)
    application = models.OneToOneField(LimitApplication, models.PROTECT, null=True, related_name="limit")
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(_("superseded"), null=True, help_text=_("grants nothing any more"))

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit limit")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(mode="amount", amount__isnull=False, amount__gte=0) | ~Q(mode="amount") & Q(amount=None),
                name="limit_amount_only_with_mode_amount",
            ),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="limit_ends_after_start"),
            # Ranges of ids stand in for equality: an exclusion over them needs no extension of PostgreSQL.
            ExclusionConstraint(
                name="limits_never_overlap",
                condition=Q(superseded_at=None),
                expressions=[
                    (Func(F("customer"), F("customer"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (
                        Func(Coalesce("unit", Value(0)), Coalesce("unit", Value(0)), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "valid_from",
                            "valid_until",
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Another limit holds in this period."),
            ),
        ]
        indexes = [models.Index(fields=["customer", "valid_until"], name="limit_by_customer")]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.valid_from}–{self.valid_until}"


# A release turns the answer round; that somebody decided stays.
STOPPED = Q(decision="held") | Q(decided_by__isnull=False)


class OrderCheck(models.Model):
    """The answer to "may this order go out?", one row per order reference, and what a person said to a held one."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        HELD = "held", _("held")

        @property
        def tone(self) -> str:
            return "green" if self == "approved" else "red"

    class State(models.TextChoices):
        """What has become of it since. Held checks are OPEN until somebody decides."""

        OPEN = "open", _("open")
        RELEASED = "released", _("released")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")
        FULFILLED = "fulfilled", _("fulfilled")

    order = models.CharField(_("order"), max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="order_checks")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    amount = MoneyField(_("amount"))
    currency = CurrencyField(_("currency"))
    amount_base = MoneyField(_("amount in the base currency"))
    decision = TextChoice(_("decision"), choices=Decision.choices)
    state = TextChoice(_("state"), choices=State.choices, default=State.OPEN)
    reasons = models.JSONField(default=list)
    ways_out = models.JSONField(default=list)
    binding = models.CharField(max_length=16, blank=True)
    available_before = MoneyField(null=True)
    available_after = MoneyField(null=True)
    released_up_to = MoneyField(null=True, help_text=_("a release lets the order grow to this, base currency"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decision_reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("checked"))

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("order check")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_check_amount_positive"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="nobody_decides_own_order",
                violation_error_message=_("Nobody releases an order that they asked for."),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="order_check_by_customer"),
            models.Index(fields=["id"], condition=Q(decision="held", state="open"), name="order_check_held"),
            models.Index(fields=["id"], condition=STOPPED, name="order_check_stopped"),
        ]

    def __str__(self) -> str:
        return self.order

    @property
    def decision_choice(self) -> Decision:
        return self.Decision(self.decision)


class Reservation(models.Model):
    """What an approved or released order takes of the limit until it stands in the ledger. Base currency.

    It counts while active, not past its day, and while no synced order or invoice carries its order number.
    """

    check_row = models.OneToOneField(OrderCheck, models.CASCADE, primary_key=True, related_name="reservation")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="reservations")
    order = models.CharField(max_length=64)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    amount_base = MoneyField()
    until = models.DateField()
    active = models.BooleanField(default=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        constraints = [models.CheckConstraint(condition=Q(amount_base__gt=0), name="reservation_positive")]
        indexes = [
            models.Index(
                fields=["customer", "until"],
                include=["amount_base"],
                condition=Q(active=True),
                name="reservation_active",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.amount_base}"
