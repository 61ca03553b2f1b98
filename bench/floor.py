"""The floor under each measurement: the same work with nothing of the product in it."""

from datetime import date

from django.core.handlers.exception import convert_exception_to_response
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.test.client import ClientHandler
from django.urls import ResolverMatch
from rest_framework.response import Response
from rest_framework.views import APIView

from archives.models import Customer
from archives.queries.records import COLUMNS, LAYER_COLUMNS, STANDING

ROWS = engines["django"].from_string(
    "<!doctype html><title>Floor</title><table>{% for row in rows %}<tr>"
    "<td>{{ row.number }}</td><td>{{ row.name }}</td><td>{{ row.region }}</td><td>{{ row.owner }}</td>"
    "<td>{{ row.standing.segment }}</td><td>{{ row.standing.grade }}</td><td>{{ row.standing.limit }}</td>"
    "<td>{{ row.standing.exposure }}</td><td>{{ row.standing.available }}</td><td>{{ row.standing.overdue }}</td>"
    "</tr>{% endfor %}</table>"
)
JOINED = Customer.objects.select_related("region", "owner", "standing").order_by("number")


def page_of_customers(count: int):
    """A view that renders so many customers, ten columns each, from one query, and does nothing else."""
    return lambda request: HttpResponse(ROWS.render({"rows": JOINED.all()[:count]}, request=HttpRequest()))


class Bare(ClientHandler):
    """Django between a client and one view: no middleware, and every address leads there."""

    def __init__(self, view):
        super().__init__()
        self.view = view
        self._middleware_chain = convert_exception_to_response(self._get_response)
        self._view_middleware = self._template_response_middleware = self._exception_middleware = ()

    def resolve_request(self, request) -> ResolverMatch:
        return ResolverMatch(self.view, (), {})


def client_of(view) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.handler = Bare(view)
    return client


class Records(APIView):
    """200 customers with every column of the REST interface, straight from `.values()`."""

    authentication_classes, permission_classes, filter_backends = (), (), ()

    def get(self, request) -> Response:
        layers = [path for columns in LAYER_COLUMNS.values() for path in columns.values()]
        columns = ["updated_at", *COLUMNS.values(), *layers, *(f"standing__{name}" for name in STANDING)]
        return Response(list(Customer.objects.order_by("number").values(*columns)[:200]))


def upsert(table: str, key: str, columns: list[str], text) -> None:
    """COPY and upsert: what is the same writes nothing. `text` is CSV with these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    changed = [name for name in columns if name not in (key, "created_at", "updated_at")]
    into = ", ".join(f'"{name}"' for name in changed)
    now, then = (", ".join(f'{side}."{name}"' for name in changed) for side in ("stored", "EXCLUDED"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE sent ON COMMIT DROP AS SELECT {names} FROM {table} WHERE false")
        cursor.copy_expert(f"COPY sent ({names}) FROM STDIN (FORMAT csv, NULL '\\N')", text)
        cursor.execute("DISCARD PLANS")  # the triggers' plans, as the product does: see archives/commands/store.py
        cursor.execute(
            f"INSERT INTO {table} AS stored ({names}) SELECT {names} FROM sent ON CONFLICT ({key}) DO UPDATE"
            f" SET ({into}) = ({then}) WHERE ({now}) IS DISTINCT FROM ({then})"
        )


RANK = """
CREATE TABLE bench_rank AS
WITH business AS (
    SELECT customer_id, sum(amount) AS sum FROM archives_salesrecord
     WHERE month >= date_trunc('month', %(as_of)s::date) - interval '12 months'
       AND month < date_trunc('month', %(as_of)s::date)
     GROUP BY customer_id
), valued AS (
    SELECT customer.id, customer.number, coalesce(business.sum, 0) AS business,
           round(coalesce(business.sum, 0) + coalesce(inputs.expected_increase, 0) * 0.5, 2) AS value
      FROM archives_customer customer LEFT JOIN business ON business.customer_id = customer.id
      LEFT JOIN archives_expectedvalueinputs inputs ON inputs.customer_id = customer.id
)
SELECT id, value, business, row_number() OVER (ORDER BY value DESC, business DESC, number COLLATE "C") AS rank
  FROM valued
"""


def rank(as_of: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_rank")
        cursor.execute(RANK, {"as_of": as_of})


CHECK = (
    "INSERT INTO credit_creditaccount (customer_id) VALUES (%(customer)s) ON CONFLICT DO NOTHING",
    "SELECT 1 FROM credit_creditaccount WHERE customer_id = %(customer)s FOR UPDATE",
    """SELECT (SELECT amount FROM credit_creditlimit WHERE customer_id = %(customer)s AND unit_id IS NULL
                AND current_date BETWEEN valid_from AND valid_until)
            - (SELECT coalesce(sum(open_amount), 0) FROM archives_invoice WHERE customer_id = %(customer)s
                AND open_amount > 0)
            - (SELECT coalesce(sum(open_amount + delivered_uninvoiced), 0) FROM archives_order
                WHERE customer_id = %(customer)s AND status = 'open')
            - (SELECT coalesce(sum(amount_base), 0) FROM credit_reservation
                WHERE customer_id = %(customer)s AND active)""",
    """WITH made AS (
           INSERT INTO credit_ordercheck ("order", customer_id, amount, currency, amount_base, decision, state, reasons,
                                          ways_out, binding, decision_reason, asked_by_id, checked_at)
           VALUES (%(order)s, %(customer)s, 10, 'CNY', 10, 'approved', 'open', '[]',
                   '[]', 'customer', '', %(by)s, now())
           RETURNING id)
       INSERT INTO credit_reservation (check_row_id, customer_id, "order", amount_base, until, active)
       SELECT id, %(customer)s, %(order)s, 10, current_date + 30, true FROM made""",
    "UPDATE archives_standing SET exposure = exposure + 10, available = available - 10"
    " WHERE customer_id = %(customer)s",
)


def check_order(customer: int, order: str, by: int) -> None:
    """Lock, add up, note the answer, reserve: the least that a check can be, in five statements."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in CHECK:
            cursor.execute(statement, {"customer": customer, "order": order, "by": by})


def find(number: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM archives_customer WHERE number LIKE %s LIMIT 20", [f"{number}%"])
        return [row[0] for row in cursor.fetchall()]
