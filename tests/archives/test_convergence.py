"""An ERP's ledger sent in disorder over a bad line: what stands in the end is what the ERP has.

Batches are shuffled, every twentieth call is cut off, each is sent up to three times, older versions after newer ones.
DOSSIER_CONTRACT_ROWS=100000 is the full size; the gate sends a few.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from archives.models import Customer, Invoice, Order, Payment, SalesRecord
from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for
from tests.wire import Erp, serving

pytestmark = [pytest.mark.slow, pytest.mark.once]
ROWS = int(os.environ.get("DOSSIER_CONTRACT_ROWS", "1500"))
SIZE = max(ROWS // 100, 25)  # items in a call
CUT, TIMES, ROUNDS = 0.05, 3, 6
NOUNS = ("customers", "orders", "sales", "invoices", "payments")
Item = dict[str, Any]


def ledger(rows: int) -> dict[str, list[Item]]:
    """What the ERP has, in its last version; of each customer an order, a month, five invoices and three payments."""
    dice = random.Random(11)
    customers = [
        {"number": f"C-{n:06d}", "name": f"Name {dice.random()}", "currency": "CNY"} for n in range(rows // 11)
    ]
    found: dict[str, list[Item]] = {noun: [] for noun in NOUNS} | {"customers": customers}
    for n, number in enumerate(customer["number"] for customer in customers):
        whose = {"customer": number, "currency": "CNY"}
        found["sales"].append(whose | {"month": "2026-10", "amount": money(dice)})
        found["orders"].append(whose | {"number": f"SO-{n}", "ordered_on": "2026-10-02", "amount": money(dice)})
        for nth in range(5):
            dated = {"invoiced_on": "2026-10-05", "due_on": "2026-11-04"}
            found["invoices"].append(whose | dated | {"number": f"I-{n}-{nth}", "amount": money(dice)})
        for nth in range(3):
            paid = {"number": f"P-{n}-{nth}", "paid_on": "2026-11-01", "invoice": f"I-{n}-{nth}"}
            found["payments"].append(whose | paid | {"amount": money(dice, most=90_000)})
    return {noun: [item | {"source_version": 2} for item in items] for noun, items in found.items()}


def money(dice: random.Random, most: int = 10_000_000) -> str:
    return f"{Decimal(dice.randrange(1, most)) / 100:.2f}"


def before(item: Item) -> Item:
    """What the ERP had before, where it was another."""
    other = {"name": "Former name"} if "name" in item else {"amount": "1.00"}
    return item | other | {"source_version": 1}


def told_twice(items: list[Item], dice: random.Random) -> list[Item]:
    """Everything in disorder: every third item was told in an older version, too, which may come later."""
    told = items + [before(item) for item in items[::3]]
    dice.shuffle(told)
    return told


def calls(items: list[Item]) -> list[list[Item]]:
    return [batch for start in range(0, len(items), SIZE) for batch in once_each(items[start : start + SIZE])]


def once_each(batch: list[Item]) -> Iterator[list[Item]]:
    """One call holds a key once: what is told twice goes into a second one."""
    first: dict[str, Item] = {}
    rest = []
    for item in batch:
        (rest.append(item) if key_of(item) in first else first.setdefault(key_of(item), item))
    yield from ([*first.values()], rest) if rest else ([*first.values()],)


def key_of(item: Item) -> str:
    return item["customer"] if "month" in item else item["number"]


def bring(erp: Erp, noun: str, items: list[Item], dice: random.Random, name: str) -> list[Item]:
    """Send all calls of a noun, four at once; the items that failed because something else is not there yet."""
    batches = calls(items)
    plans = [
        (batch, f"{noun}-{name}-{n}", dice.randint(1, TIMES), dice.random() < CUT) for n, batch in enumerate(batches)
    ]

    def send(plan: tuple) -> list[Item]:
        batch, key, times, cut = plan
        body, failed = {"items": batch}, []
        if cut:
            erp.cut(f"{noun}/bulk/", body, key)
        for nth in range(times):
            # Sent again with its key it is answered from memory; with another it must change nothing.
            answer = erp.post(f"{noun}/bulk/", body, key if nth < 2 else f"{key}-again")
            assert answer.status in (200, 207), answer
            failed = [batch[bad["index"]] for bad in answer.body["errors"]]
            assert {bad["errors"][0]["code"] for bad in answer.body["errors"]} <= {"unknown_reference"}, answer.body
        return failed

    with ThreadPoolExecutor(4) as pool:
        return [item for failed in pool.map(send, plans) for item in failed]


def test_what_stands_in_the_end_is_what_the_erp_has(transactional_db, erp, tmp_path):
    reference, dice = ledger(ROWS), random.Random(23)
    waiting = {noun: told_twice(items, dice) for noun, items in reference.items()}
    with serving(tmp_path / "server.log") as server:
        program = Erp(server.port, token_for(erp, *TOKEN_SCOPES))
        for nth in range(ROUNDS):
            for noun in sorted(NOUNS, key=lambda _noun: dice.random()):
                waiting[noun] = bring(program, noun, waiting[noun], dice, str(nth))
            if not any(waiting.values()):
                break
    assert not any(waiting.values()), "everything has arrived"
    assert stored() == expected(reference)


def stored() -> dict[str, dict[str, tuple]]:
    """What stands, by key."""
    numbered = {"orders": Order, "invoices": Invoice, "payments": Payment}
    return {
        "customers": {number: (name,) for number, name in Customer.objects.values_list("number", "name")},
        "sales": {
            number: (amount,) for number, amount in SalesRecord.objects.values_list("customer__number", "amount")
        },
        **{
            noun: {number: told for number, *told in model.objects.values_list("number", *shown(noun))}
            for noun, model in numbered.items()
        },
    }


def shown(noun: str) -> tuple[str, ...]:
    money = ("amount", "open_amount") if noun in ("orders", "invoices") else ("amount", "invoice__number")
    return ("customer__number", *money)


def expected(reference: dict[str, list[Item]]) -> dict[str, dict[str, tuple]]:
    """The same, added up from what the ERP has."""
    paid = {item["invoice"]: Decimal(item["amount"]) for item in reference["payments"]}

    def row(noun: str, item: Item) -> list:
        amount = Decimal(item["amount"])
        left = {"orders": amount, "invoices": max(amount - paid.get(item["number"], 0), Decimal(0))}
        return [item["customer"], amount, left.get(noun, item.get("invoice"))]

    return {
        "customers": {item["number"]: (item["name"],) for item in reference["customers"]},
        "sales": {item["customer"]: (Decimal(item["amount"]),) for item in reference["sales"]},
        **{
            noun: {item["number"]: row(noun, item) for item in reference[noun]}
            for noun in ("orders", "invoices", "payments")
        },
    }
