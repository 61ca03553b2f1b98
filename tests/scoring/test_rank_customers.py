"""Ranking all customers: who is ranked, in which class, who moved, who is core; as a job and over REST."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models.expressions import RawSQL
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archives.models import Customer, ExpectedValueInputs, SalesRecord, Standing
from crm.core import jobs
from crm.core.errors import NotAllowed, Refused
from crm.core.models import ExchangeRate, Job, Policy
from scoring import rules
from scoring.commands.ranking import rank_customers, start_ranking
from scoring.models import Segmentation, SegmentationMember
from tests.factories import CustomerFactory, SalesRecordFactory

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 21)


def buyers(count, **fields):
    """Customers C-000 … whose business falls from one to the next."""
    rows = [CustomerFactory(number=f"C-{n:03}", **fields) for n in range(count)]
    for n, customer in enumerate(rows):
        SalesRecordFactory(customer=customer, amount=Decimal(1000 * (count - n)))
    return rows


def expect(customer, **fields):
    return ExpectedValueInputs.objects.create(customer=customer, **fields)


def places():
    """(number, segment) of the latest ranking, in its order."""
    latest = Segmentation.objects.latest("pk")
    return list(latest.members.order_by("rank").values_list("customer__number", "segment"))


def segments():
    return "".join(segment for _number, segment in places())


@pytest.mark.parametrize(("count", "classes"), [(20, "AAABBBB" + "C" * 13), (7, "ABCCCCC"), (1, "A")])
def test_shares(count, classes):
    buyers(count)
    outcome = rank_customers(as_of=AS_OF)
    assert segments() == classes
    assert outcome.counts == {letter: classes.count(letter) for letter in "ABC"}
    assert Standing.objects.filter(segment="A").count() == classes.count("A")


def test_expected_nothing_is_C_even_in_front():
    CustomerFactory(number="C-1")
    rank_customers(as_of=AS_OF)
    assert places() == [("C-1", "C")]


def test_potential_customers_are_ranked_once_market_and_share_are_known():
    known, unknown = (
        CustomerFactory(number="C-1", status="potential"),
        CustomerFactory(number="C-2", status="potential"),
    )
    expect(known, market_potential="12000000.00", expected_share="0.3000")
    expect(unknown, market_potential="12000000.00")
    SalesRecordFactory(customer=unknown)
    rank_customers(as_of=AS_OF)
    member = SegmentationMember.objects.get()
    assert (member.customer, member.expected_value) == (known, Decimal("1800000.00"))


def test_closed_and_blacklisted_customers_leave_the_ranking_and_lose_their_class():
    first, second, third = buyers(3)
    rank_customers(as_of=AS_OF)
    Customer.objects.filter(pk=first.pk).update(status="closed")
    Customer.objects.filter(pk=second.pk).update(status="blacklisted")
    rank_customers(as_of=AS_OF)
    assert places() == [(third.number, "A")]
    assert set(Standing.objects.values_list("customer__number", "segment")) == {
        (first.number, None),
        (second.number, None),
        (third.number, "A"),
    }


def test_business_is_that_of_the_last_twelve_full_months():
    customer = CustomerFactory()
    for month, amount in (("2025-10", 1), ("2025-11", 20), ("2026-10", 300), ("2026-11", 4000)):
        SalesRecordFactory(customer=customer, month=date.fromisoformat(f"{month}-01"), amount=amount)

    def business(as_of):
        rank_customers(as_of=date.fromisoformat(as_of))
        return Segmentation.objects.latest("pk").members.get().current_business

    assert business("2026-11-21") == 320
    assert business("2026-11-29") == 320
    assert business("2026-11-30") == 4300


def test_additional_volume_counts_by_its_probability():
    for number, level in enumerate(("high", "medium", "low")):
        expect(CustomerFactory(number=f"C-{number}"), expected_increase="1000.01", probability=level)
    rank_customers(as_of=AS_OF)
    values = SegmentationMember.objects.order_by("rank").values_list("expected_value", flat=True)
    assert list(values) == [Decimal("800.01"), Decimal("500.01"), Decimal("200.00")]


def test_ties_go_by_business_then_by_number():
    by_plan = CustomerFactory(number="C-1")
    expect(by_plan, expected_increase="200.00")
    for number in ("c-9", "C-9", "C-10"):
        SalesRecordFactory(customer=CustomerFactory(number=number), amount=100)
    rank_customers(as_of=AS_OF)
    assert [number for number, _segment in places()] == ["C-10", "C-9", "c-9", "C-1"]


def test_foreign_money_is_ranked_in_the_base_currency():
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 1), rate="7.12345678")
    customer = CustomerFactory(currency="USD")
    SalesRecordFactory(customer=customer, currency="USD", amount="100.00")
    SalesRecordFactory(customer=customer, month=date(2026, 9, 1), amount="0.50")
    expect(customer, expected_increase="10.00", probability="low")
    rank_customers(as_of=AS_OF)
    member = SegmentationMember.objects.get()
    assert member.current_business == Decimal("712.85")  # 712.345678 + 0.50
    assert member.expected_value == Decimal("727.09")  # + 14.24691356


def test_a_currency_without_a_rate_stops_the_job_with_its_name(credit_manager):
    buyers(2)
    SalesRecordFactory(currency="XAU")
    job = start_ranking(as_of=AS_OF, by=credit_manager, today=AS_OF)
    jobs.run(jobs.claim(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "XAU" in job.message
    assert not Segmentation.objects.exists()
    assert not Standing.objects.exclude(segment=None).exists()


def test_sales_that_nobody_counts_need_no_rate():
    buyers(1)
    SalesRecordFactory(currency="XAU", month=date(2019, 1, 1))
    assert rank_customers(as_of=AS_OF).ranked == 2


def test_movers_are_kept_with_their_class_before():
    first, *_others, last = buyers(7)
    assert rank_customers(as_of=AS_OF).moved == 0
    SalesRecordFactory(customer=last, amount=9_999_999, product_line="new")
    outcome = rank_customers(as_of=AS_OF)
    moved = SegmentationMember.objects.filter(segmentation=outcome.segmentation).exclude(segment="C", previous="C")
    assert set(moved.values_list("customer__number", "previous", "segment")) == {
        (last.number, "C", "A"),
        (first.number, "A", "B"),
        ("C-001", "B", "C"),
    }
    assert outcome.moved == 3
    assert Standing.objects.get(customer=last).segment == "A"


def test_the_same_again_keeps_nothing_new():
    buyers(7)
    first = rank_customers(as_of=AS_OF)
    again = rank_customers(as_of=AS_OF)
    assert (again.segmentation, again.unchanged) == (first.segmentation, True)
    assert Segmentation.objects.count() == 1
    assert not rank_customers(as_of=date(2026, 11, 22)).unchanged
    assert Segmentation.objects.count() == 2


def test_an_unchanged_ranking_still_mends_a_standing():
    customer, *_others = buyers(7)
    rank_customers(as_of=AS_OF)
    Standing.objects.filter(customer=customer).update(segment="C")
    rank_customers(as_of=AS_OF)
    assert Standing.objects.get(customer=customer).segment == "A"


def test_a_job_that_is_run_twice_ranks_once(credit_manager):
    buyers(7)
    job = start_ranking(as_of=AS_OF, by=credit_manager, today=AS_OF)
    first = rank_customers(as_of=AS_OF, by=credit_manager, job=job)
    SalesRecordFactory(amount=5)
    assert rank_customers(as_of=AS_OF, by=credit_manager, job=job) == first
    assert Segmentation.objects.count() == 1


def test_a_job_killed_in_the_middle_leaves_nothing_and_is_done_again(credit_manager, monkeypatch):
    buyers(7)
    job = start_ranking(as_of=AS_OF, by=credit_manager, today=AS_OF)

    def killed(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("scoring.commands.ranking.audit.record", killed)
        jobs.run(jobs.claim(job.pk))
    assert not Segmentation.objects.exists()
    assert not Standing.objects.exclude(segment=None).exists()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    done = jobs.run(jobs.claim(job.pk))
    assert (done.state, done.attempts) == (Job.State.DONE, 2)
    assert Segmentation.objects.count() == 1
    assert (done.done, done.total, done.result["ranked"]) == (2, 2, 7)


def test_only_changed_standings_are_written():
    def versions():
        return dict(
            Standing.objects.annotate(version=RawSQL("archives_standing.ctid::text", [])).values_list("pk", "version")
        )

    buyers(7)
    rank_customers(as_of=AS_OF)
    before = versions()
    SalesRecordFactory(customer=Customer.objects.get(number="C-006"), amount=1, product_line="new")
    rank_customers(as_of=AS_OF)
    assert versions() == before
    SalesRecordFactory(customer=Customer.objects.get(number="C-006"), amount=9_999, product_line="more")
    rank_customers(as_of=AS_OF)
    assert len(versions().items() - before.items()) == 3


# --- Core customers --------------------------------------------------------------------------------------------------
def old_buyer(number, yearly, since="2020-01-01", status="active"):
    customer = CustomerFactory(number=number, related_since=since, status=status)
    for year in (2023, 2024, 2025):
        SalesRecordFactory(customer=customer, month=date(year, 6, 1), amount=yearly)
    return customer


def core():
    return set(Standing.objects.filter(core=True).values_list("customer__number", flat=True))


def test_core_is_large_for_three_years_and_long_with_us():
    old_buyer("C-1", "5000000.00")
    old_buyer("C-2", "4999999.99")
    old_buyer("C-3", "9000000.00", since="2023-11-22")
    old_buyer("C-4", "9000000.00", since="2023-11-21")
    old_buyer("C-5", "9000000.00", since=None)
    old_buyer("C-6", "9000000.00", status="closed")
    this_year = CustomerFactory(number="C-7", related_since="2010-01-01")
    SalesRecordFactory(customer=this_year, amount="90000000.00")
    outcome = rank_customers(as_of=AS_OF)
    assert core() == {"C-1", "C-4"}
    assert outcome.core == 2
    assert Segmentation.objects.get().core["sales"] == "42000000.00"


def test_the_largest_come_first_up_to_the_cap():
    Policy.objects.create(pk=1, core_cap=2)
    for number, yearly in (("C-1", 6_000_000), ("C-2", 8_000_000), ("C-3", 7_000_000)):
        old_buyer(number, yearly)
    rank_customers(as_of=AS_OF)
    assert core() == {"C-2", "C-3"}
    Policy.objects.update(core_cap=1)
    rank_customers(as_of=AS_OF)
    assert core() == {"C-2"}


# --- The SQL says what the rules say ---------------------------------------------------------------------------------
MONEY = st.decimals("-100", "1000", places=2)
INPUTS = st.fixed_dictionaries(
    {
        "potential": st.booleans(),
        "business": MONEY,
        "expected_increase": st.none() | MONEY,
        "market_potential": st.none() | st.decimals(0, 1000, places=2),
        "expected_share": st.none() | st.decimals(0, 1, places=4),
        "level": st.sampled_from(["high", "medium", "low"]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INPUTS, min_size=1, max_size=12))
def test_the_statements_agree_with_the_rules(db, rows):
    for model in (Segmentation, ExpectedValueInputs, SalesRecord, Customer):
        model.objects.all().delete()
    policy, wanted = Policy(), []
    for n, row in enumerate(rows):
        customer = CustomerFactory(number=f"C-{n:02}", status="potential" if row["potential"] else "active")
        SalesRecordFactory(customer=customer, amount=row["business"])
        names = ("expected_increase", "market_potential", "expected_share")
        expect(customer, probability=row["level"], **{name: row[name] for name in names})
        value = rules.expected_value(
            potential=row["potential"],
            current_business=row["business"],
            probability=policy.probability(row["level"]),
            **{name: row[name] for name in names},
        )
        if value is not None:
            wanted.append((-value, -row["business"], customer.number))
    rank_customers(as_of=AS_OF)
    last_a, last_b = rules.class_sizes(len(wanted), share_a=policy.share_a, share_ab=policy.share_ab)
    assert places() == [
        (number, rules.segment_of(rank, -value, last_a=last_a, last_b=last_b))
        for rank, (value, _business, number) in enumerate(sorted(wanted), 1)
    ]


# --- Over REST -------------------------------------------------------------------------------------------------------
def test_a_ranking_over_the_api(api):
    buyers(7)
    answer = api.post("/api/v1/segmentations/", {"as_of": "2026-11-21"}, format="json")
    assert answer.status_code == 202
    assert api.get("/api/v1/segmentations/latest/").status_code == 404
    assert api.get("/api/v1/segmentations/latest/members/").json()["results"] == []
    jobs.run_all_due()
    latest = api.get("/api/v1/segmentations/latest/").json()
    assert (latest["as_of"], latest["ranked"], latest["moved"]) == ("2026-11-21", 7, 0)
    assert latest["counts"] == {"A": 1, "B": 1, "C": 5}
    assert latest["finished_at"].endswith("Z") and latest["job"] == answer.json()["job"]
    first = api.get("/api/v1/segmentations/latest/members/?segment=A").json()["results"]
    assert first == [
        {
            "rank": 1,
            "customer": "C-000",
            "expected_value": "7000.00",
            "current_business": "7000.00",
            "segment": "A",
            "previous": None,
        }
    ]
    page = api.get("/api/v1/segmentations/latest/members/?page_size=4").json()
    assert [row["rank"] for row in page["results"]] == [1, 2, 3, 4]
    assert [row["rank"] for row in api.get(page["next"]).json()["results"]] == [5, 6, 7]


def test_movers_over_the_api(api):
    *_others, last = buyers(7)
    rank_customers(as_of=AS_OF)
    SalesRecordFactory(customer=last, amount=9_999_999, product_line="new")
    rank_customers(as_of=AS_OF)
    members = "/api/v1/segmentations/latest/members/"
    moved = api.get(members, {"moved": "true"}).json()["results"]
    assert [(row["customer"], row["previous"], row["segment"]) for row in moved] == [
        ("C-006", "C", "A"),
        ("C-000", "A", "B"),
        ("C-001", "B", "C"),
    ]
    assert len(api.get(members, {"moved": "false"}).json()["results"]) == 4
    assert api.get(members, {"moved": "perhaps"}).status_code == 400
    assert api.get(members, {"segment": "D"}).status_code == 400
    assert api.get(members, {"colour": "red"}).status_code == 400


@pytest.mark.parametrize("body", [{}, {"as_of": "tomorrow"}, {"as_of": "0001-01-01"}, {"as_of": "2026-11-21", "x": 1}])
def test_the_api_refuses_what_cannot_be_meant(api, db, body):
    assert api.post("/api/v1/segmentations/", body, format="json").status_code == 400
    assert not Job.objects.exists()


def test_a_ranking_is_for_those_who_may(api_as, seller, officer, credit_manager, director, db):
    def status(user):
        return api_as(user).post("/api/v1/segmentations/", {"as_of": "2026-11-21"}, format="json").status_code

    assert [status(user) for user in (seller, officer, credit_manager, director)] == [403, 403, 202, 202]
    with pytest.raises(NotAllowed):
        rank_customers(as_of=AS_OF, by=officer)


def test_everybody_reads_the_places_of_their_own_customers(api_as, seller, outsider, officer):
    buyers(6)
    mine = CustomerFactory(number="C-900", owner=seller)
    rank_customers(as_of=AS_OF)

    def seen(user):
        answer = api_as(user).get("/api/v1/segmentations/latest/members/").json()["results"]
        return len(answer), api_as(user).get("/api/v1/segmentations/latest/").json()["ranked"]

    assert seen(seller) == (1, 1)
    assert seen(outsider) == (0, 0)
    assert seen(officer) == (7, 7)
    assert mine.standing.pk


def test_a_refusal_is_a_refusal():
    with pytest.raises(Refused):
        rank_customers(as_of=date(1999, 12, 31))
