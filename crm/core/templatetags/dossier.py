"""Words and shapes that every template uses: icons, money, days, badges."""

from collections.abc import Hashable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from crm.core.glossary import TERMS
from crm.core.hints import Hint, hints_for
from crm.core.roles import rights_by_name

register = template.Library()
WEEK = 7
SIGNS = {"CNY": "¥", "USD": "US$", "EUR": "€", "TWD": "NT$", "HKD": "HK$", "JPY": "JP¥", "GBP": "£"}


@register.simple_tag
@cache
def icon(name: str, classes: str = "") -> str:
    """An icon of the sprite; decoration only, so screen readers pass over it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("vendor/icons.svg"), name
    )


@register.simple_tag
def badge(choice: Any, tone: str = "", *, classes: str = "", title: str = "") -> str:
    """A badge by meaning: a choice with a label and a tone of its own, or words and a tone. Empty for none."""
    if not choice:
        return ""
    tone = tone or getattr(choice, "tone", "secondary")
    look = f"bg-{tone} text-{tone}-fg" if getattr(choice, "solid", False) else f"bg-{tone}-lt"
    return _badge(f"{look} {classes}".strip(), str(getattr(choice, "label", choice)), title)


@lru_cache(maxsize=1_000)
def _badge(classes: str, words: str, title: str) -> str:
    """The same few badges stand in every row."""
    about = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="badge {}"{}>{}</span>', classes, about, words)


@register.simple_tag
def term(key: str, label: str | None = "") -> SafeString:
    """A word of the glossary with its meaning at hand; `label` where the page has its own form of the word."""
    return _term(key, str(label or TERMS[key].name), get_language())


@lru_cache(maxsize=1_000)
def _term(key: str, label: str, language: str) -> SafeString:
    return render_to_string("components/term.html", {"key": key, "term": TERMS[key], "label": label})


@register.simple_tag(takes_context=True)
def alike(context: template.Context, template_name: str, **given: Hashable) -> SafeString:
    """A part of the page that is the same for everybody of a role: put together once for each language, then kept.

    It may ask `can` and what is `given`, and nothing else of the page around it.
    """
    user = context.get("user")
    role = user.role if user and user.is_authenticated else ""
    return _alike(template_name, role, get_language(), tuple(given.items()))


@lru_cache(maxsize=1_000)
def _alike(template_name: str, role: str, language: str, given: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return render_to_string(template_name, {"can": rights_by_name(role), **dict(given)})


@register.simple_tag(takes_context=True)
def first_steps(context: template.Context) -> list[Hint]:
    """The cards of first steps that the reader has not put away."""
    return hints_for(context["user"])


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """A sum in the reader's format with its currency sign; whole sums without decimals. Empty for none."""
    if amount is None or amount == "":
        return ""
    return f"{_sign(amount, currency)}{_digits(abs(amount), 0 if amount == amount.to_integral_value() else 2)}"


def _digits(amount: Decimal, places: int) -> str:
    """In the reader's format; the plain way of writing is ten times as fast, and a list has hundreds of sums."""
    if _plain(get_language()):
        return f"{amount:,.{places}f}"
    return formats.number_format(amount, decimal_pos=places, force_grouping=True)


@cache
def _plain(language: str | None) -> bool:
    """Whether a language writes 1,234,567.89."""
    written = formats.number_format(Decimal("1234567.89"), decimal_pos=2, force_grouping=True)
    return written == "1,234,567.89"


def _sign(amount: Decimal, currency: str) -> str:
    """What stands before the digits: a minus, and the sign of the currency – the base currency's when none is named."""
    code = currency or settings.BASE_CURRENCY
    return f"{'−' if amount < 0 else ''}{SIGNS.get(code, code + ' ')}"


@register.filter
def short_money(amount: Decimal | None, currency: str = "") -> str:
    """A sum in few characters for heads and charts: ¥1.16 M, or in Chinese ¥116 万."""
    if amount is None or amount == "":
        return ""
    size, unit = next(((size, unit) for size, unit in _steps() if abs(amount) >= size), (Decimal(1), ""))
    digits = formats.number_format((abs(amount) / size).quantize(Decimal("0.01")).normalize(), force_grouping=True)
    return f"{_sign(amount, currency)}{digits}{unit}"


