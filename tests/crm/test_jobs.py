"""Long work: claimed once, committed chunk by chunk, resumed where a killed run left it, cancelled between chunks."""

import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from crm.core import jobs
from crm.core.errors import NotAllowed, Refused
from crm.core.models import Job, Notice, Region


@pytest.fixture
def kind(monkeypatch):
    """Register a handler for one test: `kind(function)`."""

    def register(function) -> str:
        monkeypatch.setitem(jobs.HANDLERS, "test", function)
        return "test"

    return register


def five_regions(job: Job):
    """Makes five regions, one a chunk, and goes on at the cursor."""
    job.total = 5
    for number in range(job.cursor.get("next", 0), 5):
        Region.objects.create(code=f"step-{number}", name=f"step {number}")
        job.done, job.cursor = number + 1, {"next": number + 1}
        yield
    job.result = {"regions": 5}


def test_a_job_does_its_work_and_says_so(db, kind):
    job = jobs.enqueue(kind(five_regions), key="2026-11-21", by=None)
    assert jobs.run_all_due() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result) == ("done", 5, 5, {"regions": 5})
    assert Region.objects.filter(code__startswith="step-").count() == 5


def test_the_same_work_is_queued_once(db, kind):
    first = jobs.enqueue(kind(five_regions), key="2026-11-21", by=None)
    assert jobs.enqueue("test", key="2026-11-21", by=None) == first
    jobs.run_all_due()
    assert jobs.enqueue("test", key="2026-11-21", by=None) != first, "a finished job does not stand in the way"


def test_a_claimed_job_is_nobody_elses(db, kind):
    jobs.enqueue(kind(five_regions), key="x", by=None)
    assert jobs.claim() is not None
    assert jobs.claim() is None


def test_a_silent_worker_loses_its_job_and_nothing_is_done_twice(db, kind):
    """Two chunks, then silence: the next worker goes on with the third."""
    jobs.enqueue(kind(five_regions), key="x", by=None)
    dead = jobs.claim()
    steps = five_regions(dead)
    for _chunk in range(2):
        next(steps)
        assert jobs._keep(dead)
    assert jobs.claim() is None, "its lease still runs"
    Job.objects.update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
    assert jobs.run_all_due() == 1
    job = Job.objects.get()
    assert (job.state, job.attempts, job.done) == ("done", 2, 5)
    assert Region.objects.filter(code__startswith="step-").count() == 5
    assert not jobs._keep(dead), "the worker that was believed dead cannot write any more"


def test_a_long_chunk_does_not_lose_its_job(transactional_db, kind, settings):
    """A chunk of several leases' length: nobody else takes the job meanwhile."""
    settings.JOB_LEASE_SECONDS = 0.6

    def sleeps(job: Job):
        time.sleep(2)
        yield

    jobs.enqueue(kind(sleeps), key="x", by=None)
    worker = threading.Thread(target=work_and_hang_up, args=(jobs.claim(),))
    worker.start()
    while worker.is_alive():
        assert jobs.claim() is None
        time.sleep(0.2)
    assert Job.objects.values_list("state", "attempts").get() == ("done", 1)


def work_and_hang_up(job: Job) -> None:
    jobs.run(job)
    connection.close()


def test_a_job_that_kills_its_workers_is_given_up(db, kind):
    job = jobs.enqueue(kind(five_regions), key="x", by=None)
    Job.objects.filter(pk=job.pk).update(attempts=Job.MAX_ATTEMPTS)
    assert jobs.claim() is None
    job.refresh_from_db()
    assert job.state == "failed" and "5" in job.words


def test_a_failed_chunk_is_taken_back_and_told_without_its_insides(db, kind):
    def breaks(job: Job):
        Region.objects.create(code="step-0", name="step 0")
        yield
        Region.objects.create(code="step-1", name="step 1")
        raise ZeroDivisionError("secret inside")

    follower = jobs.enqueue("later", key="x", by=None, after=jobs.enqueue(kind(breaks), key="x", by=None))
    jobs.run_all_due()
    job = Job.objects.get(kind="test")
    assert job.state == "failed" and "secret" not in job.words and str(job.pk) in job.words
    assert list(Region.objects.filter(code__startswith="step-").values_list("code", flat=True)) == ["step-0"]
    follower.refresh_from_db()
    assert follower.state == "cancelled", "what was to come after it does not wait for ever"


def test_a_refusal_is_told_in_its_own_words(db, kind):
    def refuses(job: Job):
        raise Refused("There is no exchange rate for XAF.")
        yield

    jobs.enqueue(kind(refuses), key="x", by=None)
    jobs.run_all_due()
    assert Job.objects.get().message == "There is no exchange rate for XAF."


def test_cancelling_stops_at_the_next_chunk(db, kind, officer):
    def asks_itself(job: Job):
        Region.objects.create(code="step-0", name="step 0")
        yield
        jobs.ask_to_cancel(job, by=officer)
        yield
        Region.objects.create(code="step-2", name="step 2")
        yield

    jobs.enqueue(kind(asks_itself), key="x", by=officer)
    jobs.run_all_due()
    assert Job.objects.get().state == "cancelled"
    assert not Region.objects.filter(code="step-2").exists()
    assert Region.objects.filter(code="step-0").exists()


def test_a_step_waits_for_the_one_before(db, kind):
    first = jobs.enqueue(kind(five_regions), key="a", by=None)
    second = jobs.enqueue("test", key="b", by=None, after=first)
    assert jobs.claim(second.pk) is None
    jobs.run(jobs.claim(first.pk))
    assert jobs.claim(second.pk) is not None


