"""Of which kinds a customer has anything at all: most have little, and one statement saves one for each empty kind."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model

from archives.models import Customer

# A kind of record, and the column by which it hangs on a customer.
Kind = tuple[type[Model], str]


def look_through(customer: Customer, kinds: Sequence[Kind]) -> None:
    """Note which of these there are of the customer, for `has`. One statement."""
    asked = (f"EXISTS (SELECT FROM {kind._meta.db_table} WHERE {column} = %(customer)s)" for kind, column in kinds)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(asked)}", {"customer": customer.pk})
        customer.looked_through = dict(zip(kinds, cursor.fetchone(), strict=True))


def has(customer: Customer, kind: type[Model], column: str = "customer_id") -> bool:
    """Whether there is such a record of the customer; as long as nobody has looked, there may be."""
    return getattr(customer, "looked_through", {}).get((kind, column), True)