def _steps() -> list[tuple[Decimal, str]]:
    """The units in which the reader's language counts large sums."""
    if (get_language() or "").startswith("zh"):
        return [(Decimal(10**8), " " + _("hundred million")), (Decimal(10**4), " " + _("ten thousand"))]
    return [(Decimal(10**9), " bn"), (Decimal(10**6), " M"), (Decimal(10**3), " k")]


@register.filter
def percent_of(part: Decimal | None, whole: Decimal | None) -> int:
    """`part` of `whole` as a whole percent, from 0 up; 0 when there is no whole."""
    return max(0, round(part / whole * 100)) if part and whole else 0


@register.filter
def days_left(day: date | None) -> int | None:
    """Days from today to `day`; negative when it has passed."""
    return (day - timezone.localdate()).days if day else None


@register.filter
def in_days(day: date | None) -> str:
    """How far away a day is, in words."""
    days = days_left(day)
    if days is None:
        return ""
    if days == 0:
        return _("today")
    if days > 0:
        return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    return ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}


@register.filter
def duration(seconds: float | None) -> str:
    """A span of time in one or two units: 40 s, 3 min, 1 h 5 min. Empty for none."""
    if seconds is None:
        return ""
    if seconds < 60:
        return _("%(n)s s") % {"n": round(seconds)}
    hours, minutes = divmod(round(seconds / 60), 60)
    return _("%(h)s h %(m)s min") % {"h": hours, "m": minutes} if hours else _("%(m)s min") % {"m": minutes}


@register.filter
def signed(number: int) -> str:
    """A change with its sign: +8, −3, 0."""
    return f"+{number}" if number > 0 else f"−{-number}" if number < 0 else "0"


@register.filter
def timeline_day(at: datetime) -> str:
    """The day of an event: with its weekday in the last week and without the year in this one."""
    day, today = timezone.localtime(at).date(), timezone.localdate()
    if day.year != today.year:
        return formats.date_format(day, "DATE_FORMAT")
    words = formats.date_format(day, "MONTH_DAY_FORMAT")
    return with_weekday(day, words) if 0 <= (today - day).days < WEEK else words


def day_in_words(iso: str) -> str:
    """A day kept as YYYY-MM-DD as the reader writes it; what is none stays as it is."""
    try:
        return formats.date_format(date.fromisoformat(iso), "SHORT_DATE_FORMAT")
    except ValueError:
        return iso


def with_weekday(day: date, words: str, form: str = "D") -> str:
    """A day in words with its weekday (`form` D short, l in full) where the reader's language has it."""
    weekday = formats.date_format(day, form)
    if (get_language() or "").startswith("zh"):
        return f"{words} {weekday}"
    return f"{weekday}{',' if form == 'l' else ''} {words}"


@register.filter
def whole_day(day: date) -> str:
    """A day with its weekday, both in full."""
    return with_weekday(day, formats.date_format(day, "DATE_FORMAT"), "l")


@register.filter
def week_day(day: date) -> str:
    """A day of these weeks: with its weekday and without the year."""
    return with_weekday(day, formats.date_format(day, "MONTH_DAY_FORMAT"))


@register.filter
def month_letter(month: date) -> str:
    """The month under a bar: its number where months are numbered, its first letter elsewhere."""
    return str(month.month) if (get_language() or "").startswith("zh") else formats.date_format(month, "b")[0].upper()


@register.filter
def get(mapping: dict | None, key: Any) -> Any:
    """`mapping[key]` in a template; nothing when it is not there."""
    return (mapping or {}).get(key)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The query string of this page with some parameters changed; None takes one away, and the cursor goes."""
    params = context["request"].GET.copy()
    params.pop("cursor", None)
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = value
    return f"?{params.urlencode()}" if params else "?"
