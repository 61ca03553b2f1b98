#!/usr/bin/env python3
"""A small ERP client: push a CSV file of customers, sales, orders, invoices or payments into Dossier.

Plain Python, nothing to install. What it sends and how it behaves is what any ERP's connector should do:

- items go in batches, each with an `Idempotency-Key` made of its content: running it again after an interruption
  repeats nothing;
- network errors, 5xx and 429 are tried again, waiting longer each time;
- what the server refuses is printed with the row of the file, the field and the reason, and the exit code is 1.

    push_csv.py --url http://127.0.0.1:8000 --token dsr_… customers customers.csv
    push_csv.py --url … --token … invoices ledger.csv --date-format %m/%d/%Y --currency USD \\
        --map "number=invoiceNumber,customer=customerID,invoiced_on=InvoiceDate,due_on=DueDate,amount=InvoiceAmount"

`--map` names the column of each field; a value with braces is put together: `number=PAY-{invoiceNumber}`. Without it
the columns are named like the fields. Fields of a customer's layers have a dot: `credit_profile.credit_period_days`.
The token may stand in the environment as DOSSIER_TOKEN.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

OBJECTS = ("customers", "sales", "orders", "invoices", "payments")
ENCODINGS = ("utf-8-sig", "gb18030")
MONEY = {
    "amount", "cost", "target", "open_amount", "delivered_uninvoiced", "registered_capital", "paid_in_capital",
    "market_potential", "expected_increase",
}  # fmt: skip
DAYS = {
    "ordered_on", "invoiced_on", "due_on", "paid_on", "related_since", "license_valid_until", "opened_on",
    "operation_from", "operation_until",
}  # fmt: skip
NUMBERS = {"source_version", "credit_period_days", "settlement_day", "sales_staff", "operating_staff"}
YES, NO = {"yes", "y", "true", "1", "是"}, {"no", "n", "false", "0", "否"}
BUSY = {429, 500, 502, 503, 504}
SHOWN = 50
MOST_ITEMS = 10_000
BAR = 30


class Stop(Exception):
    """Going on makes no sense; the text says why."""


@dataclass
class Item:
    """One row of the file as an item of a call; `row` counts as a spreadsheet does, the header being 1."""

    row: int
    body: dict[str, Any]


@dataclass
class Outcome:
    """What became of the rows so far."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    taken_before: int = 0
    failures: list[tuple[int, str, str, str]] = field(default_factory=list)  # row, key, field, reason

    def add(self, answer: dict[str, Any]) -> None:
        self.created += answer["created"]
        self.updated += answer["updated"]
        self.unchanged += answer["unchanged"]


