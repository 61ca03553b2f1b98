"""Measure Dossier beside a floor in the same run: `python -m bench.run [NAME …] [--rounds 5] [--write]`.

The database is the one that `bench.fill` filled. Each measurement runs the product and its floor in turn; the medians
and their ratio make one line of a table, which `--write` puts into bench/README.md. What is written meanwhile is taken
away again.
"""

import argparse
import csv
import io
import json
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from archives.models import Contact, Customer, Document, Invoice, Standing, Visit
from archives.queries.search import SHOWN
from archives.search import search_columns, search_condition
from bench import floor
from credit.commands.checks import check_order
from crm.core.commands import create_token
from crm.core.models import User
from crm.core.roles import TOKEN_SCOPES
from scoring.commands.ranking import rank_customers
from scoring.models import Segmentation

README = Path(__file__).with_name("README.md")
ITEMS = 10_000
CHECKS, THREADS = 200, 4
CHINESE = "晨光"
# A customer with many notes, people and papers, and one with one of each.
BOTH = {"BENCH-LONG": (5_000, 200, 500), "BENCH-SHORT": (1, 1, 1)}
# What people type into the box: one of each kind, and the worst.
TYPED = {
    "two Chinese characters": CHINESE,
    "initials": "cgzc",
    "pinyin": "chenguang",
    "the end of a phone number": "4471",
    "a number": "B-000123",
    "words of a visit": "停工检修",
    "a very common word": "公司",
    "nothing found": "龘靐",
}
TODAY = timezone.localdate()
Work = Callable[[], Any]


@dataclass(frozen=True)
class Measure:
    """One comparison. `ours` and `floor` prepare the work of a round, untimed; `times` it does the same in a round.

    What was written is taken away: by `tidy` after each round, by `after` in the end.
    """

    name: str
    ours: Callable[[int], Work]
    floor: Callable[[int], Work]
    tidy: Work = lambda: None
    after: Work = lambda: None
    times: int = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only measurements whose name holds one of these")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    asked = parser.parse_args()
    lines = list(table(asked.names, asked.rounds))
    if asked.write:
        text = README.read_text(encoding="utf-8")
        fresh = "<!-- table -->\n" + "\n".join(lines) + "\n<!-- end -->"
        README.write_text(re.sub(r"<!-- table -->.*<!-- end -->", fresh, text, flags=re.DOTALL), encoding="utf-8")


def table(names: list[str], rounds: int) -> Iterator[str]:
    for line in ("| measured | Dossier, ms | floor, ms | ratio |", "|---|---:|---:|---:|"):
        print(line)
        yield line
    for measure in measures():
        if not names or any(name in measure.name for name in names):
            ours, floor_ = compare(measure, rounds)
            line = f"| {measure.name} | {ours:,.1f} | {floor_:,.1f} | {ours / floor_:.1f} |"
            print(line, flush=True)
            yield line


def compare(measure: Measure, rounds: int) -> tuple[float, float]:
    """Medians in milliseconds, of one time; a first round warms up and does not count."""
    found: dict[str, list[float]] = {"ours": [], "floor": []}
    for number in range(rounds + 1):
        for side, prepare in (("ours", measure.ours), ("floor", measure.floor)):
            found[side].append(timed(prepare(number)) / measure.times)
        measure.tidy()
    measure.after()
    return statistics.median(found["ours"][1:]), statistics.median(found["floor"][1:])


def timed(work: Work) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def always(work: Work) -> Callable[[int], Work]:
    """Work that needs no preparing and is the same in every round."""
    return lambda _number: work


def measures() -> Iterator[Measure]:
    yield from pages()
    yield long_history()
    yield from search_box()
    yield records()
    yield from customers_bulk()
    yield from invoices_bulk()
    yield ranking()
    yield from order_checks()
    yield searching()


# --- Pages, and REST --------------------------------------------------------------------------------------------------


