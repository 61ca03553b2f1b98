"""Customers come in from the ERP: ten thousand at a time, in any order, twice, late and with mistakes."""

import random
import time
from datetime import date
from decimal import Decimal

import pghistory
import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives.commands.bulk import Batch, Mode, State
from archives.commands.customers import upsert_customers
from archives.models import CreditProfile, Customer, Flag, Standing
from archives.parsing import parse_customer
from crm.core.models import AuditEntry
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


def push(items, *, by, today=date(2026, 11, 21), **how):
    return upsert_customers(Batch.read(items, parse_customer, **how), by=by, today=today)


def counts(batch):
    return (*(batch.count(state) for state in State), len(batch.failed))


def codes(batch):
    return [[(error.pointer, error.code) for error in bad.errors] for bad in batch.errors]


def events(model="CustomerEvent"):
    return apps.get_model("archives", model).objects.count()


def test_it_creates_with_layers_standing_and_search_columns(erp, region, seller):
    item = {
        "number": "C-1", "name": "杭州晨光軸承有限公司", "region": "ZJ", "owner": "seller",
        "credit_profile": {"registered_capital": "20000000.00", "credit_period_days": 60},
        "expected_value": {"expected_share": "0.30"},
    }  # fmt: skip
    assert counts(push([item], by=erp)) == (1, 0, 0, 0)
    customer = Customer.objects.get(number="C-1")
    assert (customer.region, customer.owner, customer.currency) == (region, seller, "CNY")
    assert customer.search_name == "杭州晨光轴承有限公司"
    assert customer.credit_profile.registered_capital == Decimal("20000000.00")
    assert customer.expected_value.expected_share == Decimal("0.30")
    assert customer.standing.refresh_due is False
    assert not hasattr(customer, "operating_profile")


def test_the_same_again_writes_nothing(erp, region):
    item = {"number": "C-1", "name": "A", "region": "ZJ", "credit_profile": {"registered_capital": "5.00"}}
    push([item], by=erp)
    before = Customer.objects.values().get(), events(), events("CreditProfileEvent"), AuditEntry.objects.count()
    assert counts(push([item], by=erp)) == (0, 0, 1, 0)
    assert (
        Customer.objects.values().get(),
        events(),
        events("CreditProfileEvent"),
        AuditEntry.objects.count(),
    ) == before


def test_only_given_fields_are_written(erp):
    push(
        [
            {
                "number": "C-1",
                "name": "A",
                "phone": "1",
                "credit_profile": {"settlement_day": 25, "payment_terms": "N60"},
            }
        ],
        by=erp,
    )
    assert counts(push([{"number": "C-1", "phone": "2", "credit_profile": {"settlement_day": 5}}], by=erp)) == (
        0,
        1,
        0,
        0,
    )
    customer = Customer.objects.get()
    assert (customer.name, customer.phone) == ("A", "2")
    assert (customer.credit_profile.settlement_day, customer.credit_profile.payment_terms) == (5, "N60")


def test_a_change_in_a_layer_alone_is_an_update_of_the_customer(erp):
    push([{"number": "C-1", "name": "A"}], by=erp)
    before, known = Customer.objects.get().updated_at, events()
    assert counts(push([{"number": "C-1", "credit_profile": {"settlement_day": 5}}], by=erp)) == (0, 1, 0, 0)
    assert Customer.objects.get().updated_at > before
    assert events() == known


def test_an_older_version_never_overwrites(erp):
    push([{"number": "C-1", "name": "new", "source_version": 7}], by=erp)
    assert counts(push([{"number": "C-1", "name": "old", "source_version": 6}], by=erp)) == (0, 0, 1, 0)
    assert Customer.objects.get().name == "new"


def test_a_newer_version_that_says_the_same_is_remembered_quietly(erp):
    push([{"number": "C-1", "name": "A", "source_version": 1}], by=erp)
    before, known = Customer.objects.get().updated_at, events()
    assert counts(push([{"number": "C-1", "name": "A", "source_version": 5}], by=erp)) == (0, 0, 1, 0)
    push([{"number": "C-1", "name": "B", "source_version": 3}], by=erp)
    assert (Customer.objects.get().name, Customer.objects.get().updated_at, events()) == ("A", before, known)


