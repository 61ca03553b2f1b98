"""Twenty writers at once, transactions that last: a reader who follows misses nothing.

The control reads as one does naively, by the last id seen, and loses what slower transactions commit later.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from archives.models import Contact
from crm.core.feed import changes_between, number_changes
from crm.core.models import Change
from tests.factories import CustomerFactory

WRITERS, EACH = 20, 25
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def write(customer, number: int) -> None:
    """Some transactions are over at once, some dawdle between their writing and their commit; some are taken back."""
    chance = random.Random(number)
    try:
        for turn in range(EACH):
            with transaction.atomic():
                Contact.objects.create(customer=customer, name=f"{number}-{turn}")
                time.sleep(chance.choice([0, 0, 0.002, 0.02]))
                transaction.set_rollback(turn % 10 == 9)
    finally:
        connection.close()


@contextmanager
def writers():
    customer = CustomerFactory()
    with ThreadPoolExecutor(WRITERS) as pool:
        yield [pool.submit(write, customer, number) for number in range(WRITERS)]


def follow(look: Callable[[int], list[Change]], key: str) -> list[str]:
    """What a reader sees who goes on from the last `key` while the writers write, and once more when they ended."""
    last, seen, ended = 0, [], False
    with writers() as running:
        while not ended:
            ended = all(writer.done() for writer in running)
            rows = look(last)
            last = getattr(rows[-1], key) if rows else last
            seen += [row.key for row in rows if row.kind == "contact"]
        for writer in running:
            writer.result()
    return seen


def by_the_feed(last: int) -> list[Change]:
    return list(changes_between(last, number_changes()))


def naively(last: int) -> list[Change]:
    return list(Change.objects.filter(id__gt=last).order_by("id"))


def everything() -> list[str]:
    return sorted(str(pk) for pk in Contact.objects.values_list("pk", flat=True))


def test_nothing_is_missed_and_nothing_told_twice():
    assert sorted(follow(by_the_feed, "position")) == everything()


def test_the_naive_way_misses_some():
    assert set(follow(naively, "id")) < set(everything())


def test_a_record_is_told_in_the_order_of_its_changes():
    customer = CustomerFactory()
    contact = Contact.objects.create(customer=customer, name="0")

    def rename(number: int) -> None:
        try:
            with transaction.atomic():
                Contact.objects.select_for_update().get(pk=contact.pk)
                Contact.objects.filter(pk=contact.pk).update(name=str(number), title=f"Turn {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(rename, range(1, 60)))
    told = [row for row in by_the_feed(0) if row.kind == "contact"]
    assert [row.action for row in told] == ["created"] + ["updated"] * 59
    assert told == sorted(told, key=lambda row: row.at)