def pages() -> Iterator[Measure]:
    """In this process, through every middleware, as a credit manager who sees all; a floor shows as much."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="credit"))
    middle = Customer.objects.order_by("number")[Customer.objects.count() // 2].number
    for name, path, rows in (
        ("customer list", "/customers/", 50),
        ("customer list, by exposure", "/customers/?ordering=-exposure", 50),
        ("customer page", f"/customers/{middle}/", None),
        ("my day", "/", None),
        ("search page, two Chinese characters", f"/search/?q={CHINESE}", None),
        ("a page without content", "/settings/", None),
    ):
        bare = floor.client_of(floor.page_of_customers(rows or rows_of(client.get(path))))
        yield Measure(name, partial(opening, client, path), partial(opening, bare, path))


def long_history() -> Measure:
    """The page of a customer with years of notes, people and papers; its floor is the page of one with one of each."""
    long, short = (
        lambda turn, number=number: opening(reader_of_both(), f"/customers/{number}/", turn) for number in BOTH
    )
    return Measure("customer page, 5,000 notes beside a single one", long, short, after=forget_both)


@cache
def reader_of_both() -> Client:
    """Whoever opens the two customers; they are written when the first is asked for."""
    owner = User.objects.get(username="seller0")
    for number, (notes, people, papers) in BOTH.items():
        of = {"customer": Customer.objects.create(number=number, name=number, owner=owner)}
        Visit.objects.bulk_create(note(of | {"by": owner}, hours) for hours in range(notes))
        Contact.objects.bulk_create(Contact(**of, name=f"王伟{count}") for count in range(people))
        Document.objects.bulk_create(Document(**of, by=owner, title=f"合同{count}", size=1) for count in range(papers))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE archives_visit, archives_contact, archives_document")
    client = Client(SERVER_NAME="localhost")
    client.force_login(owner)
    return client


def note(of: dict[str, Any], hours: int) -> Visit:
    at = timezone.now() - timedelta(hours=hours)
    return Visit(**of, client_id=uuid.uuid4(), happened_at=at, kind="site", content="仓库库存偏高，轴承规格不全" * 5)


def forget_both() -> None:
    ours = Customer.objects.filter(number__in=BOTH)
    for model in (Visit, Contact, Document, Standing):
        model.objects.filter(customer__in=ours).delete()
    ours.delete()


def search_box() -> Iterator[Measure]:
    """What is typed, through every middleware; the floor shows as many lines as the box does of one kind."""
    asks = {"HX-Request": "true", "HX-Target": "found"}
    for reader in ("credit", "seller0"):
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.get(username=reader))
        bare = floor.client_of(floor.page_of_customers(SHOWN))
        for kind, typed in TYPED.items():
            path = f"/search/?q={typed}"
            yield Measure(
                f"search box, {kind}, {reader}", partial(opening, client, path, **asks), partial(opening, bare, path)
            )


class Texts(HTMLParser):
    """Counts the pieces of text in the main part of a page."""

    def __init__(self):
        super().__init__()
        self.inside, self.count = False, 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.inside = self.inside or tag == "main"

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "main"

    def handle_data(self, data: str) -> None:
        self.count += self.inside and bool(data.strip())


def rows_of(response: HttpResponse) -> int:
    """Rows of ten cells that hold as many pieces of text as the page does."""
    texts = Texts()
    texts.feed(response.content.decode())
    return max(1, round(texts.count / 10))


def opening(client: Client, path: str, _number: int, **headers: str) -> Work:
    def work() -> None:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.content[:500]

    return work


def token() -> dict[str, str]:
    expires_at = timezone.now() + timedelta(hours=2)
    return {"Authorization": f"Bearer {create_token('erp', by=None, scopes=TOKEN_SCOPES, expires_at=expires_at)[1]}"}


def records() -> Measure:
    path, client, view = "/api/v1/customers/?page_size=200", Client(SERVER_NAME="localhost"), floor.Records.as_view()
    request = RequestFactory().get("/")
    ours = partial(opening, client, path, **token())
    return Measure("GET customers, 200 a page", ours, always(lambda: view(request).render()))


# --- Syncs ------------------------------------------------------------------------------------------------------------


def customers_bulk() -> Iterator[Measure]:
    def item(prefix: str, number: int, change: str) -> dict[str, str]:
        name = f"杭州市新客户{number}轴承有限公司"
        return {
            "number": f"{prefix}{number}",
            "name": name,
            "phone": f"0571-{number:08d}",
            "postcode": f"31000{len(change)}",
        }

    def row(prefix: str, number: int, change: str) -> dict[str, Any]:
        known = item(prefix, number, change)
        return blank(Customer) | known | search_columns(name=known["name"], short_name="") | {"currency": "CNY"}

    yield from syncs("customers", Customer, item, row, ("standing", "customer"))


def invoices_bulk() -> Iterator[Measure]:
    buyers = list(Customer.objects.order_by("pk").values_list("number", "pk")[:1000])
    days = {"invoiced_on": str(TODAY), "due_on": str(TODAY + timedelta(days=30))}

    def item(prefix: str, number: int, change: str) -> dict[str, str]:
        of = buyers[number % len(buyers)][0]
        return {"number": f"{prefix}{number}", "customer": of, "amount": f"{1000 + len(change)}.00"} | days

    def row(prefix: str, number: int, change: str) -> dict[str, Any]:
        amount = f"{1000 + len(change)}.00"
        known = {"number": f"{prefix}{number}", "customer_id": buyers[number % len(buyers)][1], "currency": "CNY"}
        return blank(Invoice) | known | days | {"amount": amount, "open_amount": amount}

    yield from syncs("invoices", Invoice, item, row, ("invoice",))


def syncs(noun: str, model: type, item: Callable, row: Callable, tables: tuple[str, ...]) -> Iterator[Measure]:
    """First load, everything changed, nothing changed: over REST against COPY and upsert into the same table."""
    client, headers = Client(SERVER_NAME="localhost"), token()
    columns = [field.attname for field in model._meta.concrete_fields if field.attname != "id"]
    send = partial(posting, client, f"/api/v1/{noun}/bulk/", headers)
    for name, before, change in (("first load", None, ""), ("all changed", "", "x"), ("all the same", "", "")):

        def ours(turn: int, before=before, change=change) -> Work:
            prefix = f"OURS-{turn}-"
            if before is not None:
                send([item(prefix, number, before) for number in range(ITEMS)])()
            return send([item(prefix, number, change) for number in range(ITEMS)])

        def plain(turn: int, before=before, change=change) -> Work:
            prefix = f"FLOOR-{turn}-"
            if before is not None:
                floor.upsert(model._meta.db_table, "number", columns, as_csv(row, prefix, before))
            text = as_csv(row, prefix, change)
            return lambda: floor.upsert(model._meta.db_table, "number", columns, text)

        yield Measure(f"{noun}/bulk, {ITEMS:,} items, {name}", ours, plain, after=partial(forget, tables))


def posting(client: Client, path: str, headers: dict[str, str], items: list[dict]) -> Work:
    body, keyed = json.dumps({"items": items}), headers | {"Idempotency-Key": uuid.uuid4().hex}

    def work() -> None:
        answer = client.post(path, body, content_type="application/json", headers=keyed)
        assert answer.status_code == 200, answer.content[:500]

    return work


def blank(model: type) -> dict[str, Any]:
    """A row of which nothing is known; Django, not the database, has the defaults."""
    fields = [field for field in model._meta.concrete_fields if field.attname != "id"]
    return {field.attname: field.get_default() for field in fields} | dict.fromkeys(
        [field.attname for field in fields if field.attname in ("created_at", "updated_at")], str(timezone.now())
    )


def as_csv(row: Callable, prefix: str, change: str) -> io.StringIO:
    text = io.StringIO()
    rows = [row(prefix, number, change) for number in range(ITEMS)]
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writerows({name: "\\N" if value is None else value for name, value in one.items()} for one in rows)
    text.seek(0)
    return text


def forget(tables: tuple[str, ...]) -> None:
    """Take away what a sync wrote; tidy up, so that no later round pays for it."""
    mine = "number LIKE 'OURS-%' OR number LIKE 'FLOOR-%'"
    with connection.cursor() as cursor:
        if "standing" in tables:
            customers = f"SELECT id FROM archives_customer WHERE {mine}"
            cursor.execute(f"DELETE FROM archives_standing WHERE customer_id IN ({customers})")
        cursor.execute(f"DELETE FROM archives_{tables[-1]} WHERE {mine}")
        cursor.execute("UPDATE archives_standing SET refresh_due = false WHERE refresh_due")
        cursor.execute(f"VACUUM ANALYZE archives_{tables[-1]}, archives_standing")


# --- Ranking, order checks, search ------------------------------------------------------------------------------------


def ranking() -> Measure:
    first = Segmentation.objects.order_by("pk").values_list("pk", flat=True)[0]
    return Measure(
        "ranking all customers, a usual night",
        lambda number: partial(rank_customers, as_of=TODAY - timedelta(days=1 + number)),
        lambda number: partial(floor.rank, TODAY - timedelta(days=1 + number)),
        tidy=lambda: Segmentation.objects.exclude(pk=first).delete(),
    )


def order_checks() -> Iterator[Measure]:
    """One at a time, and as many threads at once as there are; on many customers, and all on one."""
    many = list(Customer.objects.order_by("pk")[:CHECKS])
    erp = User.objects.get(username="erp")
    for name, customers, threads in (
        ("order check, one at a time", many, 1),
        (f"order check, {THREADS} threads, many customers", many, THREADS),
        (f"order check, {THREADS} threads, one customer", many[:1] * CHECKS, THREADS),
    ):
        yield Measure(
            name,
            lambda _n, customers=customers, threads=threads: partial(
                at_once, threads, partial(checked, erp), customers
            ),
            lambda _n, customers=customers, threads=threads: partial(at_once, threads, partial(noted, erp), customers),
            tidy=forget_checks,
            times=CHECKS,
        )


def checked(erp: User, customer: Customer) -> None:
    order = {"order": f"BENCH-{uuid.uuid4().hex}", "amount": Decimal(10), "currency": "CNY"}
    check_order(customer=customer, **order, by=erp, today=TODAY)


def noted(erp: User, customer: Customer) -> None:
    floor.check_order(customer.pk, f"BENCH-{uuid.uuid4().hex}", erp.pk)


def at_once(threads: int, work: Callable[[Customer], None], customers: list[Customer]) -> None:
    def share(mine: list[Customer]) -> None:
        for customer in mine:
            work(customer)
        if threads > 1:
            connections.close_all()

    if threads == 1:
        return share(customers)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, [customers[start::threads] for start in range(threads)]))


def forget_checks() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE credit_reservation, credit_ordercheck, credit_creditaccount")
        cursor.execute("VACUUM ANALYZE archives_standing")


def searching() -> Measure:
    user, number = User.objects.get(username="credit"), Customer.objects.order_by("-number")[0].number[:6]
    found = Customer.objects.visible_to(user).filter(search_condition(CHINESE)).order_by().values_list("pk")[:20]
    assert "customer_grams" in found.explain(), found.explain()
    ours = always(lambda: list(found.all()))
    return Measure("finding 20 names by two Chinese characters", ours, always(partial(floor.find, number)))


if __name__ == "__main__":
    main()