def test_a_bad_item_fails_alone_or_with_all(erp):
    items = [{"number": "C-1", "name": "A"}, {"number": "C-2", "name": "B", "tax_number": "９１"}]
    atomic = push(items, by=erp, mode=Mode.ATOMIC)
    assert (counts(atomic), Customer.objects.count()) == ((0, 0, 0, 1), 0)
    partial = push(items, by=erp)
    assert counts(partial) == (1, 0, 0, 1)
    assert (partial.errors[0].index, partial.errors[0].key) == (1, "C-2")
    assert codes(partial) == [[("/tax_number", "invalid")]]


def test_atomic_fails_for_a_reference_too(erp):
    items = [{"number": "C-1", "name": "A"}, {"number": "C-2", "name": "B", "region": "nowhere"}]
    assert counts(push(items, by=erp, mode=Mode.ATOMIC)) == (0, 0, 0, 1)
    assert not Customer.objects.exists()


def test_a_dry_run_tells_and_writes_nothing(erp):
    assert counts(push([{"number": "C-1", "name": "A"}], by=erp, dry_run=True)) == (1, 0, 0, 0)
    assert not Customer.objects.exists() and not AuditEntry.objects.exists()


def test_every_mistake_of_an_item_is_named(erp):
    bad = {
        "number": "Ｃ-1",
        "x": 1,
        "segment": "A",
        "currency": "XXQ",
        "credit_profile": {"registered_capital": 5, "y": 1},
    }
    assert codes(push([bad], by=erp)) == [
        [
            ("/number", "invalid"),
            ("/x", "unknown_field"),
            ("/segment", "read_only"),
            ("/currency", "invalid"),
            ("/credit_profile/registered_capital", "number"),
            ("/credit_profile/y", "unknown_field"),
        ]
    ]


def test_a_new_customer_needs_a_name(erp):
    assert codes(push([{"number": "C-1"}], by=erp)) == [[("/name", "required")]]


def test_the_same_key_twice_fails_the_later(erp):
    batch = push([{"number": "C-1", "name": "A"}, {"number": "C-1", "name": "B"}], by=erp)
    assert (counts(batch), codes(batch)) == ((1, 0, 0, 1), [[("", "duplicate")]])
    assert Customer.objects.get().name == "A"


def test_parents_may_come_in_the_same_call_in_any_order(erp):
    batch = push([{"number": "C-1", "name": "A", "parent": "C-2"}, {"number": "C-2", "name": "B"}], by=erp)
    assert counts(batch) == (2, 0, 0, 0)
    assert Customer.objects.get(number="C-1").parent.number == "C-2"


def test_a_child_fails_with_its_new_parent(erp):
    items = [{"number": "C-1", "name": "A", "parent": "C-2"}, {"number": "C-2", "name": "B", "parent": "C-9"}]
    assert codes(push(items, by=erp)) == [[("/parent", "unknown_reference")], [("/parent", "unknown_reference")]]


def test_unknown_references_fail_the_item(erp):
    item = {"number": "C-1", "name": "A", "region": "x", "unit": "y", "owner": "z", "distributor": "C-9"}
    found = codes(push([item], by=erp))[0]
    assert found[:3] == [
        ("/region", "unknown_reference"),
        ("/unit", "unknown_reference"),
        ("/owner", "unknown_reference"),
    ]


@pytest.mark.parametrize("tree", ["parent", "distributor"])
def test_circles_are_refused(erp, tree):
    push(
        [
            {"number": "C-1", "name": "A"},
            {"number": "C-2", "name": "B", tree: "C-1"},
            {"number": "C-3", "name": "C", tree: "C-2"},
        ],
        by=erp,
    )
    assert codes(push([{"number": "C-1", tree: "C-3"}], by=erp)) == [[(f"/{tree}", "cycle")]]
    assert codes(push([{"number": "C-1", tree: "C-1"}], by=erp)) == [[(f"/{tree}", "cycle")]]
    both = push([{"number": "D-1", "name": "D", tree: "D-2"}, {"number": "D-2", "name": "E", tree: "D-1"}], by=erp)
    assert codes(both) == [[(f"/{tree}", "cycle")]] * 2


