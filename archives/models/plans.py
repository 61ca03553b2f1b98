"""Visits that are to take place."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archives.choices import PlanState, VisitKind
from crm.core.models import TextChoice

from .collected import Visit
from .customer import Customer, OfCustomerQuerySet

OPEN = Q(visit=None, cancelled_on=None)


class VisitPlanQuerySet(OfCustomerQuerySet):
    """Planned visits by what has become of them."""

    def open(self) -> "VisitPlanQuerySet":
        return self.filter(OPEN)


class VisitPlan(models.Model):
    """Who goes to which customer on which day, and what for. Open until a visit or a cancellation closes it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="visit_plans", verbose_name=_("customer"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="visit_plans", verbose_name=_("who goes")
    )
    day = models.DateField(_("day"))
    kind = TextChoice(_("kind"), choices=VisitKind.choices, default=VisitKind.SITE)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("planned by")
    )
    visit = models.OneToOneField(Visit, models.SET_NULL, null=True, related_name="plan", verbose_name=_("visit"))
    cancelled_on = models.DateField(_("cancelled on"), null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisitPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned visit")
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "person", "day"],
                condition=OPEN,
                name="plan_once_a_day",
                violation_error_message=_("This visit is planned already."),
            ),
            models.CheckConstraint(condition=Q(visit=None) | Q(cancelled_on=None), name="plan_done_or_cancelled"),
        ]
        indexes = [
            models.Index(fields=["day", "id"], condition=OPEN, name="plan_open_by_day"),
            models.Index(fields=["person", "day"], name="plan_by_person"),
            models.Index(fields=["day", "id"], name="plan_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.day}"

    @classmethod
    def in_state(cls, state: str) -> Q:
        """The condition under which a plan is in that state."""
        return {
            PlanState.OPEN: OPEN,
            PlanState.DONE: Q(visit__isnull=False),
            PlanState.CANCELLED: Q(cancelled_on__isnull=False),
        }[PlanState(state)]

    @property
    def state_choice(self) -> PlanState:
        if self.cancelled_on is not None:
            return PlanState.CANCELLED
        return PlanState.OPEN if self.visit_id is None else PlanState.DONE

    @property
    def kind_choice(self) -> VisitKind:
        return VisitKind(self.kind)
