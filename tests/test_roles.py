"""Who does what: every role tries every deed, at the door where it is done; what is done stands in the audit trail."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal as D

import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from archives.models import Document
from credit.commands.applications import apply_for_limit
from credit.commands.checks import check_order
from crm.core.models import AuditEntry
from scoring.scorecards import CHARACTERISTIC

pytestmark = pytest.mark.django_db
PEOPLE = ("seller", "manager", "officer", "credit_manager", "director", "auditor", "admin")
SALES, CREDIT = {"seller", "manager"}, {"officer", "credit_manager", "director"}
READERS, WRITERS = SALES | CREDIT | {"auditor"}, SALES | CREDIT


@dataclass(frozen=True)
class Deed:
    """A request, who may make it, and whether it leaves a line in the trail."""

    method: str
    path: str
    body: dict | None
    by: set[str]
    noted: bool = True


def deeds(number: str, application: int, order: str, document: str) -> dict[str, Deed]:
    api, about = "/api/v1", {"customer": number}
    visit = {"kind": "site", "happened_at": "2026-11-17T08:00:00Z", "content": "…"}
    report = {"kind": "own", "issued_on": "2026-11-01", "source": "Li Wei"}
    points = {"scorecard": CHARACTERISTIC, "assessed_on": "2026-11-01", "points": {"payment_record": 8}}
    year = {"year": 2025, "target": "5.00", "attitude": "good", "information": "good", "late": 0, "made_up": 0}
    limit = {"amount": "1000.00", "reason": "spring"}
    return {
        "read the archive": Deed("get", f"/customers/{number}/", None, READERS, noted=False),
        "read the credit": Deed("get", f"{api}/customers/{number}/credit/", None, READERS, noted=False),
        "take a paper": Deed("get", f"/documents/{document}/", None, READERS),
        "take the list along": Deed("post", "/customers.csv", None, CREDIT | {"manager"}),
        "change the archive": Deed("patch", f"{api}/customers/{number}/", {"phone": "0571"}, WRITERS),
        "log a visit": Deed("post", f"{api}/visits/", about | visit, WRITERS),
        "add a report": Deed("post", f"{api}/credit-reports/", about | report, WRITERS),
        "ask for a limit": Deed("post", f"{api}/limit-applications/", about | limit, WRITERS),
        "check an order": Deed("post", f"{api}/order-checks/", about | {"order": "SO-2", "amount": "1.00"}, WRITERS),
        "hand over": Deed("patch", f"{api}/customers/{number}/", {"owner": "colleague"}, {"manager"}),
        "score": Deed("post", f"{api}/assessments/", about | points, CREDIT),
        "evaluate": Deed("post", f"{api}/evaluations/", about | year, CREDIT),
        "approve": Deed("post", f"{api}/limit-applications/{application}/approve/", {"comment": "yes"}, CREDIT),
        "release": Deed("post", f"{api}/order-checks/{order}/release/", {"reason": "paid"}, CREDIT),
        "rank": Deed("post", f"{api}/segmentations/", {"as_of": "2026-11-21"}, {"credit_manager", "director"}, False),
        "read the trail": Deed("get", "/audit/", None, {"auditor"}, noted=False),
        "read the policy": Deed("get", "/policy/", None, {"credit_manager"}, noted=False),
        "read the people": Deed("get", "/people/", None, {"admin"}, noted=False),
        "read the tokens": Deed("get", "/tokens/", None, {"admin"}, noted=False),
        "read the sync runs": Deed("get", "/sync-runs/", None, {"credit_manager", "auditor", "admin"}, noted=False),
        "read who keeps what": Deed("get", "/kept-fields/", None, {"admin"}, noted=False),
        "sync the ledger": Deed("post", f"{api}/orders/bulk/", {"items": []}, set()),
        "delete": Deed("delete", f"{api}/customers/{number}/", None, set()),
    }


@pytest.fixture
def places(customer, seller, erp, colleague, today, tmp_path, settings):
    """A customer with a paper and a held order; the application of another one, so that one more may be asked for."""
    settings.MEDIA_ROOT = tmp_path
    given = {"order": "SO-1", "amount": D(5), "currency": "CNY", "by": erp, "today": today}
    check_order(customer=customer, **given)
    other = type(customer).objects.create(number="C-2", name="Other", currency="CNY", owner=seller)
    type(customer.standing).objects.create(customer=other)
    words = {"amount": D(9), "currency": "CNY", "reason": "spring", "submit": True, "today": today}
    paper = Document(customer=customer, title="Licence", content_type="application/pdf", size=1, by=seller)
    paper.file.save("paper.pdf", ContentFile(b"%PDF-"))
    return customer.number, apply_for_limit(other, by=erp, **words).pk, "SO-1", str(paper.pk)


def done(client: APIClient, deed: Deed) -> bool:
    keyed = {"HTTP_IDEMPOTENCY_KEY": "once", "HTTP_ACCEPT": "*/*"}
    send: Callable = getattr(client, deed.method)
    body = {} if deed.body is None else {"data": json.dumps(deed.body), "content_type": "application/json"}
    answer = send(deed.path, **body, **keyed)
    if answer.streaming:
        list(answer.streaming_content)
    assert answer.status_code < 300 or answer.status_code in (403, 404, 405), answer.content
    return answer.status_code < 300


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", deeds("C-1", 1, "SO-1", "…"))
def test_each_may_what_the_rule_book_says_and_it_is_noted(name, who, places, request):
    deed, person = deeds(*places)[name], request.getfixturevalue(who)
    client = APIClient()
    client.force_login(person)
    before = AuditEntry.objects.filter(actor=person).count()
    assert done(client, deed) == (who in deed.by)
    noted = AuditEntry.objects.filter(actor=person).count() > before
    assert noted == (deed.noted and who in deed.by)


@pytest.mark.parametrize("who", ["colleague", "outsider"])
def test_other_sellers_find_nothing(who, places, request):
    client = APIClient()
    client.force_login(request.getfixturevalue(who))
    for name, deed in deeds(*places).items():
        assert not done(client, deed), name
