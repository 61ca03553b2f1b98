"""Every page of the product, at an address that has something to show: names from the resolver, records from the data.

Used by the tests that walk all pages, and by bench/screenshots.py.
"""

import re
from collections.abc import Iterator

from django.test import Client

from archives.layers import LAYERS
from archives.models import Contact, Customer, Document, SyncRun, Visit, VisitPlan
from credit.models import LimitApplication, OrderCheck
from crm.core.models import Job, User
from crm.views.customer import TABS
from tests.test_doors import doors

SHOWCASE = "C-100234"
MODELS = {
    "contact": Contact,
    "plan": VisitPlan,
    "visit": Visit,
    "document": Document,
    "application": LimitApplication,
    "job": Job,
}
SIGNED_OUT = ["/account/login/", "/offline/"]
EXTRA = ["/search/?q=%E6%99%A8%E5%85%89", "/customers/?overdue=true&ordering=-overdue", "/nowhere/"]


def addresses(user: User) -> Iterator[str]:
    """The pages that open to `user`: each tab and each form of the showcase, one record of every other kind."""
    client = Client()
    client.force_login(user)
    for path in [*dict.fromkeys(candidates()), *EXTRA]:
        if path == "/nowhere/" or is_page(client.get(path)):
            yield path


def is_page(response) -> bool:
    """Neither a file nor a fragment for a page that is open already."""
    html = response.headers.get("Content-Type", "").startswith("text/html")
    return response.status_code == 200 and html and b"<html" in response.content


def candidates() -> Iterator[str]:
    """Every address outside /api/ with its placeholders filled; those without a record are left out."""
    for route, name in doors():
        plain = "/" + re.sub(r"\^|\$|\\Z", "", route)
        if not plain.startswith("/api/"):
            yield from filled(plain, name)


def filled(plain: str, name: str) -> Iterator[str]:
    found = re.search(r"<(?:\w+:)?(\w+)>", plain)
    if not found:
        yield plain
        return
    for value in values(found[1], name):
        yield from filled(plain.replace(found[0], value, 1), name)


def values(kwarg: str, name: str) -> list[str]:
    """What stands in the place of one placeholder."""
    if kwarg == "number":
        return [Customer.objects.filter(number=SHOWCASE).values_list("number", flat=True).get()]
    if kwarg in ("tab", "layer"):
        return list(TABS if kwarg == "tab" else LAYERS)
    if kwarg == "run":
        return [str(run.pk) for run in SyncRun.objects.order_by("-missing", "-pk")[:1]]
    if kwarg == "order":
        return [check.order for check in OrderCheck.objects.order_by("pk")[:1]]
    model = next((model for noun, model in MODELS.items() if noun in name), User)
    records = model.objects.filter(customer__number=SHOWCASE) if hasattr(model, "customer") else model.objects.all()
    return [str(record.pk) for record in records.order_by("pk")[:1]]