# Reading


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file by column, each with its number; UTF-8 or GB 18030, split by comma, semicolon or tab."""
    text = decoded(path.read_bytes())
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    for row, cells in enumerate(reader, start=2):
        yield row, {(name or "").strip(): (cell or "").strip() for name, cell in cells.items() if isinstance(cell, str)}


def decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Stop("The file is neither UTF-8 nor GB 18030.")


# From row to item


def parse_map(texts: list[str]) -> dict[str, str]:
    """`field=column,field=PAY-{column}` as a dictionary."""
    pairs = [pair.partition("=") for text in texts for pair in text.split(",") if pair.strip()]
    for name, equals, _source in pairs:
        if not equals:
            raise Stop(f"--map takes FIELD=COLUMN, not {name!r}.")
    return {name.strip(): source.strip() for name, _equals, source in pairs}


def items_of(rows: Iterator[tuple[int, dict[str, str]]], options: argparse.Namespace, outcome: Outcome) -> list[Item]:
    """The items to send; rows that say the same are sent once, rows that cannot be read are noted as failed."""
    items: dict[str, Item] = {}
    row = 1
    for row, cells in rows:
        try:
            body = item_body(cells, options)
        except ValueError as failure:
            outcome.failures.append((row, "", *failure.args))
        else:
            items.setdefault(json.dumps(body, sort_keys=True), Item(row, body))
    if row == 1:
        print("The file has no rows below its header.", file=sys.stderr)
    return list(items.values())


def item_body(cells: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    """The fields of one item, nested where a name has a dot; empty cells are left out."""
    sources = options.map or {name: name for name in cells}
    body: dict[str, Any] = {}
    if options.currency:
        body["currency"] = options.currency
    for name, source in sources.items():
        if text := cell(cells, source):
            layer, _dot, inner = name.rpartition(".")
            place = body.setdefault(layer, {}) if layer else body
            place[inner] = value(inner, text, options.date_format)
    return body


def cell(cells: dict[str, str], source: str) -> str:
    """The text that a column holds, or that is put together of several."""
    if "{" in source:
        return re.sub(r"\{([^}]*)\}", lambda found: cell(cells, found[1]), source)
    if source not in cells:
        raise Stop(f"The file has no column {source!r}. It has: {', '.join(cells)}.")
    return cells[source]


def value(name: str, text: str, date_format: str) -> Any:
    """A cell in the form that the interface wants for this field."""
    if name in MONEY:
        return converted(name, text, money)
    if name in DAYS:
        return converted(name, text, lambda day: datetime.strptime(day, date_format).date().isoformat())
    if name in NUMBERS:
        return converted(name, text, int)
    return converted(name, text, yes_or_no) if name == "disputed" else text


def converted(name: str, text: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(text)
    except (ValueError, InvalidOperation) as failure:
        raise ValueError(f"/{name}", f"{text!r} cannot be read here.") from failure


def money(text: str) -> str:
    """Two decimals; more of them stay as they are, for the server to refuse instead of us to round."""
    amount = Decimal(text.replace(",", "").replace(" ", ""))
    exact = amount.quantize(Decimal("0.01"))
    return f"{exact if exact == amount else amount:f}"


def yes_or_no(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError(text)
    return text.lower() in YES


# Sending


def push(items: list[Item], options: argparse.Namespace, outcome: Outcome) -> None:
    """Send all items, batch by batch."""
    for start in range(0, len(items), options.batch):
        batch = items[start : start + options.batch]
        push_batch(batch, options, outcome)
        show_progress(start + len(batch), len(items))


def push_batch(batch: list[Item], options: argparse.Namespace, outcome: Outcome) -> None:
    """Send one batch. When its kept answer from an earlier run has failures, those items get another chance."""
    body = body_of(batch, options)
    answer, replayed = call(body, key_of(body, options), options)
    outcome.taken_before += len(batch) - len(answer["errors"]) if replayed else 0
    if replayed and answer["errors"]:
        outcome.add(answer)
        batch = [batch[error["index"]] for error in answer["errors"]]
        answer, _replayed = call(body_of(batch, options), uuid.uuid4().hex, options)
    outcome.add(answer)
    for error in answer["errors"]:
        note_failure(error, batch, outcome)


def key_of(body: bytes, options: argparse.Namespace) -> str:
    """The same for the same items, so that a call sent twice counts once; `--again` asks for a new one."""
    return uuid.uuid4().hex if options.again else hashlib.sha256(options.object.encode() + body).hexdigest()


def body_of(batch: list[Item], options: argparse.Namespace) -> bytes:
    mode = "atomic" if options.atomic else "partial"
    call_body = {"items": [item.body for item in batch], "mode": mode, "dry_run": options.dry_run}
    return json.dumps(call_body, ensure_ascii=False, sort_keys=True).encode()


def call(body: bytes, key: str, options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """The server's answer, and whether it is one it kept from before. Patient with what passes by itself."""
    for attempt in range(options.retries + 1):
        try:
            with urllib.request.urlopen(request_of(body, key, options), timeout=options.timeout) as answer:
                return json.load(answer), answer.headers.get("Idempotent-Replay") == "true"
        except urllib.error.HTTPError as failure:
            told = failure.read()
            if failure.code == 422 and b'"errors"' in told and b'"created"' in told:
                return json.loads(told), False
            if failure.code not in BUSY:
                raise Stop(refusal(failure.code, told)) from failure
            wait(attempt, f"HTTP {failure.code}", failure.headers.get("Retry-After"))
        except (urllib.error.URLError, TimeoutError, ConnectionError) as failure:
            wait(attempt, str(getattr(failure, "reason", failure)))
    raise Stop(f"The server could not be reached in {options.retries + 1} attempts. Run this again to go on.")