def test_own_jobs_only(page_as, seller, officer, db):
    mine = Job.objects.create(kind="x", key="1", by=seller)
    other = Job.objects.create(kind="x", key="2", by=officer)
    page = page_as(seller)
    assert page.get(f"/jobs/{mine.pk}/").status_code == 200
    assert page.get(f"/jobs/{other.pk}/").status_code == 404
    assert page.post(f"/jobs/{other.pk}/cancel/").status_code == 404
    assert page_as(officer).get(f"/jobs/{mine.pk}/").status_code == 200


def test_cancelling_is_for_whoever_asked_and_those_who_run_the_night(page_as, seller, officer, credit_manager, db):
    job = Job.objects.create(kind="x", key="1", by=seller)
    assert page_as(officer).post(f"/jobs/{job.pk}/cancel/").status_code == 403
    with pytest.raises(NotAllowed):
        jobs.ask_to_cancel(job, by=officer)
    assert Job.objects.get().state == "queued"
    page_as(credit_manager).post(f"/jobs/{job.pk}/cancel/")
    assert Job.objects.get().state == "cancelled"


def test_notices_are_told_once_and_read(page_as, seller, db):
    from crm.core.notices import tell

    for _again in range(2):
        tell(seller, "report_missing", key="report_missing:1", customer="晨光轴承", link="/customers/C-1/")
    assert Notice.objects.count() == 1
    page = page_as(seller)
    assert "晨光轴承" in page.get("/notices/").content.decode()
    page.post("/notices/read/")
    assert Notice.objects.get().read_at is not None


def test_what_a_job_says_is_worded_for_whoever_reads_it(db, kind, seller):
    def counts(job: Job):
        job.say("%(count)s customers ranked", count=7)
        yield

    seller.language = "zh-hans"
    seller.save()
    jobs.enqueue(kind(counts), key="x", by=seller)
    jobs.run_all_due()
    job = Job.objects.get()
    assert job.words == "7 customers ranked"
    with translation.override("zh-hans"):
        assert job.words != "7 customers ranked" and "7" in job.words


def test_whoever_asked_is_told_of_the_end_in_their_own_language(page_as, kind, seller, erp):
    first = jobs.enqueue(kind(lambda job: iter(())), key="first", by=seller)
    jobs.enqueue("test", key="last", by=seller, after=first)
    jobs.enqueue("test", key="of a program", by=erp)
    jobs.run_all_due()
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind) == (seller, "job_done"), "once, at the end of the chain"
    assert notice.link in page_as(seller).get("/notices/").content.decode()


def test_a_failure_is_told_with_a_way_on(page_as, kind, seller):
    def breaks(job: Job):
        raise ZeroDivisionError
        yield

    failed = jobs.enqueue(kind(breaks), key="x", by=seller)
    jobs.run_all_due()
    assert Notice.objects.get().kind == "job_failed"
    page = page_as(seller)
    assert f"/jobs/{failed.pk}/repeat/" in page.get(f"/jobs/{failed.pk}/").content.decode()
    again = page.post(f"/jobs/{failed.pk}/repeat/", follow=True).context["job"]
    assert (again.kind, again.key, again.by, again.state) == ("test", "x", seller, "queued")


def test_only_what_ended_badly_is_run_again_and_not_by_others(page_as, seller, officer, credit_manager):
    running = Job.objects.create(kind="x", key="1", by=seller, state="running")
    with pytest.raises(Refused):
        jobs.run_again(running, by=seller)
    failed = Job.objects.create(kind="x", key="2", by=seller, state="failed")
    assert page_as(officer).post(f"/jobs/{failed.pk}/repeat/").status_code == 403
    assert jobs.run_again(failed, by=credit_manager).by == credit_manager


def test_the_page_asks_while_the_work_goes_on_and_then_stops(page_as, seller):
    job = Job.objects.create(
        kind="rank_customers", key="x", by=seller, state="running", done=50, total=200, started_at=timezone.now()
    )
    page = page_as(seller)
    assert b"every 1s" in page.get(f"/jobs/{job.pk}/").content
    assert page.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).status_code == 200
    assert b'id="working"' in page.get("/notices/").content, "the head of every page says so"
    Job.objects.update(state="done", finished_at=timezone.now(), result={"ranked": 1234, "moved": 5})
    ended = page.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})
    assert ended.status_code == 286 and b"1,234" in ended.content and b"every 1s" not in ended.content
    working = page.get("/jobs/working/", headers={"HX-Request": "true"})
    assert working.status_code == 286 and str(job.pk) in working.content.decode()
    assert b'id="working"' not in page.get("/notices/").content


def test_the_list_costs_the_same_for_three_as_for_one(page_as, officer):
    page = page_as(officer)
    page.get("/jobs/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get("/jobs/").status_code == 200
        return len(captured)

    Job.objects.create(kind="x", key="0", by=officer)
    once = queries()
    for number in range(2):
        Job.objects.create(kind="x", key=f"{number + 1}", by=officer)
    assert queries() == once


def test_the_list_goes_on_behind_its_last_row(page_as, officer):
    Job.objects.bulk_create(Job(kind="x", key=str(number), state="done") for number in range(51))
    page = page_as(officer).get("/jobs/").context["page"]
    assert len(page.rows) == 50
    assert len(page_as(officer).get(f"/jobs/?cursor={page.next}").context["page"].rows) == 1
