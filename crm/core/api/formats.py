"""What may come in: strict JSON, money as strings, months, and no field that nobody knows."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import parsers, serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from crm.core.currencies import CURRENCIES

# Three digits fewer than a column holds: sums and other currencies need them.
MONEY = re.compile(r"^-?[0-9]{1,15}(\.[0-9]{1,2})?\Z")
YEAR = r"(?:1[89]|[2-9][0-9])[0-9]{2}"  # from 1800 on: looking back from the year 1 leaves the calendar
MONTH = re.compile(rf"^({YEAR})-(0[1-9]|1[0-2])\Z")
DAY = re.compile(rf"^{YEAR}-[0-9]{{2}}-[0-9]{{2}}\Z")
OFFSET = r"(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])"  # further round the world PostgreSQL does not go
INSTANT = re.compile(rf"^{YEAR}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?{OFFSET}\Z")
BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(parsers.BaseParser):
    """UTF-8 JSON without NaN, infinities, repeated names, NUL characters or lone surrogates."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        return parse_json(stream.read())


def parse_json(raw: bytes) -> Any:
    """The value in `raw`; ParseError with a sentence for anything that is not clean JSON."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as failure:
        raise ParseError(_("The body is not UTF-8.")) from failure
    except RecursionError as failure:
        raise ParseError(_("The JSON is nested too deeply.")) from failure
    except json.JSONDecodeError as failure:
        raise ParseError(
            _("The body is not JSON: line %(line)s, column %(column)s.")
            % {"line": failure.lineno, "column": failure.colno}
        ) from failure
    except ValueError as failure:  # a number of thousands of digits
        raise ParseError(_("The JSON holds a number that is too long.")) from failure
    return value


def _refuse_constant(name: str) -> None:
    raise ParseError(_("%(name)s is not a JSON number.") % {"name": name})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names stand once and whose texts PostgreSQL can hold."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError(_("A field is given twice in the same object."))
    for name, value in pairs:
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and BAD_TEXT.search(text) for text in (name, *texts)):
            raise ParseError(_("A text holds a character that cannot be stored (NUL or half a character)."))
    return found


@extend_schema_field({"type": "string", "pattern": MONEY.pattern.replace(r"\Z", "$"), "example": "2000000.00"})
class Money(serializers.Field):
    """A decimal string with at most two digits after the point; never a JSON number, never an exponent."""

    default_error_messages = {
        "number": _('Money is a string, for example "1200.00", never a number.'),
        "invalid": _('Not an amount of money. Write digits with at most two decimals, for example "1200.00".'),
        "negative": _("The amount must not be negative."),
        "not_positive": _("The amount must be more than 0."),
    }

    def __init__(self, *, minimum: str | None = "zero", **kwargs: Any):
        self.minimum = minimum
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            self.fail("number")
        if not MONEY.match(data):
            self.fail("invalid")
        amount = Decimal(data).quantize(Decimal("0.01"))
        if self.minimum == "zero" and amount < 0:
            self.fail("negative")
        if self.minimum == "positive" and amount <= 0:
            self.fail("not_positive")
        return amount

    def to_representation(self, value: Decimal | None) -> str | None:
        return None if value is None else f"{value:.2f}"


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "CNY"})
class Currency(serializers.CharField):
    """An ISO 4217 code in use."""

    default_error_messages = {"unknown": _("There is no such currency. Write an ISO 4217 code, for example CNY.")}

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if code not in CURRENCIES:
            self.fail("unknown")
        return code


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$", "example": "2026-11"})
class Month(serializers.Field):
    """`YYYY-MM`, held as the first day of the month."""

    default_error_messages = {"invalid": _("A month is written YYYY-MM, for example 2026-11.")}

    def to_internal_value(self, data: Any) -> date:
        found = MONTH.match(data) if isinstance(data, str) else None
        if found is None:
            self.fail("invalid")
        return date(int(found[1]), int(found[2]), 1)

    def to_representation(self, value: date) -> str:
        return f"{value:%Y-%m}"


class Day(serializers.DateField):
    """`YYYY-MM-DD` and nothing else; ISO 8601 knows a dozen other ways to write a day."""

    default_error_messages = {"invalid": _("A day is written YYYY-MM-DD, for example 2026-11-21.")}

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not DAY.match(value):
            self.fail("invalid")
        return super().to_internal_value(value)


class Instant(serializers.DateTimeField):
    """RFC 3339: comes in with its offset, goes out in UTC, whatever the company's time zone: 2026-11-21T20:45:00Z."""

    default_error_messages = {"invalid": _("An instant is written with its offset: 2026-11-21T20:45:00Z.")}

    def __init__(self, **kwargs: Any):
        super().__init__(**{"default_timezone": UTC} | kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not INSTANT.match(value):
            self.fail("invalid")
        return super().to_internal_value(value)


class StrictSerializer(serializers.Serializer):
    """Refuses by name fields it does not know, fields that may only be read, and a number for a text or a text for a
    number."""

    def to_internal_value(self, data: Any) -> dict:
        errors = {}
        for name in data if isinstance(data, dict) else ():
            if fault := self._fault(self.fields.get(name), data[name]):
                errors[name] = [serializers.ErrorDetail(fault[1], code=fault[0])]
        if errors:
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def _fault(self, field: serializers.Field | None, value: Any) -> tuple[str, str] | None:
        match field:
            case None:
                return "unknown_field", _("There is no such field here.")
            case serializers.Field(read_only=True):
                return "read_only", _("This field can only be read.")
            case serializers.CharField() if not isinstance(value, str | None):
                return "invalid", _("This must be a text.")
            case serializers.IntegerField() if not isinstance(value, int | None) or isinstance(value, bool):
                return "invalid", _("This must be a whole number.")
        return None


def read(shape: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """The body of the request in `shape`; 400 with pointers when it does not fit."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
