"""Single values from outside: texts, choices, days, money, each strictly in the one way it is written.

Pure. How long a text may be, which choices there are and how many digits a number has is read from the models.
Codes: blank, invalid, invalid_choice, max_length, number (money as a JSON number), negative, min_value, max_value.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_email
from django.db import models
from django.utils.translation import gettext as _

from archives.models import ExpectedValueInputs, SalesRecord
from archives.models.customer import NUMBER_SHAPE
from crm.core.api.formats import BAD_TEXT, DAY, MONEY, MONTH
from crm.core.currencies import CURRENCIES
from crm.core.models import CurrencyField, MoneyField

DECIMAL = re.compile(r"^-?[0-9]+(\.[0-9]+)?\Z")
CODE_SHAPE = re.compile(r"^[A-Za-z0-9 ./_-]*\Z")
WIDE_DIGIT = re.compile(r"[^\x00-\x7f]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAY_BE_NEGATIVE = {(ExpectedValueInputs, "expected_increase")} | {
    (SalesRecord, name) for name in ("amount", "cost", "quantity")
}
CODES = {"tax_number", "registration_number", "bank_account", "postcode"}
DIGITS = {"phone", "fax"}


class Bad(Exception):
    """A value that is not one; raised by a parser of a single field."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code, self.detail = code, detail


Parser = Callable[[Any], Any]


def parse_text(value: Any, *, limit: int | None, may_be_blank: bool = True) -> str:
    """A trimmed text; null is the empty text."""
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise Bad("invalid", _("This must be a text."))
    value = value.strip()
    if not value and not may_be_blank:
        raise Bad("blank", _("This must not be empty."))
    if limit and len(value) > limit:
        raise Bad("max_length", _("At most %(limit)s characters.") % {"limit": limit})
    if BAD_TEXT.search(value) or CONTROL.search(value):
        raise Bad("invalid", _("This holds a character that cannot be stored."))
    return value


def parse_code(value: Any, *, limit: int) -> str:
    """A number as authorities and banks give it: plain letters and digits, no full-width ones."""
    value = parse_text(value, limit=limit)
    if not CODE_SHAPE.match(value):
        raise Bad("invalid", _("Only plain letters, digits, spaces and - . / _ are allowed here."))
    return value


def parse_phone(value: Any, *, limit: int) -> str:
    value = parse_text(value, limit=limit)
    if any(sign.isdigit() for sign in WIDE_DIGIT.findall(value)):
        raise Bad("invalid", _("Write digits as 0 to 9, not full-width."))
    return value


def parse_number(value: Any) -> str:
    """The natural key of a customer."""
    value = parse_text(value, limit=None, may_be_blank=False)
    if not NUMBER_SHAPE.regex.match(value):
        raise Bad("invalid", str(NUMBER_SHAPE.message))
    if value == "bulk" or not value.strip("."):
        raise Bad("invalid", _("This number would lead to another address."))
    return value


def parse_reference(value: Any, *, limit: int = 200) -> str | None:
    """The natural key of another record, or nothing."""
    return parse_text(value, limit=limit) or None


def parse_email(value: Any, *, limit: int) -> str:
    value = parse_text(value, limit=limit)
    try:
        if value:
            validate_email(value)
    except ValidationError as failure:
        raise Bad("invalid", _("This is not an e-mail address.")) from failure
    return value


def parse_choice(value: Any, *, choices: frozenset[str], may_be_blank: bool) -> str:
    value = "" if value is None else value
    if may_be_blank and value == "":
        return ""
    if not isinstance(value, str) or value not in choices:
        raise Bad("invalid_choice", _("Choose one of: %(choices)s.") % {"choices": ", ".join(sorted(choices))})
    return value


def parse_currency(value: Any) -> str:
    if not isinstance(value, str) or value not in CURRENCIES:
        raise Bad("invalid", _("This is not a currency of ISO 4217, for example CNY."))
    return value


def parse_day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and DAY.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Bad("invalid", _("A day is written YYYY-MM-DD, for example 2026-11-21."))


def parse_month(value: Any) -> date:
    """`YYYY-MM`, held as the first day of the month."""
    found = MONTH.match(value) if isinstance(value, str) else None
    if found is None:
        raise Bad("invalid", _("A month is written YYYY-MM, for example 2026-11."))
    return date(int(found[1]), int(found[2]), 1)


