"""Calendar sums that several rules share: months are calendar months, and a month is full when its last day is over."""

from calendar import monthrange
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """`months` calendar months later, clipped to the month's end: 2025-11-30 + 3 months = 2026-02-28."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def full_months(today: date, count: int) -> tuple[date, date]:
    """The first days of the first month in and of the first month after the last `count` full months.

    A month counts when it ended on or before `today`, so on the last of a month that month is in.
    """
    after = (today + timedelta(days=1)).replace(day=1)
    return add_months(after, -count), after
