"""The company's numbers: one record, changed by people, read by rules; and the rates of foreign currencies."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import CurrencyField, MoneyField

MONTHS = [MinValueValidator(3), MaxValueValidator(12)]


class Policy(models.Model):
    """Every number of the rules that a company may want to change. There is one row; defaults are the rule book's."""

    # Freshness of credit reports, in months of validity and days before the end.
    report_months_core = models.PositiveSmallIntegerField(
        _("report validity, core or A, months"), default=3, validators=MONTHS
    )
    report_months_b = models.PositiveSmallIntegerField(_("report validity, B, months"), default=6, validators=MONTHS)
    report_months_other = models.PositiveSmallIntegerField(
        _("report validity, others, months"), default=12, validators=MONTHS
    )
    report_months_risky = models.PositiveSmallIntegerField(
        _("report validity, grade CA4 or worse, months"), default=3, validators=MONTHS
    )
    report_expiring_days = models.PositiveSmallIntegerField(
        _("a report is expiring this many days before its end"), default=30
    )
    # Limits and their review.
    limit_review_days = models.PositiveSmallIntegerField(
        _("a limit is due for review this many days before its end"), default=60
    )
    authority_officer = MoneyField(_("authority of a credit officer, base currency"), default=Decimal("200000.00"))
    authority_manager = MoneyField(_("authority of a credit manager, base currency"), default=Decimal("2000000.00"))
    decide_within_days = models.PositiveSmallIntegerField(_("an application is due for decision after days"), default=5)
    # Order checks.
    overdue_block_days = models.PositiveSmallIntegerField(
        _("an invoice more than this many days overdue holds orders"), default=30
    )
    reservation_days = models.PositiveSmallIntegerField(_("a reservation lasts days"), default=30)
    release_tolerance = models.DecimalField(
        _("a released order may grow by percent"), max_digits=5, decimal_places=2, default=Decimal("10.00")
    )
    check_report = models.BooleanField(_("a stale report holds orders"), default=True)
    # Classification.
    share_a = models.DecimalField(
        _("share of customers in A, percent"), max_digits=5, decimal_places=2, default=Decimal("15.00")
    )
    share_ab = models.DecimalField(
        _("share of customers in A and B, percent"), max_digits=5, decimal_places=2, default=Decimal("35.00")
    )
    probability_high = models.DecimalField(
        _("high probability, percent"), max_digits=5, decimal_places=2, default=Decimal("80.00")
    )
    probability_medium = models.DecimalField(
        _("medium probability, percent"), max_digits=5, decimal_places=2, default=Decimal("50.00")
    )
    probability_low = models.DecimalField(
        _("low probability, percent"), max_digits=5, decimal_places=2, default=Decimal("20.00")
    )
    core_turnover = MoneyField(
        _("average yearly turnover of a core customer, base currency"), default=Decimal("5000000.00")
    )
    core_years = models.PositiveSmallIntegerField(_("years of relationship of a core customer"), default=3)
    core_cap = models.PositiveSmallIntegerField(_("at most this many core customers"), default=50)
    # Scoring.
    grading_scorecard = models.CharField(
        _("scorecard that gives the customer's grade"), max_length=40, default="characteristic"
    )
    coverage_needed = models.DecimalField(
        _("coverage below which a score is NR, percent"), max_digits=5, decimal_places=2, default=Decimal("60.00")
    )
    archive_confirm_days = models.PositiveSmallIntegerField(_("a fact is to be confirmed every days"), default=183)

    # How often customers are to be visited.
    visit_days_a = models.PositiveSmallIntegerField(
        _("a customer in A is visited every days"), default=30, db_default=30
    )
    visit_days_b = models.PositiveSmallIntegerField(
        _("a customer in B is visited every days"), default=90, db_default=90
    )
    visit_days_other = models.PositiveSmallIntegerField(
        _("any other customer is visited every days"), default=180, db_default=180
    )
    manager_visit_days = models.PositiveSmallIntegerField(
        _("a sales manager meets every customer within days"), default=365, db_default=365
    )

    class Meta:
        verbose_name = _("policy")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("policy"))

    @classmethod
    def current(cls) -> "Policy":
        """The policy in force; the defaults of the rule book until somebody saves another."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def probability(self, level: str) -> Decimal:
        """The probability of a level (high, medium, low) as a share of 1."""
        return getattr(self, f"probability_{level}") / 100


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the base currency, from a day on."""

    currency = CurrencyField(_("currency"))
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(
        _("rate"), max_digits=18, decimal_places=8, validators=[MinValueValidator(Decimal("0.00000001"))]
    )

    class Meta:
        verbose_name = _("exchange rate")
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="exchange_rate_once_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} ({self.valid_from})"
