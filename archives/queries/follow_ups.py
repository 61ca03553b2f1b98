"""Next steps that were agreed on and not done yet."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet

from archives.models import Customer, Visit, VisitDraft
from crm.core.models import User

AHEAD = timedelta(days=7)
NAMES = ("customer__number", "customer__name", "customer__short_name")
# What a row of the list shows.
SHOWN = ("next_step", "next_step_due", "by__name", "by__username", *NAMES)


def due_when(word: str, today: date) -> Q:
    """Next steps that are overdue, or due soon: today or within the next seven days."""
    return {
        "overdue": Q(next_step_due__lt=today),
        "soon": Q(next_step_due__gte=today, next_step_due__lte=today + AHEAD),
    }[word]


def open_follow_ups(user: User, *, until: date | None = None) -> QuerySet[Visit]:
    """Visits of the customers `user` may see whose next step has a day and is open, the most urgent first.

    With `until`, only what is due on that day or earlier.
    """
    open_steps = Visit.objects.visible_to(user).filter(next_step_due__isnull=False, next_step_done_on=None)
    due = open_steps.filter(next_step_due__lte=until) if until else open_steps
    return due.select_related("customer", "by").only(*SHOWN).order_by("next_step_due", "id")


def drafts_of(user: User) -> QuerySet[VisitDraft]:
    """Notes that `user` has begun and not sent, the newest first; of customers that are still theirs to see."""
    mine = VisitDraft.objects.filter(by=user).select_related("customer").order_by("-updated_at")
    mine = mine.only("by", "updated_at", *NAMES)
    return mine.filter(customer__in=Customer.objects.visible_to(user))
