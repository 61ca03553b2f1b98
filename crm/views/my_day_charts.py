"""What a person may look at on My day: each drawing is fetched by itself, so that the page never waits for a sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from archives.models import Customer, Standing
from archives.queries.sales_screen import sales_chart, sales_of
from credit.queries import held_orders, waiting_for
from crm.core.charts import Chart, Label, Series
from crm.core.errors import Refused
from crm.core.models import User
from crm.core.roles import Can, Role, Scope

# Share of the limit that is used, in percent: from, and below.
USE = ((None, 25), (25, 50), (50, 75), (75, 90), (90, 100), (100, None))
# Days that something waits: from, and up to.
WAITS = ((0, 1), (2, 3), (4, 7), (8, 14), (15, None))
SALES_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart that some people have on My day, by the code in its address."""

    code: str
    title: str | Promise
    shown_to: Callable[[User], bool]
    draw: Callable[[User, date], Chart]


def charts_for(user: User) -> list[Drawing]:
    """The drawings for this person; asks the database for nothing."""
    return [drawing for drawing in DRAWINGS.values() if drawing.shown_to(user)]


@require_GET
@vary_on_headers("HX-Request")
def my_day_chart(request: HttpRequest, code: str) -> HttpResponse:
    """One drawing with its table; what cannot be summed is said in its place."""
    drawing = DRAWINGS.get(code)
    if drawing is None or not drawing.shown_to(request.user):
        raise Http404
    context: dict[str, Any] = {"drawing": drawing}
    try:
        context["chart"] = drawing.draw(request.user, localdate())
    except Refused as refusal:
        context["refusal"] = str(refusal)
    return render(request, "crm/my_day_charts.html#one" if request.htmx else "crm/chart.html", context)


# --- What is drawn ---------------------------------------------------------------------------------------------------
def limits_chart(user: User, today: date) -> Chart:
    """How much of their limits the customers use: how many in each stretch. One statement."""
    limited = Standing.objects.visible_to(user).filter(limit__gt=0)
    counts = limited.aggregate(**{f"n{place}": Count("pk", filter=_used(*span)) for place, span in enumerate(USE)})
    values = list(counts.values())
    return Chart(
        id="chart-limits",
        title=_("How much of the limits is used"),
        summary=_("%(over)s of %(all)s customers with a limit are over it.") % {"over": values[-1], "all": sum(values)},
        head=_("share used"),
        labels=[Label(_share(*span)) for span in USE],
        series=[Series(_("Customers"), values)],
    )


def _used(least: int | None, most: int | None) -> Q:
    """Exposure from `least` percent of the limit – of 100 not that itself – and below `most`."""
    condition = Q()
    if least is not None:
        condition &= Q(exposure__gt=F("limit")) if most is None else Q(exposure__gte=F("limit") * least / 100)
    if most is not None:
        condition &= Q(exposure__lte=F("limit")) if most == 100 else Q(exposure__lt=F("limit") * most / 100)
    return condition


def _share(least: int | None, most: int | None) -> str:
    if most is None:
        return _("over %(percent)s %%") % {"percent": least}
    return _("%(percent)s %%") % {"percent": f"{least or 0}–{most}"}


def waiting_chart(user: User, today: date) -> Chart:
    """Applications and held orders that wait for this person, by how many days. Two statements."""
    applications = _waiting(waiting_for(user), "submitted_on", today)
    orders = _waiting(held_orders(user), "checked_at__date", today)
    words = {"count": sum(applications) + sum(orders), "old": applications[-1] + orders[-1], "days": WAITS[-1][0]}
    return Chart(
        id="chart-waiting",
        title=_("What waits, and how long"),
        summary=_("%(count)s wait, %(old)s of them for %(days)s days or longer.") % words,
        head=_("days"),
        labels=[Label(_days(*span)) for span in WAITS],
        series=[
            Series(_("Limit applications"), applications, stack="waits"),
            Series(_("Held orders"), orders, tone="orange", stack="waits"),
        ],
    )


def _waiting(rows: QuerySet, since: str, today: date) -> Sequence[int]:
    parts = {}
    for place, (least, most) in enumerate(WAITS):
        condition = Q(**{f"{since}__lte": today - timedelta(days=least)}) if least else Q()
        if most is not None:
            condition &= Q(**{f"{since}__gte": today - timedelta(days=most)})
        parts[f"n{place}"] = Count("pk", filter=condition, distinct=True)
    return list(rows.order_by().aggregate(**parts).values())


def _days(least: int, most: int | None) -> str:
    return f"{least}–{most}" if most is not None else f"{least}+"


def target_chart(user: User, today: date) -> Chart:
    """Sales of all customers one may see, against their targets and the year before. Two statements."""
    sales = sales_of(Customer.objects.visible_to(user), months=SALES_MONTHS, today=today)
    return sales_chart(sales, title=_("Sales, last 12 months"))


def _sells(user: User) -> bool:
    return Role(user.role).scope in (Scope.OWN, Scope.TEAM)


def _decides(user: User) -> bool:
    return user.may(Can.DECIDE_LIMITS)


DRAWINGS = {
    drawing.code: drawing
    for drawing in (
        Drawing("sales", gettext_lazy("Sales, last 12 months"), _sells, target_chart),
        Drawing("waiting", gettext_lazy("What waits, and how long"), _decides, waiting_chart),
        Drawing(
            "limits",
            gettext_lazy("How much of the limits is used"),
            lambda user: user.may(Can.SEE_CREDIT),
            limits_chart,
        ),
    )
}