def request_of(body: bytes, key: str, options: argparse.Namespace) -> urllib.request.Request:
    headers = {
        "Authorization": f"Bearer {options.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"csv-{options.object}-{key}",
    }
    url = f"{options.url.rstrip('/')}/api/v1/{options.object}/bulk/"
    return urllib.request.Request(url, data=body, headers=headers, method="POST")


def wait(attempt: int, why: str, retry_after: str | None = None) -> None:
    seconds = int(retry_after) if (retry_after or "").isdigit() else min(2**attempt, 60)
    print(f"\n{why}: waiting {seconds} s", file=sys.stderr)
    time.sleep(seconds)


def refusal(code: int, told: bytes) -> str:
    """The problem document in one line."""
    try:
        problem = json.loads(told)
    except ValueError:
        return f"The server refused the call: HTTP {code}."
    named = "; ".join(f"{error['pointer']} {error['detail']}" for error in problem.get("errors", [])[:5])
    return f"The server refused the call: {problem.get('detail', code)} {named}".strip()


# Telling


def note_failure(error: dict[str, Any], batch: list[Item], outcome: Outcome) -> None:
    row = batch[error["index"]].row
    for wrong in error["errors"]:
        place = wrong["pointer"].removeprefix(f"/items/{error['index']}") or "/"
        outcome.failures.append((row, str(error.get("key") or ""), place, wrong["detail"]))


def show_progress(done: int, total: int) -> None:
    filled = BAR * done // max(total, 1)
    end = "\n" if done == total or not sys.stderr.isatty() else ""
    print(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def report(outcome: Outcome) -> None:
    rows = {row for row, *_about in outcome.failures}
    print(f"created {outcome.created}, updated {outcome.updated}, unchanged {outcome.unchanged}, failed {len(rows)}")
    if outcome.taken_before:
        print(f"{outcome.taken_before} of these had been taken in an earlier run; --again sends them anew")
    for row, key, place, reason in sorted(outcome.failures)[:SHOWN]:
        print(f"row {row}  {key}  {place}  {reason}")
    if len(outcome.failures) > SHOWN:
        print(f"… and {len(outcome.failures) - SHOWN} more")


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("object", choices=OBJECTS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", required=True, help="where Dossier is, for example http://127.0.0.1:8000")
    parser.add_argument("--token", default=os.environ.get("DOSSIER_TOKEN", ""))
    parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN,…")
    parser.add_argument("--date-format", default="%Y-%m-%d", help="how the file writes days, for example %%m/%%d/%%Y")
    parser.add_argument("--currency", default="", help="of all items, where no column says it")
    parser.add_argument("--batch", type=int, default=2000, help="items per call, at most 10000")
    parser.add_argument("--atomic", action="store_true", help="one bad item fails its whole batch")
    parser.add_argument("--dry-run", action="store_true", help="let the server check everything and write nothing")
    parser.add_argument("--again", action="store_true", help="send anew what the server took in the last 72 hours")
    parser.add_argument("--retries", type=int, default=6)
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds per call")
    return parser


def check(options: argparse.Namespace) -> None:
    """What can be seen to be wrong before the first call."""
    if not options.url.startswith(("http://", "https://")):
        raise Stop(f"--url takes an address like http://127.0.0.1:8000, not {options.url!r}.")
    if not options.token:
        raise Stop("Give the token: --token, or DOSSIER_TOKEN in the environment.")
    if not options.token.isascii():
        raise Stop("This is not a token: it has letters beyond a to z.")
    if not 1 <= options.batch <= MOST_ITEMS:
        raise Stop(f"--batch takes a number from 1 to {MOST_ITEMS}.")


def sentence(failure: Exception) -> str:
    """What went wrong, without the numbers of the operating system."""
    told = isinstance(failure, OSError) and failure.filename and failure.strerror
    return f"{failure.filename}: {failure.strerror}." if told else str(failure)


def main() -> int:
    options = arguments().parse_args()
    outcome = Outcome()
    try:
        check(options)
        options.map = parse_map(options.map)
        push(items_of(read_rows(options.file), options, outcome), options, outcome)
    except (Stop, OSError) as failure:
        print(f"\n{sentence(failure)}", file=sys.stderr)
        report(outcome)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run this again to go on; nothing is doubled.", file=sys.stderr)
        return 130
    report(outcome)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
