"""The ERP client of examples/: what it makes of a file, what it does when things go wrong, and a real ledger."""

import csv
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from archives.models import Customer, Invoice, Payment
from archives.queries.receivables import ageing, payment_behaviour
from crm.core.models import ExchangeRate
from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for
from tests.wire import until

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "push_csv.py"
LEDGER = ROOT.parent / "shared" / "data" / "receivables.csv"
LEDGER_MAPS = {
    "customers": "number=customerID,name=customerID",
    "invoices": "number=invoiceNumber,customer=customerID,invoiced_on=InvoiceDate,due_on=DueDate,"
    "amount=InvoiceAmount,disputed=Disputed",
    "payments": "number=PAY-{invoiceNumber},invoice=invoiceNumber,customer=customerID,paid_on=SettledDate,"
    "amount=InvoiceAmount",
}
DAY = date(2013, 6, 30)


@pytest.fixture(scope="module")
def push_csv():
    spec = importlib.util.spec_from_file_location("push_csv", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["push_csv"] = module
    spec.loader.exec_module(module)
    return module


def run(url: str, token: str, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPT), "--url", url, "--token", token, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("amount", "55.9", "55.90"),
        ("amount", "1,234.5", "1234.50"),
        ("amount", "0.005", "0.005"),
        ("amount", "1E3", "1000.00"),
        ("paid_on", "1/15/2013", "2013-01-15"),
        ("disputed", "Yes", True),
        ("disputed", "否", False),
        ("credit_period_days", "60", 60),
        ("name", "0045", "0045"),
    ],
)
def test_a_cell_becomes_what_the_interface_wants(push_csv, name, text, meant):
    assert push_csv.value(name, text, "%m/%d/%Y") == meant


@pytest.mark.parametrize(("name", "text"), [("amount", "twelve"), ("paid_on", "2013-31-01"), ("disputed", "perhaps")])
def test_a_cell_that_cannot_be_read_names_its_field(push_csv, name, text):
    with pytest.raises(ValueError) as refused:
        push_csv.value(name, text, "%Y-%m-%d")
    assert refused.value.args[0] == f"/{name}"


