"""For how long a limit holds, and on which footing a customer buys."""

from datetime import date, timedelta
from typing import Protocol

from credit.rules.checks import Footing
from crm.core.periods import add_months


class Limit(Protocol):
    """What the rules look at of a limit."""

    mode: str
    valid_from: date
    valid_until: date


def last_day(start: date, months: int) -> date:
    """The last day of `months` calendar months from `start` on; clipped to the month's end."""
    return add_months(start, months) - timedelta(days=1)


def footing(nearest: Limit | None, ended: Limit | None) -> Footing:
    """What the nearest limit in force – the own one, else the group's – gives; `ended` is one that has run out."""
    if nearest is None:
        return Footing.EXPIRED if ended else Footing.NO_LIMIT
    if nearest.mode in (Footing.CASH_ONLY, Footing.NOT_ASSESSED):
        return Footing(nearest.mode)
    return Footing.GRANTED
