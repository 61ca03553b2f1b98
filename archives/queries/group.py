"""Who belongs together: the customer's group, its sisters and daughters, and whom it supplies in turn."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from archives.models import Customer
from archives.queries.there import has
from crm.core.models import Region, User

SHOWN = 8
BELOW = """
WITH RECURSIVE tree(id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT below.id FROM archives_customer below JOIN tree ON below.parent_id = tree.id
)
SELECT id FROM tree ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Group:
    """The parent by name – a fact of the customer's –, and of the others those that the reader may see."""

    parent: Customer | None
    parent_open: bool
    members: list[Customer]
    more: bool
    distributor: Customer | None
    indirect: int

    @property
    def empty(self) -> bool:
        return not (self.parent or self.members or self.distributor or self.indirect)


def group_of(customer: Customer, *, reader: User) -> Group:
    """Asks nothing where there is no group, as with most, once the customer was looked through; else four at most."""
    has_daughters, supplies = has(customer, Customer, "parent_id"), has(customer, Customer, "distributor_id")
    seen = Customer.objects.visible_to(reader)
    rows = _family(customer, seen) if customer.parent_id or has_daughters else []
    return Group(
        parent=customer.parent,
        parent_open=any(row.pk == customer.parent_id for row in rows),
        members=_members(customer, rows[:SHOWN]),
        more=len(rows) > SHOWN,
        distributor=customer.distributor,
        indirect=seen.filter(distributor=customer).count() if supplies else 0,
    )


def _family(customer: Customer, seen: QuerySet[Customer]) -> list[Customer]:
    """The first of its parent, its sisters, itself and its daughters."""
    family = Q(parent=customer) | Q(pk=customer.pk)
    if customer.parent_id:
        family |= Q(parent=customer.parent_id) | Q(pk=customer.parent_id)
    return list(seen.filter(family).select_related("standing").order_by("number")[: SHOWN + 1])


def _members(customer: Customer, rows: list[Customer]) -> list[Customer]:
    """The group's companies without its head; nobody, if there is only the customer itself."""
    members = [row for row in rows if row.pk != customer.parent_id]
    return members if customer.parent_id or len(members) > 1 else []


def below(customer_ids: Iterable[int]) -> list[int]:
    """The ids of these customers and of everybody below them in their groups."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, [list(customer_ids)])
        return [row[0] for row in cursor.fetchall()]


def region_path(region: Region | None) -> str:
    """The region below its own region, as in "Zhejiang / Hangzhou"; the country is understood."""
    return " / ".join(str(one) for one in (region and region.parent, region) if one)
