"""Money: exact, with its currency, and turned into the base currency at one place."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, DecimalField, F, Value, When
from django.utils.translation import gettext as _

from crm.core.errors import Refused

CENT = Decimal("0.01")
# Asked wherever sums are worked out, so not put together anew each time.
RATES = "SELECT currency, rate, valid_from FROM core_exchangerate ORDER BY valid_from"


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to two digits: the one rounding rule of the product."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def rates_on(day: date) -> dict[str, Decimal]:
    """What one unit of each known currency is worth in the base currency on `day`.

    The newest rate of that day or earlier; for days before the first known rate, that first one.
    """
    rates: dict[str, Decimal] = {}
    with connection.cursor() as cursor:
        cursor.execute(RATES)
        for currency, rate, valid_from in cursor.fetchall():
            if valid_from <= day or currency not in rates:
                rates[currency] = rate
    rates[settings.BASE_CURRENCY] = Decimal(1)
    return rates


def rates_for(currencies: Iterable[str], day: date) -> dict[str, Decimal]:
    """What `rates_on` says; not asked where everything is in the base currency."""
    return rates_on(day) if set(currencies) - {settings.BASE_CURRENCY} else {settings.BASE_CURRENCY: Decimal(1)}


def to_base(amount: Decimal, currency: str, *, day: date, rates: dict[str, Decimal] | None = None) -> Decimal:
    """`amount` of `currency` in the base currency, rounded half up to cents. Refuses a currency without a rate."""
    if currency == settings.BASE_CURRENCY:
        return cents(amount)
    known = rates if rates is not None else rates_on(day)
    if currency not in known:
        raise no_rate(currency)
    return cents(amount * known[currency])


def no_rate(currency: str) -> Refused:
    return Refused(
        _("There is no exchange rate for %(currency)s. Ask the credit manager to enter one.") % {"currency": currency},
        code="no_rate",
    )


def refuse_unrated(currencies: Iterable[str], rates: dict[str, Decimal]) -> None:
    """Raise for the first currency that has no rate, so that no sum silently leaves it out."""
    for currency in sorted(set(currencies) - rates.keys()):
        raise no_rate(currency)


def rate_case(rates: dict[str, Decimal]) -> Any:
    """An SQL expression: the rate of the row's `currency`; NULL where none is known."""
    return Case(
        *[When(currency=code, then=Value(rate)) for code, rate in rates.items()],
        default=None,
        output_field=DecimalField(max_digits=18, decimal_places=8),
    )


def in_base(amount: str, rates: dict[str, Decimal]) -> Any:
    """An SQL expression: the `amount` column in the base currency, unrounded."""
    return F(amount) * rate_case(rates)