def test_fields_are_put_together_nested_and_left_out_when_empty(push_csv, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("编号;名称;天数\nC-1;晨光;60\nC-1;晨光;60\nC-2;;\n".encode("gb18030"))
    mapping = ["number=N-{编号},name=名称,credit_profile.credit_period_days=天数"]
    options = push_csv.arguments().parse_args(["customers", str(file), "--url", "x", "--map", *mapping])
    options.map = push_csv.parse_map(options.map)
    items = push_csv.items_of(push_csv.read_rows(file), options, push_csv.Outcome())
    first = {"number": "N-C-1", "name": "晨光", "credit_profile": {"credit_period_days": 60}}
    assert [(item.row, item.body) for item in items] == [(2, first), (4, {"number": "N-C-2"})]


@pytest.fixture
def moody() -> Iterator[tuple[str, list]]:
    """A server that is busy, then breaks, then answers; it keeps the keys it was sent."""
    keys: list[str] = []

    class Moody(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers["Idempotency-Key"])
            status = {1: 429, 2: 503}.get(len(keys), 200)
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(b'{"created": 1, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}')

        def log_message(self, *_words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", keys
    server.shutdown()


def test_it_tries_again_with_the_same_key(moody, tmp_path):
    url, keys = moody
    file = tmp_path / "customers.csv"
    file.write_text("number,name\nC-1,Chenguang\n")
    done = run(url, "t", "customers", str(file))
    assert (done.returncode, done.stdout) == (0, "created 1, updated 0, unchanged 0, failed 0\n")
    assert len(keys) == 3 and len(set(keys)) == 1


def test_it_says_which_column_is_missing(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("id,name\n1,Chenguang\n")
    done = run("http://127.0.0.1:9", "t", "customers", str(file), "--map", "number=nr")
    assert done.returncode == 1 and "no column 'nr'" in done.stderr


@pytest.fixture
def token(transactional_db, erp) -> str:
    return token_for(erp, *TOKEN_SCOPES)


def test_it_prints_what_failed_and_why_and_goes_on_where_it_left(live_server, token, tmp_path):
    file = tmp_path / "invoices.csv"
    file.write_text("number,customer,invoiced_on,due_on,amount\nI-1,C-1,2026-01-01,2026-02-01,10\n")
    failed = run(live_server.url, token, "invoices", str(file), "--currency", "CNY")
    assert failed.returncode == 1 and "row 2  I-1  /customer" in failed.stdout
    customers = tmp_path / "customers.csv"
    customers.write_text("number,name\nC-1,Chenguang\n")
    assert run(live_server.url, token, "customers", str(customers)).returncode == 0
    again = run(live_server.url, token, "invoices", str(file), "--currency", "CNY")
    assert (again.returncode, Invoice.objects.get().amount) == (0, 10), again.stdout + again.stderr


def test_what_the_server_took_before_is_said_and_sent_anew_when_asked(live_server, token, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("number,name\nC-1,Chenguang\n")
    run(live_server.url, token, "customers", str(file))
    Customer.objects.update(name="Somebody changed it")
    assert "1 of these had been taken in an earlier run" in run(live_server.url, token, "customers", str(file)).stdout
    assert "updated 1" in run(live_server.url, token, "customers", str(file), "--again").stdout
    assert Customer.objects.get().name == "Chenguang"


def by_hand(rows: list[dict[str, str]]) -> dict[str, object]:
    """Ageing, punctuality and DSO of the ledger, added up row by row."""
    total, disputed, invoiced, late_days = Decimal(0), Decimal(0), Decimal(0), []
    for row in rows:
        dated, due, settled = (day_of(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
        amount = Decimal(row["InvoiceAmount"])
        if dated > DAY:
            continue
        invoiced += amount if (DAY - dated).days < 365 else 0
        if settled <= DAY:
            late_days.append(max((settled - due).days, 0))
        else:
            total += amount
            disputed += amount if row["Disputed"] == "Yes" else 0
    mean = (Decimal(sum(late_days)) / len(late_days)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    dso = (total / invoiced * 365).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return {"total": total, "disputed": disputed, "settled": len(late_days), "mean": mean, "dso": dso}


def day_of(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()


@pytest.mark.slow
@pytest.mark.skipif(not LEDGER.exists(), reason="the real ledger is not here: ../shared/data/receivables.csv")
def test_a_real_ledger_gives_the_figures_that_adding_up_gives(live_server, token):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2013, 1, 1), rate=1)
    for noun, mapping in LEDGER_MAPS.items():
        words = ("--currency", "USD", "--date-format", "%m/%d/%Y", "--map", mapping)
        done = run(live_server.url, token, noun, str(LEDGER), *words)
        assert done.returncode == 0, done.stdout + done.stderr
    rows = list(csv.DictReader(LEDGER.open(encoding="utf-8-sig")))
    assert (Customer.objects.count(), Invoice.objects.count(), Payment.objects.count()) == (
        len({row["customerID"] for row in rows}), len(rows), len(rows),
    )  # fmt: skip
    old, how, expected = (
        ageing(Customer.objects.all(), DAY),
        payment_behaviour(Customer.objects.all(), DAY),
        by_hand(rows),
    )
    assert {
        "total": old.total, "disputed": old.disputed, "settled": how.invoices_settled, "mean": how.average_days_late,
        "dso": how.dso,
    } == expected  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--url", "nowhere"], "--url takes an address like"),
        (["--token", ""], "Give the token"),
        (["--token", "令牌"], "This is not a token"),
        (["--batch", "0"], "--batch takes a number from 1 to 10000."),
        (["--map", "number:customerID"], "--map takes FIELD=COLUMN, not 'number:customerID'."),
        ([], "none.csv: No such file or directory."),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(words, sentence):
    told = run("http://127.0.0.1:1", "dsr_x", *words, "customers", "none.csv")
    assert sentence in told.stderr
    assert (told.returncode, "Traceback" in told.stderr) == (1, False)


@pytest.mark.slow
def test_killed_half_way_and_started_again_it_ends_the_same(live_server, token, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("number,name\n" + "".join(f"C-{n},Customer {n}\n" for n in range(60)))
    command = [sys.executable, str(SCRIPT), "--url", live_server.url, "--token", token, "--batch", "3"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen([*command, "customers", str(file)], **quiet)
    try:
        until(lambda: Customer.objects.exists(), "customers come in")
    finally:
        running.kill()
        running.wait()
    again = run(live_server.url, token, "customers", str(file), "--batch", "3")
    assert again.returncode == 0, again.stderr
    assert set(Customer.objects.values_list("number", flat=True)) == {f"C-{n}" for n in range(60)}
