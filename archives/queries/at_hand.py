"""The customers that somebody is likely to visit next: few enough to choose from with a thumb, or to take along."""

from datetime import date, timedelta

from django.db.models import Max, QuerySet

from archives.models import Customer, Visit, VisitPlan
from archives.models.plans import OPEN
from crm.core.models import User

LATE = timedelta(days=14)
AHEAD = timedelta(days=14)
LATELY = timedelta(days=60)
MOST = 30


def planned(user: User, today: date) -> QuerySet[VisitPlan]:
    """Open plans of `user` around today, the earliest first; at most MOST."""
    near = VisitPlan.objects.visible_to(user).filter(OPEN, person=user, day__range=(today - LATE, today + AHEAD))
    return near.select_related("customer").order_by("day", "id")[:MOST]


def visited_lately(user: User, today: date) -> list[Customer]:
    """Customers that `user` has logged a visit at within LATELY, the last one first; at most MOST."""
    mine = Visit.objects.filter(by=user, happened_at__date__gte=today - LATELY).order_by()
    last = dict(mine.values_list("customer").annotate(last=Max("happened_at")).order_by("-last")[:MOST])
    seen = Customer.objects.visible_to(user).in_bulk(list(last))
    return [seen[pk] for pk in last if pk in seen]


def at_hand(user: User, today: date) -> list[Customer]:
    """Planned ones, then those visited lately, each once."""
    found = {plan.customer_id: plan.customer for plan in planned(user, today)}
    for customer in visited_lately(user, today):
        found.setdefault(customer.pk, customer)
    return list(found.values())
