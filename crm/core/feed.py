"""Reading the change feed.

Transactions do not commit in the order in which they write, so neither an id nor a clock orders a feed that is read
while others write. Here a change gets its position after its commit, from whoever looks next, one at a time: what is
committed later stands behind, and a reader who goes on from a position misses nothing.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.core.errors import Invalid, Refused
from crm.core.models import Change, FeedMark

NUMBERED, FORGOTTEN = "numbered", "forgotten"
STEP = 10_000
CURSOR = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})\Z")
NUMBER = """
UPDATE core_change AS change SET position = %s + fresh.nth
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM core_change
         WHERE position IS NULL ORDER BY id LIMIT %s) AS fresh
 WHERE change.id = fresh.id
"""
# A restored database counts on from an older position; a cursor that it never gave must not be taken for its own.
LIFE = """
SELECT left(md5(concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                          left(pg_walfile_name(pg_current_wal_lsn()), 8),
                          (SELECT oid FROM pg_database WHERE datname = current_database()))), 8)
"""


class CursorExpired(Refused):
    """The changes behind this cursor are no longer kept (HTTP 410)."""

    status = 410

    def __init__(self):
        sentence = _(
            "The changes after this cursor are no longer kept. Take a new one with after=latest, "
            "read all records once, and go on from there."
        )
        super().__init__(sentence, code="cursor_expired")


def number_changes() -> int:
    """Give positions to the changes that have none, a step in a transaction; the last position there is."""
    while Change.objects.filter(position=None).exists():
        if number_step() < STEP:
            break
    return mark(NUMBERED)


@transaction.atomic
def number_step() -> int:
    """Give positions to at most 10,000 changes, while nobody else does; how many they were."""
    FeedMark.objects.bulk_create([FeedMark(name=NUMBERED)], ignore_conflicts=True)
    numbered = FeedMark.objects.select_for_update().get(name=NUMBERED)
    with connection.cursor() as cursor:
        cursor.execute(NUMBER, [numbered.position, STEP])
        count = cursor.rowcount
    numbered.position += count
    numbered.save()
    return count


def changes_between(position: int, last: int) -> QuerySet[Change]:
    """The changes behind `position` up to `last`, in their order."""
    return Change.objects.filter(position__gt=position, position__lte=last).order_by("position")


def life() -> str:
    """What tells this database from one that was restored from a copy of it."""
    with connection.cursor() as cursor:
        cursor.execute(LIFE)
        return cursor.fetchone()[0]


def cursor_at(position: int, own_life: str) -> str:
    return f"{own_life}-{position}"


def position_of(cursor: str, own_life: str) -> int:
    """The position that a cursor names. Refuses what is no cursor, and one whose changes are forgotten."""
    found = CURSOR.match(cursor)
    if found is None:
        raise Invalid({"after": _("This is no cursor of this feed. Begin without one, or with after=latest.")})
    if found[1] != own_life or int(found[2]) < mark(FORGOTTEN):
        raise CursorExpired
    return int(found[2])


def mark(name: str) -> int:
    """How far `name` has come; 0 when it has not set out."""
    return FeedMark.objects.filter(name=name).values_list("position", flat=True).first() or 0


def set_mark(name: str, position: int) -> None:
    FeedMark.objects.update_or_create(name=name, defaults={"position": position})


def forget_before(moment: datetime) -> int:
    """Forget the changes made before `moment`, a step in a transaction; how many they were."""
    return sum(_forget_steps(moment))


def _forget_steps(moment: datetime) -> Iterator[int]:
    while True:
        with transaction.atomic():
            first = Change.objects.exclude(position=None).order_by("position").values_list("position", "at")[:STEP]
            old = [position for position, at in first if at < moment]
            if not old:
                return
            set_mark(FORGOTTEN, max(old))
            gone, _kinds = Change.objects.filter(position__lte=max(old)).delete()
        yield gone
