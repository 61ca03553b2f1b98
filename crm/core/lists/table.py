"""Columns of a list, and its rows as text: put together in Python, which costs a quarter of a template's loop."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crm.core.glossary import TERMS, Term
from crm.core.lists.narrowing import Head, column_heads
from crm.core.lists.views import wanted


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its cell says of a record, which `fields` of the record it reads, what it sorts by.

    A column with `fixed` is always shown, and first; one without `usual` only when somebody chooses it. `term` is the
    word of the glossary that explains it.
    """

    name: str
    label: str | Promise
    cell: Callable[[Any], str]
    fields: tuple[str, ...] = ()
    ordering: str = ""
    numeric: bool = False
    usual: bool = True
    fixed: bool = False
    classes: str = ""
    term: str = ""

    @property
    def opening(self) -> SafeString:
        """The beginning of its cells; on a phone, where a row is a card, the label stands in the cell."""
        classes = " ".join(filter(None, ["num" if self.numeric else "", self.classes]))
        if self.fixed:
            return format_html('<td class="lead-cell {}">', classes)
        return format_html('<td class="{}" data-label="{}">', classes, self.label)


class Row(NamedTuple):
    """A record of the list: the key it is chosen by, where it opens (nowhere: empty), and its cells as HTML."""

    key: str
    address: str
    cells: SafeString


def lines_of(rows: Iterable[Row], *, picks: bool) -> SafeString:
    """The rows as lines of the table, each with a box before it when rows can be chosen."""
    choose = escape(_("Choose"))
    return mark_safe("\n".join(_line(row, _box(escape(row.key), choose) if picks else "") for row in rows))


def _line(row: Row, box: str) -> str:
    leads = f' data-href="{escape(row.address)}"' if row.address else ""
    return f'<tr{leads} data-key="{escape(row.key)}">{box}{row.cells}</tr>'


def _box(key: str, choose: str) -> str:
    return (
        '<td class="pick"><label><input class="form-check-input" type="checkbox" form="selection" name="number" '
        f'value="{key}" aria-label="{choose} {key}"></label></td>'
    )


class Table:
    """The columns of a list as this reader wants them: `chosen` names in their order, or the usual ones."""

    def __init__(self, columns: Sequence[Column], chosen: Sequence[str] = ()):
        self.known = {column.name: column for column in columns}
        names = wanted(chosen, list(self.known)) or [column.name for column in columns if column.usual]
        fixed = [column for column in columns if column.fixed]
        self.columns = fixed + [self.known[name] for name in names if not self.known[name].fixed]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def offered(self) -> tuple[tuple[str, str, bool], ...]:
        """Every column that may be chosen: name, label, whether it is shown. The shown ones first, in their order."""
        shown = self.names
        rest = [column for name, column in self.known.items() if name not in shown]
        every = [column for column in [*self.columns, *rest] if not column.fixed]
        return tuple((column.name, str(column.label), column.name in shown) for column in every)

    @property
    def fields(self) -> set[str]:
        """What has to be read of a record to show its row."""
        return {name for column in self.columns for name in column.fields}

    def heads(self, params: QueryDict) -> list[tuple[Head, str, Term | None]]:
        """Each head with the word of the glossary that explains it, and what that says."""
        heads = column_heads(params, [(column.label, column.ordering, column.numeric) for column in self.columns])
        return [(head, one.term, TERMS.get(one.term)) for head, one in zip(heads, self.columns, strict=True)]

    def rows(
        self, records: Iterable[Any], key: Callable[[Any], str], opens: Callable[[Any], str] | None = None
    ) -> list[Row]:
        """Each record as a row that `opens` its own page, or the one named here."""
        parts = [(column.opening, column.cell) for column in self.columns]
        opens = opens or (lambda record: record.get_absolute_url())
        return [Row(key(record), opens(record), _cells(parts, record)) for record in records]


def _cells(parts: list[tuple[SafeString, Callable[[Any], str]]], record: Any) -> SafeString:
    return mark_safe("".join([f"{opening}{_shown(cell(record))}</td>" for opening, cell in parts]))


def _shown(said: Any) -> str:
    return said if isinstance(said, SafeString) else escape(said)
