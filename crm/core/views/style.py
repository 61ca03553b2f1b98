"""The components that every page is built from, on one page, for those who build pages."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from types import SimpleNamespace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.core.charts import Chart, Label, Series
from crm.core.forms import ExchangeRateForm, PreferencesForm
from crm.core.roles import Can
from crm.core.timeline import Deed, Event, Mark

TONES = ("blue", "azure", "cyan", "green", "yellow", "orange", "red", "purple", "secondary")


@require_GET
def style(request: HttpRequest) -> HttpResponse:
    """In a trial for everybody, in production for administrators."""
    if settings.PRODUCTION and not request.user.may(Can.MANAGE_PEOPLE):
        raise Http404
    context = {
        "tones": TONES,
        "job": SimpleNamespace(words="Rank the customers", done=1_200, total=2_000, get_state_display="running"),
        "form": PreferencesForm(instance=request.user),
        "wrong": ExchangeRateForm({"currency": "tarot", "valid_from": "2027-02-30", "rate": "7.1"}),
        "chart": example_chart(),
        "events": list(example_events()),
        "strip": example_strip(),
        "customer": SimpleNamespace(standing=example_standing()),
        "keys": ["limit", "exposure", "available"],
        "page": SimpleNamespace(previous="a", next="b"),
        "sum": Decimal("1486400"),
    }
    return render(request, "core/style.html", context)


def example_chart() -> Chart:
    labels = [Label(f"2026, quarter {number}", f"Q{number}") for number in range(1, 5)]
    sold = Series("sold", [310_000, 295_500, 402_000, 388_000])
    return Chart(
        title="Sales by quarter",
        summary="The second half was better than the first.",
        head="quarter",
        labels=labels,
        series=[sold, Series("target", [300_000, 320_000, 350_000, 380_000], "dashed", "grey")],
        unit="money",
    )


def example_events() -> Iterator[Event]:
    """A note with all that may stand below it, a decision, and a change that unfolds."""
    now = timezone.now()
    yield Event(
        now,
        "visit",
        1,
        "Visit on site",
        "王芳",
        "The second line runs since Monday.\nThey ask for 60 days.",
        "building-factory-2",
        "blue",
        marks=[Mark("next step by Friday", "orange", "calendar-event")],
        deeds=[Deed("To the note", "#timeline")],
        prose=True,
    )
    yield Event(now - timedelta(days=3), "limit", 2, "Limit granted", "张民", "¥2,000,000", "scale", "green")
    field = SimpleNamespace(label="legal representative", old="李伟", new="陈静")
    changed = SimpleNamespace(title="Changed", fields=[field])
    yield Event(now - timedelta(days=9), "change", 3, "1 field changed", details=[changed])


def example_strip() -> SimpleNamespace:
    """A limit two thirds taken, shaped as credit.queries.screens.Strip."""
    taken = [("not due", 820_000, "primary"), ("open orders", 380_000, "orange"), ("overdue", 120_000, "red")]
    starts = accumulate((amount for _label, amount, _colour in taken), initial=0)
    segments = [
        SimpleNamespace(label=label, amount=Decimal(amount), colour=colour, start=start // 2_000, width=amount // 2_000)
        for (label, amount, colour), start in zip(taken, starts, strict=False)
    ]
    exposure = SimpleNamespace(total=Decimal(1_320_000), unapplied_payments=0)
    amounts = {"amount": Decimal(2_000_000), "available": Decimal(680_000)}
    limit = SimpleNamespace(valid_until=timezone.localdate() + timedelta(days=200))
    return SimpleNamespace(credit=SimpleNamespace(exposure=exposure, limit=limit, **amounts), segments=segments)


def example_standing() -> SimpleNamespace:
    return SimpleNamespace(
        grade="CA2", grade_percent=Decimal(78), report_choice=SimpleNamespace(tone="orange", label="missing")
    )
