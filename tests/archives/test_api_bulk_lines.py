"""Files of lines over REST: kept as they come, taken by a job, each broken line alone, and never twice."""

import gzip
import json
from io import BytesIO

import pytest
from django.test import override_settings

from archives.commands import line_files
from archives.models import Customer, Invoice
from crm.core import jobs
from crm.core.models import Job
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/v1/customers/bulk/"
LINES = "application/x-ndjson"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def lines_of(*items):
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in items)


def customers(count, **more):
    return [{"number": f"C-{n}", "name": f"Number {n}"} | more for n in range(count)]


def send(api, body, *, path=CUSTOMERS, key="k-1", **headers):
    headers |= {"Idempotency-Key": key} if key else {}
    return api.generic("POST", path, body, content_type=LINES, headers=headers)


def taken(answer):
    assert answer.status_code == 202, answer.content
    job = jobs.run(jobs.claim(answer.json()["job"]))
    job.refresh_from_db()
    return job


def counts(job):
    return tuple(job.result[name] for name in ("created", "updated", "unchanged", "failed"))


def kept():
    return list(line_files.folder().glob("*"))


def test_lines_are_taken_by_a_job(api):
    CustomerFactory(number="C-0", name="Old")
    answer = send(api, lines_of(*customers(3)))
    assert answer.status_code == 202 and not Customer.objects.filter(number="C-2").exists()
    job = taken(answer)
    assert (job.state, job.done, job.total, counts(job)) == ("done", 3, 3, (2, 1, 0, 0))
    assert Customer.objects.get(number="C-2").name == "Number 2"
    assert not kept()


def test_the_job_is_asked_for_over_rest(api):
    answer = send(api, lines_of({"number": "C-1"}))
    taken(answer)
    told = api.get(f"/api/v1/jobs/{answer.json()['job']}/").json()
    assert (told["state"], told["result"]["failed"]) == ("done", 1)
    assert told["result"]["errors"][0]["line"] == 1


def test_a_broken_line_fails_alone_with_its_number(api):
    good = lines_of({"number": "C-1", "name": "A"})
    broken = [b'{"number": "C-2", "name": \n', b"\n", b"[1]\n", b'{"number": "C-3", "name": "\\u0000"}\n', b"\xff\n"]
    tail = lines_of({"number": "C-4", "name": "B", "tax_number": "９"}, {"number": "C-5", "name": "C"})
    job = taken(send(api, good + b"".join(broken) + tail.rstrip()))
    assert counts(job) == (2, 0, 0, 5)
    assert [bad["line"] for bad in job.result["errors"]] == [2, 4, 5, 6, 7]
    last = job.result["errors"][-1]
    assert (last["key"], last["errors"][0]["pointer"], last["errors"][0]["code"]) == ("C-4", "/tax_number", "invalid")
    assert (job.result["errors"][0]["errors"][0]["code"], job.done) == ("malformed", 8)
    assert "5" in job.words


def test_two_objects_on_a_line_are_no_item(api):
    both = b'{"number": "C-1", "name": "A"},{"number": "C-2", "name": "B"}\n'
    job = taken(send(api, both + lines_of({"number": "C-3", "name": "C"})))
    assert (counts(job), Customer.objects.get().number) == ((1, 0, 0, 1), "C-3")


def test_the_trade_record_comes_in_lines(api):
    CustomerFactory(number="C-1")
    days = {"invoiced_on": "2026-10-01", "due_on": "2026-11-01"}
    items = [{"number": f"I-{n}", "customer": f"C-{n}", "amount": "10.00"} | days for n in (1, 2)]
    job = taken(send(api, lines_of(*items), path="/api/v1/invoices/bulk/"))
    assert (counts(job), Invoice.objects.get().amount) == ((1, 0, 0, 1), 10)
    assert job.result["errors"][0]["errors"][0]["code"] == "unknown_reference"


def test_a_trial_writes_nothing(api):
    job = taken(send(api, lines_of(*customers(2)), path=f"{CUSTOMERS}?dry_run=true"))
    assert (counts(job), Customer.objects.exists()) == ((2, 0, 0, 0), False)


