"""The connector in curl of examples/: it brings a ledger in, survives being killed, and holds the sums against ours."""

import json
import os
import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from archives.models import Customer, Invoice, Order, Payment, SalesRecord
from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for
from tests.wire import Server, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.once]
SCRIPT = Path(__file__).parents[2] / "examples" / "sync.sh"
COUNT = 30
MODELS = {"customers": Customer, "sales": SalesRecord, "orders": Order, "invoices": Invoice, "payments": Payment}


@pytest.fixture
def folder(tmp_path) -> Path:
    """What the ERP has written, one file for each of its objects."""
    there = tmp_path / "out"
    there.mkdir()
    for noun, items in ledger().items():
        lines = [json.dumps(item, ensure_ascii=False) for item in items]
        (there / f"{noun}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return there


def ledger() -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {noun: [] for noun in MODELS}
    for n in range(COUNT):
        whose = {"customer": f"C-{n}", "currency": "CNY", "amount": f"{n * 1000 + 7}.{n:02d}"}
        found["customers"].append({"number": f"C-{n}", "name": f"晨光 {n}", "currency": "CNY"})
        found["sales"].append(whose | {"month": "2026-10", "amount": f"-{n}.05"})
        found["orders"].append(whose | {"number": f"SO-{n}", "ordered_on": "2026-10-01"})
        found["invoices"].append(whose | {"number": f"I-{n}", "invoiced_on": "2026-10-01", "due_on": "2026-11-01"})
        paid = {"number": f"P-{n}", "paid_on": "2026-11-01", "invoice": f"I-{n}"}
        found["payments"].append(whose | paid | {"amount": f"{n}.99"})
    return found


@pytest.fixture
def server(transactional_db, tmp_path):
    with serving(tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def environment(server: Server, erp) -> dict[str, str]:
    told = {"DOSSIER_URL": server.url, "DOSSIER_TOKEN": token_for(erp, *TOKEN_SCOPES), "BATCH": "10"}
    return os.environ | told


def sync(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    how = {"capture_output": True, "text": True, "timeout": 300, "check": False}
    return subprocess.run(["sh", str(SCRIPT), str(folder)], env=environment, **how)


def all_there() -> bool:
    return all(model.objects.count() == COUNT for model in MODELS.values())


def test_a_ledger_is_brought_and_agrees_to_the_cent(folder, environment):
    for _time in range(2):  # again, it changes nothing
        done = sync(folder, environment)
        assert done.returncode == 0, done.stderr
        assert all_there()
    told = sum(Decimal(item["amount"]) for item in ledger()["invoices"])
    assert f"invoices: {int(told * 100)} cents here and there" in done.stderr
    assert sum(Invoice.objects.values_list("open_amount", flat=True)) == told - sum(
        Decimal(item["amount"]) for item in ledger()["payments"]
    )


def test_a_sum_that_differs_is_said(folder, environment):
    assert sync(folder, environment).returncode == 0
    Payment.objects.filter(number="P-3").update(amount="4.00")
    done = sync(folder, environment)
    assert (done.returncode, "cents there" in done.stderr) == (1, True), done.stderr


def test_what_is_refused_is_shown(folder, environment):
    (folder / "sales.jsonl").write_text('{"customer": "C-1", "month": "2026-13", "amount": "1.00"}\n')
    done = sync(folder, environment)
    assert done.returncode == 1
    assert "/items/0/month" in done.stderr
    assert Invoice.objects.count() == COUNT, "the others go on"


def test_killed_half_way_with_its_server_and_started_again_it_ends_the_same(folder, environment, server):
    """Both die while orders come in; the second run brings the rest, and nothing twice."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(["sh", str(SCRIPT), str(folder)], env=environment, start_new_session=True, **quiet)
    try:
        until(lambda: Order.objects.exists(), "orders come in")
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    server.kill()
    server.start()
    done = sync(folder, environment)
    assert done.returncode == 0, done.stderr
    assert all_there()
