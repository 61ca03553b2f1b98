"""Groups and channels: who hangs below whom, without circles, also among customers that come in one call."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from archives.commands.bulk import Batch, Entry, advisory_lock, lookup, unknown_reference
from archives.models import Customer
from archives.rules.customers import on_cycle
from crm.core.models import User

TREES = ("parent", "distributor")
ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, {tree}_id FROM archives_customer WHERE id = ANY(%s)
    UNION
    SELECT higher.id, higher.{tree}_id FROM archives_customer AS higher JOIN above ON higher.id = above.{tree}_id
)
SELECT id, {tree}_id FROM above
"""


def lock_trees(batch: Batch) -> None:
    """Two calls that move customers wait for each other: each alone may be right, both together a circle."""
    if any(row.given.get(tree) for row in batch.rows for tree in TREES):
        advisory_lock("customer trees")


def hang(batch: Batch, entries: list[Entry], *, by: User) -> list[Entry]:
    """Resolve parents and distributors; the entries that are left.

    Refuses references that `by` cannot see and circles. A customer of the same call counts as there, unless it is new
    and fails itself – so this goes on until nobody else fails.
    """
    wanted = [entry.given.get(tree) for entry in entries for tree in TREES]
    stored = lookup(Customer.objects.visible_to(by), "number", wanted)
    while True:
        entries, failed = batch.remaining(entries), len(batch.failed)
        known = stored | {entry.new["number"]: entry.new["id"] for entry in entries}
        for tree in TREES:
            _refer(batch, entries, tree, known)
            _refuse_circles(batch, batch.remaining(entries), tree)
        if len(batch.failed) == failed:
            return entries


def _refer(batch: Batch, entries: Iterable[Entry], tree: str, known: dict[str, int]) -> None:
    for entry in entries:
        wanted = entry.given.get(tree)
        if wanted and wanted not in known:
            unknown_reference(batch, entry.row, tree)
        elif tree in entry.given:
            entry.new[f"{tree}_id"] = known[wanted] if wanted else None


def _refuse_circles(batch: Batch, entries: list[Entry], tree: str) -> None:
    moved = [entry for entry in entries if entry.new[f"{tree}_id"] and _moves(entry, tree)]
    if not moved:
        return
    above = _above({entry.new[f"{tree}_id"] for entry in moved}, tree)
    above |= {entry.new["id"]: entry.new[f"{tree}_id"] for entry in entries}
    for entry in moved:
        if on_cycle(above, entry.new["id"]):
            batch.fail(entry.row, tree, "cycle", _("A customer cannot stand above itself."))


def _moves(entry: Entry, tree: str) -> bool:
    return entry.old is None or entry.old[f"{tree}_id"] != entry.new[f"{tree}_id"]


def _above(ids: Iterable[int], tree: str) -> dict[int, Any]:
    """Who stands above these customers, and above those, as stored."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE.format(tree=tree), [list(ids)])
        return dict(cursor.fetchall())