@pytest.mark.parametrize("asked", ["mode=atomic", "mode=x", "dry_run=1", "x=1"])
def test_what_lines_cannot_be_asked_for(api, asked):
    answer = send(api, lines_of(*customers(1)), path=f"{CUSTOMERS}?{asked}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not Job.objects.exists() and not kept()


def test_items_are_asked_in_the_body_alone(api):
    answer = api.post(f"{CUSTOMERS}?dry_run=true", {"items": []}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400


def test_sent_again_it_is_the_first_job_and_one_file(api):
    body = lines_of(*customers(2))
    first, again = send(api, body), send(api, body)
    assert (again.json(), again["Idempotent-Replay"]) == (first.json(), "true")
    assert (Job.objects.count(), len(kept())) == (1, 1)
    other = send(api, lines_of(*customers(1)))
    assert (other.status_code, other.json()["code"], len(kept())) == (422, "idempotency_key_reused", 1)


def test_lines_need_a_key_and_the_right(api, api_as, manager):
    assert send(api, lines_of(*customers(1)), key=None).json()["code"] == "idempotency_key_required"
    assert send(api_as(manager), lines_of(), path="/api/v1/sales/bulk/").status_code == 403
    assert not kept()


def test_lines_may_be_packed(api):
    body = lines_of(*customers(4))
    halves = gzip.compress(body[:50]) + gzip.compress(body[50:])
    assert counts(taken(send(api, halves, **{"Content-Encoding": "gzip"}))) == (4, 0, 0, 0)


@pytest.mark.parametrize("cut", [slice(5, None), slice(None, -9)])
def test_what_is_no_gzip_is_refused(api, cut):
    answer = send(api, gzip.compress(lines_of(*customers(4)))[cut], **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not kept()


def test_another_packing_is_refused(api):
    assert send(api, b"", **{"Content-Encoding": "br"}).status_code == 415


@override_settings(BULK_FILE_MAX_BYTES=1_000_000)
def test_a_bomb_goes_off_in_nobodys_hands(api):
    bomb = BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as packed:
        for _megabyte in range(50):
            packed.write(b'{"number": "C-1"}\n' * 60_000)
    answer = send(api, bomb.getvalue(), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not kept() and not Job.objects.exists()


def test_a_line_without_end_is_refused(api):
    answer = send(api, b"x" * (line_files.LONGEST_LINE + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "line_too_long")
    assert not kept()


def test_a_body_that_ends_too_early_is_not_taken(api):
    cut_off = {"CONTENT_LENGTH": "5000", "wsgi.input": BytesIO(b"{}\n")}
    answer = api.generic("POST", CUSTOMERS, b"{}\n", content_type=LINES, headers={"Idempotency-Key": "k"}, **cut_off)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not kept()


def test_a_killed_job_goes_on_behind_its_last_batch(api, monkeypatch):
    monkeypatch.setattr(line_files, "LINES", 2)
    answer = send(api, lines_of(*customers(5)))
    lay_in, calls = line_files._take, []

    def dies_in_the_second(job, lines, *, first):
        calls.append(first)
        lay_in(job, lines, first=first)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(line_files, "_take", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(jobs.claim(answer.json()["job"]))
    assert sorted(Customer.objects.values_list("number", flat=True)) == ["C-0", "C-1"]
    Job.objects.update(lease_until="2020-01-01T00:00:00Z")
    job = taken(answer)
    assert (calls, counts(job), job.done) == ([1, 3, 3, 5], (5, 0, 0, 0), 5)
    assert not kept()


def test_it_is_cancelled_between_batches(api, monkeypatch):
    monkeypatch.setattr(line_files, "LINES", 2)
    answer = send(api, lines_of(*customers(5)))
    lay_in = line_files._take

    def somebody_cancels(job, lines, *, first):
        lay_in(job, lines, first=first)
        Job.objects.filter(done=2).update(cancel_asked=True)

    monkeypatch.setattr(line_files, "_take", somebody_cancels)
    assert taken(answer).state == "cancelled"
    assert Customer.objects.count() == 2


def test_errors_are_listed_up_to_a_number(api, monkeypatch):
    monkeypatch.setattr(line_files, "LISTED", 3)
    monkeypatch.setattr(line_files, "LINES", 2)
    job = taken(send(api, lines_of(*({"number": f"C-{n}"} for n in range(5)))))
    assert (counts(job), len(job.result["errors"]), job.result["errors_left_out"]) == ((0, 0, 0, 5), 3, 2)


def test_a_file_that_is_gone_is_said(api):
    answer = send(api, lines_of(*customers(1)))
    kept()[0].unlink()
    job = taken(answer)
    assert (job.state, job.words) == ("failed", "The file is no longer kept. Send it again.")


def test_files_that_nobody_takes_are_removed(api, monkeypatch):
    send(api, lines_of(*customers(1)))
    (line_files.folder() / "stray.ndjson").write_bytes(b"{}")
    monkeypatch.setattr(line_files, "KEPT_SECONDS", -1)
    line_files.forget_old()
    assert [path.name for path in kept()] == [Job.objects.get().key]


def test_an_account_that_is_switched_off_writes_no_more(api, erp):
    answer = send(api, lines_of(*customers(1)))
    erp.is_active = False
    erp.save()
    assert (taken(answer).state, Customer.objects.exists()) == ("failed", False)


def test_statements_do_not_grow_with_the_lines(api, django_assert_max_num_queries):
    with django_assert_max_num_queries(70) as few:
        taken(send(api, lines_of(*customers(1))))
    with django_assert_max_num_queries(len(few) + 5):
        taken(send(api, lines_of(*customers(60)), key="k-2"))