def parse_money(value: Any, *, may_be_negative: bool = False) -> Decimal | None:
    """A decimal string with at most two decimals; never a JSON number."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Bad("number", _('Money is a string, for example "1200.00", never a number.'))
    if not MONEY.match(value):
        raise Bad("invalid", _('Write digits with at most two decimals, for example "1200.00".'))
    amount = Decimal(value).quantize(Decimal("0.01"))
    if amount < 0 and not may_be_negative:
        raise Bad("negative", _("The amount must not be negative."))
    return amount


def parse_decimal(value: Any, *, digits: int, places: int, lowest: Any, highest: Any) -> Decimal | None:
    """A decimal string, or a JSON number where it is no money: shares, areas, quantities."""
    if value is None or value == "":
        return None
    written = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not DECIMAL.match(written):
        raise Bad("invalid", _('Write a decimal number, for example "0.30".'))
    whole, _point, fraction = written.lstrip("-").partition(".")
    if len(fraction) > places or len(whole.lstrip("0")) > digits - places:
        size = {"places": places, "digits": digits}
        raise Bad("invalid", _("At most %(places)s decimals and %(digits)s digits.") % size)
    return _within(Decimal(written).quantize(Decimal(1).scaleb(-places)), lowest, highest)


def parse_whole(value: Any, *, lowest: int, highest: int) -> int | None:
    if value is None or value == "":
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Bad("invalid", _("This must be a whole number."))
    return _within(value, lowest, highest)


def parse_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Bad("invalid", _("This must be true or false."))
    return value


def _within(value: Any, lowest: Any, highest: Any) -> Any:
    if lowest is not None and value < lowest:
        raise Bad("min_value", _("At least %(limit)s.") % {"limit": lowest})
    if highest is not None and value > highest:
        raise Bad("max_value", _("At most %(limit)s.") % {"limit": highest})
    return value


def parser_of(model: type[models.Model], name: str) -> Parser:
    """The parser that a field's type, choices, length and limits ask for."""
    field = model._meta.get_field(name)
    free = (model, name) in MAY_BE_NEGATIVE
    match field:
        case models.ForeignKey():
            return parse_reference
        case MoneyField():
            return partial(parse_money, may_be_negative=free)
        case models.DecimalField():
            lowest, highest = _limits(field)
            lowest = lowest if free else lowest or 0
            size = {"digits": field.max_digits, "places": field.decimal_places}
            return partial(parse_decimal, **size, lowest=lowest, highest=highest)
        case models.DateField():
            return parse_day
        case models.BooleanField():
            return parse_truth
        case models.PositiveSmallIntegerField() | models.PositiveIntegerField():
            lowest, highest = _limits(field)
            room = 2**31 - 1 if isinstance(field, models.PositiveIntegerField) else 2**15 - 1
            return partial(parse_whole, lowest=lowest or 0, highest=highest or room)
        case _:
            return _text_parser(field)


def _text_parser(field: models.Field) -> Parser:
    if isinstance(field, CurrencyField):
        return parse_currency
    if field.choices:
        keys = frozenset(key for key, _label in field.flatchoices)
        return partial(parse_choice, choices=keys, may_be_blank=field.blank)
    if isinstance(field, models.EmailField):
        return partial(parse_email, limit=field.max_length)
    if field.name in CODES:
        return partial(parse_code, limit=field.max_length)
    if field.name in DIGITS:
        return partial(parse_phone, limit=field.max_length)
    return partial(parse_text, limit=field.max_length or 20_000, may_be_blank=field.blank)


def _limits(field: models.Field) -> tuple[Any, Any]:
    """What the validators of a field say; those that the database adds for its own type are none of ours."""
    lowest = [check.limit_value for check in field._validators if isinstance(check, MinValueValidator)]
    highest = [check.limit_value for check in field._validators if isinstance(check, MaxValueValidator)]
    return (lowest or [None])[0], (highest or [None])[0]


def parsers_of(model: type[models.Model], names: Iterable[str]) -> dict[str, Parser]:
    return {name: parser_of(model, name) for name in names}
