"""Reading many items at once comes to the same as parsing them one by one, and lets nothing through that would not."""

import json

import pytest
from rest_framework.exceptions import ParseError

from archives import decoding
from archives.decoding import KINDS, TooMany, read_array, read_lines
from archives.parsing import parse_items

DAYS = {"invoiced_on": "2026-10-01", "due_on": "2026-11-01"}
GOOD = {
    "customers": [
        {"number": "C-1", "name": " 晨光 ", "credit_profile": {"settlement_day": 3}, "source_version": 7},
        {"number": "C-2", "name": ':"x":', "credit_profile": None, "owner": None, "operating_profile": {}},
        {"number": "C-3"},
    ],
    "sales": [
        {"customer": "C-1", "month": "2026-10", "amount": "1.00", "quantity": 1.5},
        {"customer": "C-1", "month": "2026-10", "product_line": "x/~y", "unit": "east", "quantity": 1, "cost": None},
    ],
    "orders": [{"number": "O-1", "customer": "C-1", "ordered_on": "2026-10-01", "amount": "1.5", "status": "open"}],
    "invoices": [
        {"number": "I-1", "customer": "C-1", "amount": "10.00", "disputed": True} | DAYS,
        {"number": "I-2", "open_amount": None, "unit": ""},
    ],
    "payments": [{"number": "P-1", "customer": "C-1", "paid_on": "2026-10-09", "amount": "4.00", "invoice": "I-1"}],
}
BAD = {
    "customers": [
        {"name": "A"},
        {"number": "Ｃ"},
        {"number": "C-9", "credit_profile": {"x": 1}},
        {"number": "C-8", "x": 1},
    ],
    "sales": [
        {"customer": None, "month": "2026-10"},
        {"month": "2026-13"},
        {"customer": "C", "month": "2026-1", "amount": 1},
    ],
    "orders": [{"number": "O-9", "amount": None}, {"number": "O-8", "amount": "1e5"}, {"number": 5}, [], None],
    "invoices": [
        {"number": "I-9", "disputed": 1},
        {"number": "I-8", "due_on": "2026-02-30"},
        {"number": "I-7"} | {"customer": ""},
    ],
    "payments": [{"number": ""}, {"number": "P-9", "currency": "XXQ"}, {"number": "P-8", "source_version": True}],
}


def same(items, kind, read):
    sheet, failed = read
    rows, bad = parse_items(items, kind.parse)
    assert (sheet.rows(), failed) == (rows, bad)


@pytest.mark.parametrize("noun", KINDS)
@pytest.mark.parametrize("indent", [None, 1])
def test_both_ways_come_to_the_same(noun, indent):
    kind, raw = KINDS[noun], json.dumps(GOOD[noun], indent=indent).encode()
    same(GOOD[noun], kind, read_array(raw, kind, most=100))
    mixed = [*BAD[noun], *GOOD[noun], *BAD[noun], *GOOD[noun]]
    same(mixed, kind, read_array(json.dumps(mixed).encode(), kind, most=100))
    same(mixed, kind, read_lines([json.dumps(item).encode() for item in mixed], kind))


def test_good_items_never_reach_the_careful_parser(monkeypatch):
    for noun, kind in KINDS.items():
        monkeypatch.setattr(decoding, "_read_each", None)
        items = [item for item in GOOD[noun] if ':"x":' not in item.values()]
        assert len(read_array(json.dumps(items).encode(), kind, most=100)[0].keys) == len(items)


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"number": "O-1", "number": "O-2"}]',
        b'[{"number" : "O-1", "status": "open", "status":"closed", "unit": "\\":"}]',
        b'[{"number": "\\u0000"}]',
        b'[{"number": "\\ud83d"}]',
        b'[{"number": "O-1", "amount": NaN}]',
        b'[{"number": "O-1"}',
        b'["\xff"]',
        b"[" * 100_000,
    ],
)
def test_what_is_no_clean_json_is_refused(raw):
    with pytest.raises(ParseError):
        read_array(raw, decoding.ORDERS, most=100)


@pytest.mark.parametrize("item", [b"1", b"{}", b'{"number":"x"}', b"[[1,2],{}]", b'"a,b"'])
def test_no_more_than_allowed(item):
    with pytest.raises(TooMany):
        read_array(b"[" + b" , ".join([item] * 4) + b" ]", decoding.ORDERS, most=3)
    read_array(b"[" + b" , ".join([item] * 3) + b" ]", decoding.ORDERS, most=3)
