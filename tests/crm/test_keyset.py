"""Pages by key: every row once, forwards and backwards, whatever the ordering and however many NULLs."""

from decimal import Decimal

import pytest

from archives.models import Customer
from crm.core.errors import Invalid
from crm.core.keyset import capped_count, page_of
from tests.factories import CustomerFactory

LIMITS = [None, "5.00", "1.00", None, "5.00", "5.00", "3.00", None, "0.00"]
ORDERINGS = [
    ["number"],
    ["-number"],
    ["standing__limit"],
    ["-standing__limit"],
    ["-standing__exposure"],
    ["standing__segment", "-standing__limit", "name"],
    ["-updated_at"],
    ["pk"],
]


@pytest.fixture
def customers(db):
    for number, limit in enumerate(LIMITS):
        CustomerFactory(
            name=f"Name {number % 2}",
            standing__limit=limit and Decimal(limit),
            standing__exposure=Decimal(number % 3),
            standing__segment=[None, "A", "B"][number % 3],
        )
    return Customer.objects.select_related("standing")


def walk(queryset, *, size, backwards=False):
    """All primary keys in the order in which the pages show them."""
    pages, page = [], page_of(queryset, size=size)
    while page.next:
        pages.append(page)
        page = page_of(queryset, cursor=page.next, size=size)
    pages.append(page)
    if not backwards:
        return [row.pk for page in pages for row in page.rows]
    seen = [page.rows]
    while page.previous:
        page = page_of(queryset, cursor=page.previous, size=size)
        seen.insert(0, page.rows)
    return [row.pk for rows in seen for row in rows]


@pytest.mark.parametrize("ordering", ORDERINGS, ids=",".join)
@pytest.mark.parametrize("size", [1, 2, 4, 50])
def test_every_row_once_in_both_directions(customers, ordering, size):
    queryset = customers.order_by(*ordering)
    whole = [row.pk for row in page_of(queryset, size=100).rows]
    assert sorted(whole) == sorted(customers.values_list("pk", flat=True))
    assert walk(queryset, size=size) == whole
    assert walk(queryset, size=size, backwards=True) == whole


@pytest.mark.parametrize("ordering", ["standing__limit", "-standing__limit"])
def test_unknown_values_come_last(customers, ordering):
    limits = [row.standing.limit for row in page_of(customers.order_by(ordering), size=100).rows]
    assert limits[-3:] == [None] * 3
    assert limits[:-3] == sorted(limits[:-3], reverse=ordering.startswith("-"))


def test_first_and_last_page_say_so(customers):
    first = page_of(customers, size=5)
    assert first.previous is None
    last = page_of(customers, cursor=first.next, size=5)
    assert last.next is None
    assert page_of(customers, cursor=last.previous, size=5).previous is None


def test_rows_may_be_dictionaries(customers):
    rows = customers.order_by("-standing__exposure").values("id", "standing__exposure")
    first = page_of(rows, size=4)
    second = page_of(rows, cursor=first.next, size=4)
    assert not {row["id"] for row in first.rows} & {row["id"] for row in second.rows}


@pytest.mark.parametrize("cursor", ["x", "WzFd:abc", "\x00"])
def test_refuses_a_cursor_nobody_gave(customers, cursor):
    with pytest.raises(Invalid):
        page_of(customers, cursor=cursor)


def test_refuses_the_cursor_of_another_ordering(customers):
    cursor = page_of(customers.order_by("name"), size=2).next
    with pytest.raises(Invalid):
        page_of(customers.order_by("-name"), cursor=cursor)


def test_counts_no_further_than_the_cap(customers):
    assert capped_count(customers, 9) == (9, False)
    assert capped_count(customers, 8) == (8, True)
