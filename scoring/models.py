"""JUDGEMENTS: scorecards and what was scored with them, rankings and who moved."""

from decimal import Decimal
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.choices import Grade, Segment
from archives.models import Customer, OfCustomerQuerySet
from crm.core.models import CurrencyField, Job, MoneyField, TextChoice
from scoring.rules import Rating, credit_grade
from scoring.scorecards import group_words, indicator_words, kind_words


class Scorecard(models.Model):
    """A version of a way to score. Published it never changes, so that every old score can be worked out again.

    `definition` is `{"groups": [{"code", "indicators": [{"code", "weight"}]}], "bands": [{"from", "grade"}]}`; `from`
    is the lowest whole percent of the band.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    kind = models.CharField(_("kind"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"))
    state = TextChoice(_("state"), choices=State.choices, default=State.DRAFT)
    definition = models.JSONField(_("groups, indicators, weights and bands"))
    published_on = models.DateField(_("published on"), null=True)

    class Meta:
        verbose_name = _("scorecard")
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="scorecard_version_once"),
            models.UniqueConstraint(fields=["kind"], condition=Q(state="published"), name="scorecard_one_in_force"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_never_changes",
                operation=pgtrigger.UpdateOf("definition", "kind", "version") | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["published", "retired"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Assessment(models.Model):
    """One customer scored with one scorecard on one day. Kept with its points; never changed."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="assessments")
    scorecard = models.ForeignKey(Scorecard, models.PROTECT, related_name="assessments")
    assessed_on = models.DateField(_("assessed on"))
    points = models.JSONField(_("points"))
    comments = models.JSONField(_("comments"), default=dict)
    score = models.DecimalField(_("score"), max_digits=9, decimal_places=2)
    maximum = models.DecimalField(_("maximum"), max_digits=9, decimal_places=2)
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2, null=True)
    coverage = models.DecimalField(_("coverage"), max_digits=5, decimal_places=2)
    grade = models.CharField(_("grade"), max_length=8)
    groups = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment")
        ordering = ["-assessed_on", "-id"]
        indexes = [models.Index(fields=["customer", "-assessed_on", "-id"], name="assessment_by_customer")]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.scorecard_id} {self.assessed_on} {self.grade}"

    @property
    def kind_label(self) -> str | Promise:
        return kind_words(self.scorecard.kind).label

    @property
    def credit_grade(self) -> Grade:
        """The customer's grade that this result stands for, whichever scorecard it was made with."""
        return credit_grade(self.grade, self.percent)

    @property
    def shown_groups(self) -> list[dict[str, Any]]:
        """Each group with its name, and its percent – stored as text – as a number; None for not scored."""
        return [
            {"label": group_words(group["code"]).label, "percent": group["percent"] and Decimal(group["percent"])}
            for group in self.groups
        ]

    @property
    def shown_points(self) -> list[dict[str, Any]]:
        """What was scored, in words, with the comments on it."""
        return [
            {"label": indicator_words(code).label, "points": points, "comment": self.comments.get(code, "")}
            for code, points in self.points.items()
        ]


class Evaluation(models.Model):
    """One customer's year against what was hoped of it, 100 points in all. Sums in the customer's currency."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="evaluations")
    year = models.PositiveSmallIntegerField(_("year"))
    target = MoneyField(_("target"))
    actual = MoneyField(_("actual sales"))
    attitude_rating = TextChoice(_("attitude"), choices=Rating.choices)
    information_rating = TextChoice(_("information"), choices=Rating.choices)
    late = models.PositiveSmallIntegerField(_("late payments"))
    made_up = models.PositiveSmallIntegerField(_("punctual payments that make up for late ones"))
    performance = models.DecimalField(_("performance"), max_digits=5, decimal_places=2)
    attitude = models.DecimalField(_("attitude"), max_digits=5, decimal_places=2)
    credit = models.DecimalField(_("credit"), max_digits=5, decimal_places=2)
    information = models.DecimalField(_("information"), max_digits=5, decimal_places=2)
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2)
    overall = TextChoice(_("overall"), choices=Rating.choices)
    satisfactory = models.BooleanField(_("satisfactory"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("yearly evaluation")
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "year"], name="evaluation_once_a_year"),
            models.CheckConstraint(condition=Q(target__gt=0), name="evaluation_has_target"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.total}"

    @property
    def overall_choice(self) -> Rating:
        return Rating(self.overall)


class Segmentation(models.Model):
    """One ranking of all customers by expected value, with the numbers it was made with."""

    as_of = models.DateField(_("as of"))
    currency = CurrencyField(_("currency"))
    policy = models.JSONField(_("numbers of the policy"), default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    ranked = models.PositiveIntegerField(_("ranked"), default=0)
    counts = models.JSONField(default=dict)
    core = models.JSONField(
        default=dict, help_text=_("how many core customers, their sales of the last three full years, and all sales")
    )
    moved = models.PositiveIntegerField(_("moved"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("ranking")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.as_of}"


class SegmentationMember(models.Model):
    """One customer's place in one ranking."""

    segmentation = models.ForeignKey(Segmentation, models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField(_("rank"))
    expected_value = MoneyField(_("expected value"))
    current_business = MoneyField(_("current business"))
    segment = TextChoice(_("class"), choices=Segment.choices)
    previous = TextChoice(_("class before"), choices=Segment.choices, null=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["segmentation", "rank"], name="rank_once")]
        indexes = [
            models.Index(fields=["customer", "-segmentation"], name="member_by_customer"),
            models.Index(
                fields=["segmentation", "rank"],
                condition=~Q(segment=models.F("previous")),
                name="member_moved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.segment}"

    @property
    def segment_choice(self) -> Segment:
        return Segment(self.segment)
