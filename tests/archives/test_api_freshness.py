"""Credit reports, flags and jobs over REST."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from archives.models import CreditReport, Flag
from crm.core.models import Job
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CreditReportFactory, CustomerFactory, token_for

REPORTS, FLAGS = "/api/v1/credit-reports/", "/api/v1/flags/"
BODY = {"customer": "C-100234", "kind": "agency", "issued_on": "2025-11-30", "validity_months": 3, "source": "Sinosure"}

pytestmark = pytest.mark.django_db


def test_a_report_comes_back_with_its_last_day_and_status(api, customer):
    answer = api.post(REPORTS, BODY | {"price": "800.00"})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["valid_until"], told["status"], told["price"], told["currency"]) == (
        "2026-02-28",
        "stale",
        "800.00",
        "CNY",
    )
    assert api.get(REPORTS, {"customer": "C-100234", "status": "stale"}).json()["results"] == [told]
    assert api.get(REPORTS, {"status": "valid"}).json()["results"] == []


@pytest.mark.parametrize(("left", "status"), [(-1, "stale"), (0, "expiring"), (30, "expiring"), (31, "valid")])
def test_the_list_knows_the_same_statuses_as_the_rule(api, customer, left, status):
    until = timezone.localdate() + timedelta(days=left)
    CreditReportFactory(customer=customer, issued_on=until - timedelta(days=92), valid_until=until, validity_months=3)
    found = api.get(REPORTS, {"status": status}).json()["results"]
    assert [report["status"] for report in found] == [status]


def test_the_same_key_takes_a_report_in_once(api, customer):
    first = api.post(REPORTS, BODY, headers={"Idempotency-Key": "r-1"})
    again = api.post(REPORTS, BODY, headers={"Idempotency-Key": "r-1"})
    assert first.json() == again.json() and again["Idempotent-Replay"] == "true"
    assert CreditReport.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"validity_months": 13}, "/validity_months"),
        ({"issued_on": "2999-01-01"}, "/issued_on"),
        ({"kind": "rumour"}, "/kind"),
        ({"price": 800}, "/price"),
        ({"weather": "fine"}, "/weather"),
    ],
)
def test_a_bad_report_is_refused_by_field(api, customer, change, pointer):
    answer = api.post(REPORTS, BODY | change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not CreditReport.objects.exists()


def test_reports_and_flags_of_others_are_not_there(api_as, outsider, customer):
    CreditReportFactory(customer=customer)
    Flag.objects.create(customer=customer, reason="report_stale", raised_on=date(2026, 11, 1))
    assert api_as(outsider).get(REPORTS).json()["results"] == []
    assert api_as(outsider).get(FLAGS).json()["results"] == []
    assert api_as(outsider).post(REPORTS, BODY).status_code == 404


def test_flags_say_what_is_the_matter(api, customer):
    about = {"subject": "7", "data": {"valid_until": "2026-10-01"}, "raised_on": date(2026, 11, 1)}
    flag = Flag.objects.create(customer=customer, reason="report_stale", **about)
    Flag.objects.create(customer=customer, reason="report_stale", closed_on=date(2026, 11, 1), **about)
    Flag.objects.create(customer=CustomerFactory(), reason="report_missing", raised_on=date(2026, 11, 1))
    asked = {"open": "true", "reason": "report_stale", "customer": "C-100234"}
    assert api.get(FLAGS, asked).json()["results"] == [
        {
            "id": flag.pk, "customer": "C-100234", "reason": "report_stale", "subject": "7", "raised_on": "2026-11-01",
            "closed_on": None, "detail": "The credit report ran out on 2026-10-01.",
        }
    ]  # fmt: skip
    assert len(api.get(FLAGS, {"open": "false"}).json()["results"]) == 1
    assert len(api.get(FLAGS).json()["results"]) == 3
    assert api.get(FLAGS, {"reason": "boredom"}).status_code == 400


def test_a_job_is_seen_by_its_owner_and_by_those_who_watch_jobs(api, api_as, seller, colleague, officer):
    job = Job.objects.create(kind="flag_reports", key="x", by=seller, done=4200, total=10000)
    url = f"/api/v1/jobs/{job.pk}/"
    told = api_as(seller).get(url).json()
    assert (told["state"], told["done"], told["total"], told["result"]) == ("queued", 4200, 10000, None)
    assert api_as(officer).get(url).status_code == api.get(url).status_code == 200
    assert api_as(colleague).get(url).status_code == 404


def test_a_token_without_the_scope_sees_no_job(api, erp):
    job = Job.objects.create(kind="flag_reports", key="x")
    others = [scope for scope in TOKEN_SCOPES if not scope.startswith("jobs:")]
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *others)}")
    assert api.get(f"/api/v1/jobs/{job.pk}/").status_code == 403
