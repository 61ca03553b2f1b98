"""What a list is narrowed down and sorted by, as links: chips that add or take away, heads that sort."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.db.models import Model
from django.forms import BoundField, ChoiceField, MultipleChoiceField
from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.core.api.filters import StrictFilterSet
from crm.core.words import labelled

# What shows itself elsewhere on the page: as the head of a column, in its box, as a tab.
NOT_FILTERS = {"ordering", "search", "tab"}


class Link(NamedTuple):
    """One chip: its words, where it leads, whether it holds now."""

    label: str
    url: str
    on: bool = False


class Head(NamedTuple):
    """The head of a column: `direction` is empty, "ascending" or "descending" as the list is sorted by it now."""

    label: str
    url: str
    direction: str
    numeric: bool


def address(params: QueryDict, name: str, values: Iterable[str]) -> str:
    """The query string with `name` set to `values`, from the first page on."""
    kept = [(key, value) for key, given in params.lists() if key not in ("cursor", "open", name) for value in given]
    if text := ",".join(values):
        kept.append((name, text))
    return "?" + urlencode(kept, safe=",", quote_via=quote)


def values_of(params: QueryDict, name: str) -> list[str]:
    return [part for value in params.getlist(name) for part in value.split(",") if part]


def quick_filter(params: QueryDict, label: str, name: str, *values: str) -> Link:
    """A chip that switches `values` of a filter on, or off when they are all on."""
    now = values_of(params, name)
    on = set(values) <= set(now)
    rest = [value for value in now if value not in values]
    return Link(label, address(params, name, rest if on else [*rest, *values]), on)


def only_filter(params: QueryDict, label: str, name: str, value: str) -> Link:
    """A chip of a filter that takes one value: switches this one on in place of another, or off."""
    on = values_of(params, name) == [value]
    return Link(label, address(params, name, [] if on else [value]), on)


def active_filters(filterset: StrictFilterSet, params: QueryDict) -> Iterator[Link]:
    """What narrows the list now, each with the address of the list without it."""
    for bound in filterset.form:
        value = filterset.form.cleaned_data.get(bound.name)
        if bound.name in NOT_FILTERS or value in (None, "", []):
            continue
        for part, words in _parts(bound, value):
            rest = [other for other in values_of(params, bound.name) if part is not None and other != part]
            yield Link(labelled(bound.label, words), address(params, bound.name, rest))


def _parts(bound: BoundField, value: Any) -> Iterator[tuple[str | None, str]]:
    """The single values of a filter with their words; None for a value that goes as a whole."""
    field = bound.field
    if isinstance(field, MultipleChoiceField):
        words = dict(field.choices)
        yield from ((part, str(words[part])) for part in value)
    elif isinstance(value, Model):
        yield None, str(value)
    elif isinstance(field, ChoiceField):
        yield None, _("yes") if value else _("no")
    else:
        yield None, str(value)


def column_heads(params: QueryDict, columns: Sequence[tuple[str, str, bool]]) -> list[Head]:
    """Heads for (label, name of the ordering or "", numeric). Numbers sort downwards first, words upwards."""
    return [_head(params, *column) for column in columns]


def _head(params: QueryDict, label: str, name: str, numeric: bool) -> Head:
    now = params.get("ordering", "")
    direction = {name: "ascending", f"-{name}": "descending"}.get(now, "") if name else ""
    first, second = (f"-{name}", name) if numeric else (name, f"-{name}")
    url = address(params, "ordering", [second if now == first else first]) if name else ""
    return Head(label, url, direction, numeric)