def test_a_changed_fact_asks_for_one_review(erp, today):
    push(
        [
            {
                "number": "C-1",
                "name": "A",
                "legal_representative": "Li",
                "credit_profile": {"registered_capital": "5.00"},
            }
        ],
        by=erp,
    )
    assert not Flag.objects.exists()
    push([{"number": "C-1", "legal_representative": "Wang", "address": "first known"}], by=erp)
    push([{"number": "C-1", "credit_profile": {"registered_capital": "4.00"}}], by=erp)
    flag = Flag.objects.get()
    assert (flag.reason, flag.raised_on) == ("limit_review", today)
    assert flag.data["causes"] == ["legal_representative", "registered_capital"]
    assert flag.data["changes"][0] == {"cause": "legal_representative", "old": "Li", "new": "Wang"}


def test_the_history_knows_who(erp):
    push([{"number": "C-1", "name": "A"}], by=erp)
    assert pghistory.models.Events.objects.get(pgh_model="archives.CustomerEvent").pgh_context["user"] == erp.pk


def test_a_seller_owns_what_they_create_and_assigns_nothing(seller, colleague):
    push([{"number": "C-1", "name": "A"}], by=seller)
    assert Customer.objects.get().owner == seller
    assert codes(push([{"number": "C-1", "owner": "colleague"}], by=seller)) == [[("/owner", "not_allowed")]]
    assert codes(push([{"number": "C-2", "name": "B", "owner": "colleague"}], by=seller)) == [
        [("/owner", "not_allowed")]
    ]


def test_a_customer_of_others_is_not_there(outsider, customer):
    assert codes(push([{"number": customer.number, "phone": "1"}], by=outsider)) == [[("/number", "not_found")]]


@pytest.mark.slow
def test_changing_many_takes_no_longer_than_creating_them(erp):
    """The trigger of the history plans anew for many rows; with the plan of a few it compares each with every other."""

    def seconds(phone):
        begun = time.perf_counter()
        push([{"number": f"C-{n}", "name": f"Bearings {n} Ltd", "phone": phone} for n in range(5_000)], by=erp)
        return time.perf_counter() - begun

    created, changed = seconds("1"), seconds("2")
    assert changed < 2 * created


def test_statements_do_not_grow_with_the_rows(erp, region, django_assert_max_num_queries):
    def items(count):
        return [
            {"number": f"C-{n}", "name": f"N {n}", "region": "ZJ", "credit_profile": {"settlement_day": 3}}
            for n in range(count)
        ]

    with django_assert_max_num_queries(25) as few:
        push(items(1), by=erp)
    CreditProfile.objects.all().delete(), Standing.objects.all().delete(), Customer.objects.all().delete()
    with django_assert_max_num_queries(len(few)):
        push(items(100), by=erp)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), size=st.integers(1, 4))
def test_shuffled_batches_converge(erp, seed, size):
    """Whatever the order and however often: the newest version of each customer is what stands in the end."""
    Standing.objects.all().delete(), Customer.objects.all().delete()
    shuffled, newest = random.Random(seed), {}
    items = [
        {"number": f"C-{n}", "name": f"{n} version {version}", "phone": str(version), "source_version": version}
        for n in range(4)
        for version in range(1, 5)
    ]
    shuffled.shuffle(items)
    for at in range(0, len(items), size):
        batch = {item["number"]: item for item in items[at : at + size]}
        newest = {number: max(newest.get(number, 0), item["source_version"]) for number, item in batch.items()} | {
            number: version for number, version in newest.items() if number not in batch
        }
        push(batch.values(), by=erp)
    assert dict(Customer.objects.values_list("number", "phone")) == {key: str(value) for key, value in newest.items()}


def test_a_standing_customer_of_the_factory_can_be_changed(erp):
    CustomerFactory(number="C-7")
    assert counts(push([{"number": "C-7", "status": "dormant"}], by=erp)) == (0, 1, 0, 0)
