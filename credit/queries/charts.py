"""What people look at of a customer's credit: exposure and limit, ages, days late, and the sums of an application."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from archives.models import Customer
from archives.queries.group import below
from archives.queries.receivables import Behaviour
from archives.queries.receivables_history import Owed, Paid, month_ends, owed_on, paid_lately
from credit.models import CreditLimit, LimitApplication
from credit.queries.limits import Credit
from credit.queries.screens import BUCKETS
from crm.core.charts import Chart, Label, Series, day_label, month_label, plain
from crm.core.money import cents
from crm.core.templatetags.dossier import money, percent_of

MONTHS, AGEING_MONTHS = 12, 6
INVOICES, TREND = 36, 6
TONES = {"not_due": "green", "d1_30": "yellow", "d31_60": "orange", "d61_90": "red", "d90_plus": "deep"}


def credit_charts(customer: Customer, credit: Credit, behaviour: Behaviour, today: date) -> list[Chart]:
    """The charts of the tab of receivables and credit. A fixed number of statements."""
    days = month_ends(today, MONTHS)
    alone = owed_on([customer.pk], days, today=today)
    family = below([customer.pk])
    together = alone if family == [customer.pk] else owed_on(family, days, today=today)
    paid = paid_lately(customer, today=today, count=INVOICES)
    charts = [
        exposure_chart(credit, together, limits_on(customer, days)),
        ageing_chart(alone[-AGEING_MONTHS - 1 :]),
        late_chart(paid, behaviour),
    ]
    return [chart for chart in charts if not chart.empty or (chart.id == "chart-late" and paid)]


def limits_on(customer: Customer, days: Sequence[date]) -> list[Decimal | None]:
    """The customer's own limit as it was in force on each day; None where there was none with a sum."""
    rows = CreditLimit.objects.filter(Q(valid_until__gte=days[0]), customer=customer, unit=None).order_by("created_at")
    return [_limit_on(list(rows), day) for day in days]


def _limit_on(limits: list[CreditLimit], day: date) -> Decimal | None:
    in_force = [
        row.amount
        for row in limits
        if row.valid_from <= day <= row.valid_until and (not row.superseded_at or row.superseded_at.date() > day)
    ]
    return in_force[-1] if in_force else None


def exposure_chart(credit: Credit, owed: list[Owed], limits: list[Decimal | None]) -> Chart:
    """Exposure at the ends of months and today, beside the limit. Of orders only today's are known."""
    before = [max(one.ageing.not_due - one.unapplied, Decimal(0)) for one in owed[:-1]]
    now = credit.exposure
    series = [
        Series(_("not due"), [*before, max(now.not_due - now.unapplied_payments, Decimal(0))], stack="exposure"),
        Series(_("open orders"), [*[None] * len(before), now.orders], tone="orange", stack="exposure"),
        Series(_("overdue"), [*[one.overdue for one in owed[:-1]], now.overdue], tone="red", stack="exposure"),
    ]
    if any(limit is not None for limit in limits):
        series.append(Series(_("limit"), limits, shape="step", tone="grey"))
    return Chart(
        id="chart-exposure",
        title=_("Exposure and limit, last 12 months"),
        summary=_exposure_in_words(credit),
        head=_("End of"),
        labels=_ends(owed),
        series=series,
        unit="money",
        note=_("Orders of earlier months are not kept: they count only today."),
    )


def _exposure_in_words(credit: Credit) -> str:
    words = {"exposure": money(credit.exposure.total)}
    if not credit.amount:
        return _("Exposure today: %(exposure)s.") % words
    words |= {"percent": percent_of(credit.exposure.total, credit.amount), "limit": money(credit.amount)}
    return _("Today %(exposure)s, %(percent)s %% of the limit of %(limit)s.") % words


def _ends(owed: Sequence[Owed]) -> list[Label]:
    return [*(month_label(one.ageing.as_of) for one in owed[:-1]), Label(_("today"))]


def ageing_chart(owed: Sequence[Owed]) -> Chart:
    """What was owed by age at the ends of months and today."""
    return Chart(
        id="chart-ageing",
        title=_("What is owed, by days past due"),
        summary=_ageing_in_words(owed),
        head=_("End of"),
        labels=_ends(owed),
        series=[
            Series(label, [getattr(one.ageing, name) for one in owed], tone=TONES[name], stack="age")
            for name, label, _colour in BUCKETS
        ],
        unit="money",
    )


def _ageing_in_words(owed: Sequence[Owed]) -> str:
    words = {"now": money(owed[-1].overdue), "before": money(owed[0].overdue), "months": len(owed) - 1}
    return _("Overdue today: %(now)s; %(months)s months ago: %(before)s.") % words


def late_chart(paid: Sequence[Paid], behaviour: Behaviour) -> Chart:
    """Days late of the invoices settled last, and the average of the last few as a line."""
    late = [one.late for one in paid]
    return Chart(
        id="chart-late",
        title=_("Days late, invoice by invoice"),
        summary=_late_in_words(late, behaviour),
        head=_("invoice"),
        labels=[
            Label(f"{one.number} · {day_label(one.settled_on).text}", day_label(one.settled_on).short) for one in paid
        ],
        series=[
            Series(_("days late"), late, tone="orange"),
            Series(_("average of %(count)s invoices") % {"count": TREND}, averages(late), shape="line"),
        ],
        unit="days",
    )


def averages(late: Sequence[int]) -> list[Decimal | None]:
    """For each invoice the average of it and the five before; None for the first ones."""
    spans = (late[max(0, place - TREND + 1) : place + 1] for place in range(len(late)))
    return [cents(Decimal(sum(span)) / TREND) if len(span) == TREND else None for span in spans]


def _late_in_words(late: Sequence[int], behaviour: Behaviour) -> str:
    recent = late[-TREND:]
    if not recent or behaviour.average_days_late is None:
        return _("No invoice was settled yet.")
    words = {"count": len(recent), "recent": plain(round(Decimal(sum(recent)) / len(recent), 1))}
    words |= {"all": plain(round(behaviour.average_days_late, 1))}
    return _("The last %(count)s were %(recent)s days late on average, all together %(all)s.") % words


def proposals_chart(application: LimitApplication, rows: Sequence[tuple[str, Decimal | None]], credit: Credit) -> Chart:
    """The sum asked for beside what holds today and what each model would give."""
    told = [
        (_("asked for"), application.amount_base),
        (_("limit"), credit.amount),
        (_("exposure"), credit.exposure.total),
    ]
    told = [(label, amount) for label, amount in [*told, *rows] if amount is not None]
    return Chart(
        id="chart-proposals",
        title=_("The sum asked for, beside the others"),
        summary=_asked_in_words(application, rows),
        head=_("What"),
        labels=[Label(label[:1].upper() + label[1:]) for label, _amount in told],
        series=[Series(_("sum"), [amount for _label, amount in told])],
        unit="money",
        across=True,
    )


def _asked_in_words(application: LimitApplication, rows: Sequence[tuple[str, Decimal | None]]) -> str:
    known = [amount for _label, amount in rows if amount is not None]
    words = {"asked": money(application.amount_base)}
    if not known:
        return _("%(asked)s asked for; no model can say what fits.") % words
    words |= {"least": money(min(known)), "most": money(max(known))}
    if words["least"] == words["most"]:
        return _("%(asked)s asked for; the models would give %(most)s.") % words
    return _("%(asked)s asked for; the models would give %(least)s to %(most)s.") % words
