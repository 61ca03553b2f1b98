"""Charts: figures in a table and how they are drawn. The table is the truth; static/js/charts.js draws what it says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.core.templatetags.dossier import money

Number = int | Decimal | None
Words = str | Promise


@dataclass(frozen=True, slots=True)
class Series:
    """One column of figures. `shape` is bar, line, dashed or step; bars of one `stack` stand upon each other.

    `tone` is a colour of charts.css by meaning: primary, azure, green, yellow, orange, red, deep, grey. A value of None
    is not known and is not drawn.
    """

    name: Words
    values: Sequence[Number]
    shape: str = "bar"
    tone: str = "primary"
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What a row is about: in full for the table, and short below the drawing."""

    text: Words
    short: Words = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A table with a sentence that says what is to be seen in it. `unit` is money, days, percent or count.

    Money is in `currency`, or in the base currency. `across` draws the rows as bars from left to right.
    """

    title: Words
    summary: Words
    head: Words
    labels: Sequence[Label]
    series: Sequence[Series]
    unit: str = "count"
    currency: str = ""
    across: bool = False
    note: Words = ""
    id: str = field(default="chart")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look at: no figure, or only zeros."""
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> Iterable[tuple[Label, list[tuple[Number, str]]]]:
        """Each label with its figures, as a number and in words."""
        columns = zip(*(one.values for one in self.series), strict=True)
        for label, values in zip(self.labels, columns, strict=True):
            yield label, [(value, self.in_words(value)) for value in values]

    def in_words(self, value: Number) -> str:
        if value is None:
            return "–"
        return WORDED[self.unit](value, self.currency)


def _percent(value: Any, _currency: str) -> str:
    return _("%(percent)s %%") % {"percent": plain(value)}


def plain(value: int | Decimal) -> str:
    """A number in the reader's format, with one decimal where it has any."""
    whole = value == int(value)
    return formats.number_format(value, decimal_pos=0 if whole else 1, force_grouping=True)


WORDED = {
    "money": lambda value, currency: money(Decimal(value), currency),
    "percent": _percent,
    "days": lambda value, _currency: plain(value),
    "count": lambda value, _currency: plain(value),
}


def month_label(month: date) -> Label:
    """A month; below the drawing by its name – by its number where months are numbered – and January by its year."""
    name = "n月" if (get_language() or "").startswith("zh") else "M"
    short = str(month.year) if month.month == 1 else formats.date_format(month, name)
    return Label(formats.date_format(month, "YEAR_MONTH_FORMAT"), short)


def day_label(day: date) -> Label:
    return Label(formats.date_format(day, "SHORT_DATE_FORMAT"), formats.date_format(day, "MONTH_DAY_FORMAT"))
