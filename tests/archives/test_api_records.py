"""What the archive holds besides customers, over REST: every record is read by its key, what is told can be kept."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import encode_multipart
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import Confirmation, Contact, Document, FinancialStatement, Flag, Visit, VisitPlan
from credit.models import OrderCheck, Reservation
from crm.core.models import Job
from tests.factories import (
    CreditLimitFactory,
    CreditReportFactory,
    InvoiceFactory,
    OrderFactory,
    PaymentFactory,
    SalesRecordFactory,
    UserFactory,
)

V1 = "/api/v1"
FIGURES = {
    "current_assets": "5.00", "inventory": "1.00", "current_liabilities": "2.00", "total_liabilities": "3.00",
    "net_assets": "-1.00", "total_assets": "9.00",
}  # fmt: skip


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# Lists ----------------------------------------------------------------------------------------------------------------


def add_contact(customer, by, n):
    return Contact.objects.create(customer=customer, name=f"Ma {n}")


def add_document(customer, by, n):
    about = {"title": f"Licence {n}", "file": "none.pdf", "content_type": "application/pdf", "size": 1}
    return Document.objects.create(customer=customer, by=by, **about)


def add_statement(customer, by, n):
    figures = dict.fromkeys(FIGURES, 1)
    return FinancialStatement.objects.create(customer=customer, period_end=f"202{n}-12-31", currency="CNY", **figures)


def add_confirmation(customer, by, n):
    return Confirmation.objects.create(customer=customer, layer="basic", on=f"2026-11-0{n}", by=by)


def add_visit(customer, by, n):
    return Visit.objects.create(customer=customer, by=by, happened_at=f"2026-11-0{n}T08:00Z", kind="site", content="…")


def add_plan(customer, by, n):
    return VisitPlan.objects.create(customer=customer, person=by, planned_by=by, day=f"2026-12-0{n}")


def add_reservation(customer, by, n):
    about = {"order": f"SO-{n}", "customer": customer}
    said = {"amount": 5, "amount_base": 5, "currency": "CNY", "decision": "approved", "asked_by": by}
    check = OrderCheck.objects.create(**about, **said, checked_at=timezone.now())
    until = timezone.localdate() + timedelta(days=3)
    return Reservation.objects.create(check_row=check, **about, amount_base=5, until=until)


LISTS = {
    "contacts": add_contact,
    "documents": add_document,
    "financial-statements": add_statement,
    "confirmations": add_confirmation,
    "visits": add_visit,
    "visit-plans": add_plan,
    "reservations": add_reservation,
    "sales": lambda customer, by, n: SalesRecordFactory(customer=customer, month=f"2026-0{n}-01"),
    "orders": lambda customer, by, n: OrderFactory(customer=customer),
    "invoices": lambda customer, by, n: InvoiceFactory(customer=customer),
    "payments": lambda customer, by, n: PaymentFactory(customer=customer, invoice=InvoiceFactory(customer=customer)),
    "limits": lambda customer, by, n: CreditLimitFactory(
        customer=customer, valid_from=f"202{n}-01-01", valid_until=f"202{n}-12-31"
    ),
    "credit-reports": lambda customer, by, n: CreditReportFactory(customer=customer, by=by),
    "flags": lambda customer, by, n: Flag.objects.create(
        customer=customer, reason="archive_stale", raised_on="2026-11-01", closed_on="2026-11-02"
    ),
    "jobs": lambda customer, by, n: Job.objects.create(kind="rank_customers", key=f"2026-11-0{n}", by=by),
}


@pytest.mark.parametrize("noun", LISTS)
def test_a_list_asks_the_same_for_one_row_and_for_three(api, erp, customer, noun):
    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = api.get(f"{V1}/{noun}/")
        assert answer.status_code == 200, answer.content
        return len(answer.json()["results"]), len(queries)

    LISTS[noun](customer, erp, 1)
    asked()  # the first call notes when the token was used
    one, queries_for_one = asked()
    for n in (2, 3):
        LISTS[noun](customer, erp, n)
    three, queries_for_three = asked()
    assert (one, three) == (1, 3)
    assert queries_for_one == queries_for_three


KEYED = {noun: "id" for noun in LISTS if noun not in ("reservations", "confirmations", "sales")}
KEYED |= dict.fromkeys(("orders", "invoices", "payments"), "number")


@pytest.mark.parametrize("noun", KEYED)
def test_a_record_is_read_by_its_key_as_the_list_has_it(api, api_as, erp, outsider, customer, noun):
    LISTS[noun](customer, erp, 1)
    shown = api.get(f"{V1}/{noun}/").json()["results"][0]
    path = f"{V1}/{noun}/{shown[KEYED[noun]]}/"
    assert api.get(path).json() == shown
    assert code(api_as(outsider).get(path)) == (404, "not_found")
    assert api_as(outsider).get(f"{V1}/{noun}/").json()["results"] == []


@pytest.mark.parametrize("noun", [noun for noun in LISTS if noun != "jobs"])
def test_a_list_is_narrowed_to_a_customer(api, erp, customer, noun):
    LISTS[noun](customer, erp, 1)
    for number, count in ((customer.number, 1), ("C-9", 0)):
        assert len(api.get(f"{V1}/{noun}/", {"customer": number}).json()["results"]) == count
    assert code(api.get(f"{V1}/{noun}/", {"colour": "red"})) == (400, "invalid")


# The trade record -----------------------------------------------------------------------------------------------------


def test_what_was_told_is_read_back(api, customer, team):
    told = {
        "sales": {"month": "2026-10", "amount": "-5.00", "cost": "3.10", "quantity": "2.500", "product_line": "a/b"},
        "orders": {"number": "SO/1", "ordered_on": "2026-10-01", "amount": "10.00", "open_amount": "4.00"},
        "invoices": {"number": "I/1", "invoiced_on": "2026-10-01", "due_on": "2026-11-01", "amount": "10.00"},
        "payments": {"number": "P/1", "paid_on": "2026-10-09", "amount": "4.00", "invoice": "I/1"},
    }
    for noun, item in told.items():
        item |= {"customer": customer.number, "currency": "CNY", "source_version": 7}
        item |= {"unit": "east"} if noun != "payments" else {}
        answer = api.post(f"{V1}/{noun}/bulk/", {"items": [item]}, HTTP_IDEMPOTENCY_KEY=noun)
        assert answer.status_code == 200, answer.content
        shown = api.get(f"{V1}/{noun}/").json()["results"][0]
        assert {name: shown[name] for name in item} == item
    assert api.get(f"{V1}/invoices/I/1/").json()["open_amount"] == "6.00"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("invoices/?open=true", 1),
        ("invoices/?open=false", 0),
        ("invoices/?since=2026-11-02", 0),
        ("sales/?since=2026-10&until=2026-10", 1),
        ("sales/?since=2026-11", 0),
        ("payments/?applied=false", 1),
        ("payments/?applied=true", 0),
        ("orders/?status=open,closed", 1),
        ("orders/?status=cancelled", 0),
    ],
)
def test_the_trade_is_narrowed(api, customer, path, count):
    for factory in (SalesRecordFactory, OrderFactory, InvoiceFactory, PaymentFactory):
        factory(customer=customer)
    assert len(api.get(f"{V1}/{path}").json()["results"]) == count


@pytest.mark.parametrize("path", ["sales/?since=2026-13", "sales/?since=２０２６-10", "orders/?since=2026-1-1"])
def test_a_filter_that_cannot_be_meant_is_refused(api, path):
    assert code(api.get(f"{V1}/{path}")) == (400, "invalid")


# People ---------------------------------------------------------------------------------------------------------------


def test_a_contact_is_added_and_changed(api, customer):
    body = {"customer": customer.number, "name": "马丽", "email": "ma@example.com", "decision_role": "decides"}
    answer = api.post(f"{V1}/contacts/", body, HTTP_IDEMPOTENCY_KEY="1")
    assert answer.status_code == 201, answer.content
    assert api.post(f"{V1}/contacts/", body, HTTP_IDEMPOTENCY_KEY="1")["Idempotent-Replay"] == "true"
    path = f"{V1}/contacts/{Contact.objects.get().pk}/"
    etag = api.get(path)["ETag"]
    changed = api.patch(path, {"title": "Buyer", "left_on": "2026-11-01"}, HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed.json()["title"], changed.json()["name"]) == (200, "Buyer", "马丽")
    assert code(api.patch(path, {"title": "Boss"}, HTTP_IF_MATCH=etag)) == (412, "changed_meanwhile")
    assert Contact.objects.get().title == "Buyer"


def test_a_contact_reports_to_somebody_of_the_same_customer(api, customer):
    somebody = Contact.objects.create(customer=customer, name="Li")
    path = f"{V1}/contacts/{somebody.pk}/"
    for boss in (somebody.pk, 2**70, -1):
        assert code(api.patch(path, {"reports_to": boss})) == (400, "invalid")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"email": "nobody"}, "/email"),
        ({"birthday": "01/02/1980"}, "/birthday"),
        ({"colour": "red"}, "/colour"),
        ({"customer": "C-2"}, "/customer"),
    ],
)
def test_a_contact_that_cannot_be_meant_is_refused(api, customer, body, pointer):
    somebody = Contact.objects.create(customer=customer, name="Li")
    answer = api.patch(f"{V1}/contacts/{somebody.pk}/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


# Papers ---------------------------------------------------------------------------------------------------------------


def upload(**about):
    file = SimpleUploadedFile("licence.pdf", b"%PDF-1.4\n%%EOF\n")
    return {"file": file, "kind": "licence", "number": "330100", "valid_until": "2031-05-01"} | about


def test_a_file_goes_in_once_and_comes_out_as_it_was(api, customer, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for boundary in ("one", "two"):
        body = upload(customer=customer.number)
        kept = api.generic(*form(f"{V1}/documents/", body, boundary), HTTP_IDEMPOTENCY_KEY="1")
        assert kept.status_code == 201, kept.content
    assert kept["Idempotent-Replay"] == "true"
    assert (kept.json()["content_type"], kept.json()["title"]) == ("application/pdf", "licence")
    file = api.get(f"{V1}/documents/{kept.json()['id']}/file/", HTTP_ACCEPT="application/pdf")
    assert (b"".join(file.streaming_content), file["Content-Type"]) == (b"%PDF-1.4\n%%EOF\n", "application/pdf")
    assert "attachment" in file["Content-Disposition"]


def form(path: str, body: dict, boundary: str) -> tuple[str, str, bytes, str]:
    """The same form as another client would divide it."""
    return "POST", path, encode_multipart(boundary, body), f"multipart/form-data; boundary={boundary}"


@pytest.mark.parametrize(
    ("about", "refusal"),
    [
        ({"file": SimpleUploadedFile("a.pdf", b"")}, (400, "file_refused")),
        ({"file": SimpleUploadedFile("a.exe", b"MZ\x90\x00")}, (400, "file_refused")),
        ({"kind": "poem"}, (400, "invalid")),
        ({"colour": "red"}, (400, "invalid")),
        ({"valid_until": "soon"}, (400, "invalid")),
        ({"customer": "C-9"}, (404, "not_found")),
    ],
)
def test_what_is_no_paper_is_refused(api, customer, about, refusal):
    answer = api.post(f"{V1}/documents/", upload(customer=customer.number) | about, format="multipart")
    assert code(answer) == refusal
    assert not Document.objects.exists()


def test_a_file_that_is_gone_is_not_found(api, customer, erp, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assert code(api.get(f"{V1}/documents/{add_document(customer, erp, 1).pk}/file/")) == (404, "not_found")


def test_figures_of_a_period_are_kept_and_replaced(api, customer):
    body = {"customer": customer.number, "period_end": "2025-12-31", **FIGURES}
    first = api.post(f"{V1}/financial-statements/", body | {"revenue": "7.00"})
    again = api.post(f"{V1}/financial-statements/", body | {"inventory": "2.00"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["inventory"], again.json()["revenue"], again.json()["currency"]) == ("2.00", None, "CNY")
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"period_end": "2999-12-31"}, "/period_end"),
        ({"inventory": "6.00"}, "/inventory"),
        ({"current_assets": "10.00"}, "/current_assets"),
        ({"currency": "XXQ"}, "/currency"),
        ({"total_assets": 9}, "/total_assets"),
    ],
)
def test_figures_that_cannot_be_are_refused(api, customer, more, pointer):
    body = {"customer": customer.number, "period_end": "2025-12-31", **FIGURES}
    answer = api.post(f"{V1}/financial-statements/", body | more)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not FinancialStatement.objects.exists()


def test_a_fact_is_confirmed(api, customer):
    about = {"customer": customer.number, "layer": "basic", "field": "phone"}
    answer = api.post(f"{V1}/confirmations/", about)
    assert (answer.status_code, answer.json()["field"], answer.json()["verified"]) == (201, "phone", False)
    assert code(api.post(f"{V1}/confirmations/", about | {"field": "colour"})) == (400, "invalid")


# Visits ---------------------------------------------------------------------------------------------------------------


def test_a_next_step_is_done_once(api, customer, seller):
    visit = add_visit(customer, seller, 1)
    path = f"{V1}/visits/{visit.pk}/done/"
    assert api.post(path).status_code == 409
    Visit.objects.update(next_step="Send samples")
    assert len(api.get(f"{V1}/visits/?next_step=open").json()["results"]) == 1
    assert api.post(path).json()["next_step_done_on"] is not None
    assert len(api.get(f"{V1}/visits/?next_step=done").json()["results"]) == 1
    assert api.post(path).status_code == 409


TODAY = timezone.localdate()  # once: midnight may pass meanwhile


def soon(days: int = 1) -> str:
    return str(TODAY + timedelta(days=days))


def test_a_program_plans_for_the_owner_moves_and_calls_off(api, customer, seller):
    plan = api.post(f"{V1}/visit-plans/", {"customer": customer.number, "day": soon()}).json()
    assert (plan["person"], plan["state"]) == (seller.username, "open")
    path = f"{V1}/visit-plans/{plan['id']}/"
    etag = api.get(path)["ETag"]
    moved = api.patch(path, {"day": soon(2), "purpose": "Samples"}, HTTP_IF_MATCH=etag)
    assert (moved.json()["day"], moved.json()["purpose"]) == (soon(2), "Samples")
    assert code(api.patch(path, {"day": soon(3)}, HTTP_IF_MATCH=etag)) == (412, "changed_meanwhile")
    assert api.post(f"{path}cancel/").json()["state"] == "cancelled"
    assert code(api.post(f"{path}cancel/")) == (409, "cancelled_already")
    assert api.get(f"{V1}/visit-plans/").json()["results"] == []
    assert len(api.get(f"{V1}/visit-plans/?state=cancelled").json()["results"]) == 1


def test_a_plan_that_cannot_be_is_refused(api, api_as, customer, seller, colleague):
    asked = {"customer": customer.number, "day": soon()}
    for more in ({"day": soon(-2)}, {"day": soon(400)}, {"person": "nobody"}, {"kind": "dance"}):
        assert code(api.post(f"{V1}/visit-plans/", asked | more)) == (400, "invalid")
    for_another = api_as(seller).post(f"{V1}/visit-plans/", asked | {"person": colleague.username})
    assert code(for_another) == (403, "not_allowed")
    type(customer).objects.update(owner=None)
    assert code(api.post(f"{V1}/visit-plans/", asked)) == (400, "invalid")
    assert not VisitPlan.objects.exists()


def test_plans_of_people_who_do_not_see_the_customer_are_refused(api, customer):
    stranger = UserFactory(username="stranger")
    body = {"customer": customer.number, "day": soon(), "person": stranger.username}
    assert code(api.post(f"{V1}/visit-plans/", body)) == (409, "not_theirs")
