"""The search box: what it finds, what it offers to do, and for whom."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from archives.models import Contact, Customer, Document, Visit
from archives.queries.search import KINDS, find
from crm.core.models import SavedView
from crm.views.deeds import offers_for
from tests.factories import CustomerFactory, InvoiceFactory, OrderFactory


@pytest.fixture
def below_the_box(page_as):
    def asked(user, text: str) -> str:
        headers = {"HX-Request": "true", "HX-Target": "found"}
        return page_as(user).get("/search/", {"q": text}, headers=headers).content.decode()

    return asked


@pytest.fixture
def archive(customer, seller):
    """A person, a visit and a paper of the seller's customer."""
    Contact.objects.create(
        customer=customer, name="陳建國", title="采购经理", phone="138 0571 4471", email="chen@cg.cn"
    )
    visit_of(customer, seller, "仓库库存偏高，轴承规格不全。Their new boiler is running.")
    paper_of(customer, seller, title="年度供货合同", number="HT-2026-000123")
    return customer


def visit_of(customer, by, content, **given):
    return Visit.objects.create(
        customer=customer, by=by, happened_at=timezone.now(), kind="site", content=content, **given
    )


def paper_of(customer, by, **given):
    stored = {"file": f"{uuid.uuid4().hex}.pdf", "content_type": "application/pdf", "size": 1}
    return Document.objects.create(customer=customer, by=by, **given, **stored)


def words(pieces) -> str:
    """The pieces with what was found in brackets."""
    return "".join(f"[{piece.text}]" if piece.found else piece.text for piece in pieces)


def only(text, user):
    """The one hit of the one kind that is found."""
    ((group,)) = find(text, user=user)
    (hit,) = group.hits
    return group.kind.code, hit


# --- What is found, and why -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kind", "title"),
    [
        ("建国", "contacts", "陳[建國]"),
        ("chenjian", "contacts", "[陳建]國"),
        ("cjg", "contacts", "[陳建國]"),
        ("采购经", "contacts", "陳建國"),
        ("库存", "visits", "仓库[库存]偏高，轴承规格不全。Their new boiler is running."),
        ("庫存偏高", "visits", "仓库[库存偏高]，轴承规格不全。Their new boiler is running."),
        ("boil", "visits", "仓库库存偏高，轴承规格不全。Their new [boil]er is running."),
        ("HT-2026-000123", "documents", "年度供货合同"),
        ("ht2026000123", "documents", "年度供货合同"),
        ("供货", "documents", "年度[供货]合同"),
    ],
)
def test_people_visits_and_papers_are_found_by_their_words(archive, seller, typed, kind, title):
    code, hit = only(typed, seller)
    assert (code, words(hit.title)) == (kind, title)


@pytest.mark.parametrize("typed", ["oiler", "高轴", "国建", "447", "4472", "x", "国"])
def test_they_are_not_found_by_what_they_do_not_say(archive, seller, typed):
    assert not [group for group in find(typed, user=seller) if group.kind.code != "customers"]


@pytest.mark.parametrize(
    ("typed", "label", "value"),
    [
        ("4471", "phone", "138 0571 [4471]"),
        ("138 0571 4471", "phone", "[138 0571 4471]"),
        ("chen@cg", "e-mail", "[chen@cg].cn"),
    ],
)
def test_a_contact_says_why_it_was_found(archive, seller, typed, label, value):
    _kind, hit = only(typed, seller)
    assert (hit.reason.label, words(hit.reason.pieces)) == (label, value)


@pytest.mark.parametrize(
    ("typed", "label", "value"),
    [
        ("榮光", "former name", "杭州[荣光]机械厂"),
        ("rgjx", "former name", "杭州[荣光机械]厂"),
        ("8888", "phone", "0571 [8888]"),
        ("91330100ab", "tax number", "[91330100AB]"),
        ("小太阳", "short name", "[小太阳]"),
    ],
)
def test_a_customer_says_why_it_was_found(seller, typed, label, value):
    names = {"name": "杭州晨光轴承有限公司", "short_name": "小太阳", "former_names": "杭州荣光机械厂"}
    CustomerFactory(**names, owner=seller, phone="0571 8888", tax_number="91330100AB")
    _kind, hit = only(typed, seller)
    assert (hit.reason.label, words(hit.reason.pieces)) == (label, value)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("晨光", "杭州[晨光]轴承有限公司"), ("cgz", "杭州[晨光轴]承有限公司"), ("Chen guang", "杭州[晨光]轴承有限公司")],
)
def test_the_name_shows_what_was_found_in_it(customer, seller, typed, title):
    _kind, hit = only(typed, seller)
    assert words(hit.title) == title
    assert hit.reason is None


def test_who_is_called_so_comes_first(seller):
    for name in ("大晨光", "晨光一", "晨光"):
        CustomerFactory(name=name, owner=seller)
    (group,) = find("晨光", user=seller)
    assert [hit.record.name for hit in group.hits] == ["晨光", "晨光一", "大晨光"]


def test_a_changed_record_is_found_by_what_it_says_now(archive, seller):
    contact = Contact.objects.get()
    contact.name = "王丽"
    contact.save()
    assert not find("建国", user=seller)
    assert only("wangli", seller)[0] == "contacts"


def test_bulk_leaves_nothing_out(customer, seller):
    Contact.objects.bulk_create([Contact(customer=customer, name="赵敏")])
    assert only("赵敏", seller)[0] == "contacts"


# --- For whom ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["晨光", "建国", "4471", "库存", "HT-2026-000123", "C-100234"])
def test_nobody_finds_what_they_may_not_see(archive, seller, outsider, admin, typed):
    assert find(typed, user=seller)
    assert not find(typed, user=outsider)
    assert not find(typed, user=admin)


@pytest.mark.parametrize(("typed", "statements"), [("轴承", 15), ("4471", 23)])
def test_the_number_of_statements_does_not_grow(archive, seller, typed, statements):
    asked = []
    for _more in range(2):
        other = CustomerFactory(name="轴承", phone="0571 4471", owner=seller)
        Contact.objects.create(customer=other, name="轴承", phone="4471")
        visit_of(other, seller, "轴承 4471")
        paper_of(other, seller, title="轴承", number="4471")
        OrderFactory(customer=other)
        InvoiceFactory(customer=other)
        with CaptureQueriesContext(connection) as captured:
            find(typed, user=seller)
        asked.append(len(captured))
    assert asked == [statements, statements]


# --- Orders and invoices ----------------------------------------------------------------------------------------------


@pytest.fixture
def trade(customer):
    """Two orders, one number beginning with the other, and a settled invoice of the first."""
    first = OrderFactory(customer=customer, number="SO-88-1")
    OrderFactory(customer=customer, number="SO-88-12")
    InvoiceFactory(customer=customer, number="INV-88-7", order=first.number, open_amount=0, settled_on="2026-11-20")
    return customer


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("SO-88-1", ["SO-88-1", "SO-88-12"]),
        ("so-88-12", ["SO-88-12"]),
        ("SO-88", ["SO-88-1", "SO-88-12"]),
        ("INV-88-7", ["INV-88-7"]),
        ("88-7", []),
        ("SO", []),
        ("SO-88%", []),
    ],
)
def test_orders_and_invoices_are_found_by_their_number_and_its_beginning(trade, seller, typed, found):
    groups = [group for group in find(typed, user=seller) if group.kind.code in ("orders", "invoices")]
    assert [hit.record.number for group in groups for hit in group.hits] == found


def test_the_very_number_comes_first(trade, seller, customer):
    OrderFactory(customer=customer, number="SO-88")
    (group,) = find("SO-88", user=seller, size=1)
    assert [hit.record.number for hit in group.hits] == ["SO-88"] and group.more


def test_orders_and_invoices_of_others_are_not_found(trade, seller, outsider, admin, officer):
    assert find("SO-88", user=officer) and find("INV-88-7", user=officer)
    for stranger in (outsider, admin):
        assert not find("SO-88", user=stranger) and not find("INV-88-7", user=stranger)


def test_a_number_leads_to_its_place_on_the_page_of_the_customer(trade, page_as, seller, outsider, below_the_box):
    text = below_the_box(seller, "INV-88-7")
    place = f"/customers/{trade.number}/receivables/?invoice=INV-88-7"
    assert f'href="{place}#found"' in text
    page = page_as(seller).get(place).content.decode()
    assert 'id="found"' in page and "INV-88-7" in page
    order = page_as(seller).get(f"/customers/{trade.number}/receivables/?order=SO-88-1").content.decode()
    assert "?invoice=INV-88-7#found" in order
    assert page_as(seller).get(f"/customers/{trade.number}/receivables/?order=SO-none").status_code == 404
    assert page_as(outsider).get(place).status_code == 404


def test_all_orders_that_begin_alike_have_pages(trade, page_as, seller):
    page = page_as(seller).get("/search/", {"q": "SO-88", "kind": "orders"})
    assert page.context["count"] == 2


# --- Below the box ----------------------------------------------------------------------------------------------------


def test_each_kind_is_a_group_of_a_few(seller, archive, below_the_box):
    for number in range(10):
        CustomerFactory(name=f"晨光第{number}分厂", owner=seller)
    text = below_the_box(seller, "晨光")
    assert text.count('role="option"') == 7  # six and the way to all of them
    assert 'href="/customers/?search=%E6%99%A8%E5%85%89"' in text
    assert text.count("/customers/C-") == 6
    assert below_the_box(seller, "供货").count('role="option"') == 1
    assert "<html" not in text


def test_an_empty_box_shows_whom_one_opened_last(page_as, seller, customer, outsider, below_the_box):
    other = CustomerFactory(name="Otter Ltd", owner=seller)
    for opened in (customer, other, customer):
        page_as(seller).get(opened.get_absolute_url())
    numbers = re.findall(r'href="/customers/([^/]+)/"', below_the_box(seller, ""))
    assert numbers == [customer.number, other.number]
    Customer.objects.update(owner=outsider)
    assert "Opened last" not in below_the_box(seller, "")


def test_nothing_found_carries_the_name_to_a_new_customer(seller, auditor, below_the_box, page_as):
    text = below_the_box(seller, "远大 & Co")
    assert "Nothing found" in text
    assert 'href="/new-customer/?name=%E8%BF%9C%E5%A4%A7%20%26%20Co"' in text
    assert 'value="远大 &amp; Co"' in page_as(seller).get("/new-customer/", {"name": "远大 & Co"}).content.decode()
    assert "/new-customer/" not in below_the_box(auditor, "远大")


def test_what_was_typed_stays_text(seller, below_the_box, page_as):
    for text in ("<script>alert(1)</script>", "\x00", "%", "'", '"><b>', "𠮷" * 300):
        assert page_as(seller).get("/search/", {"q": text}).status_code == 200
        assert "<script>alert" not in below_the_box(seller, text)


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_works_by_itself(page_as, seller, archive):
    page = page_as(seller).get("/search/", {"q": "晨光"}).content.decode()
    assert archive.get_absolute_url() in page
    assert "<mark>晨光</mark>" in page


@pytest.mark.parametrize("kind", ["contacts", "visits", "documents"])
def test_all_of_a_kind_are_listed_page_by_page(page_as, seller, customer, kind):
    for number in range(60):
        Contact.objects.create(customer=customer, name=f"轴承{number}")
        visit_of(customer, seller, f"轴承 {number}")
        paper_of(customer, seller, title=f"轴承 {number}")
    browser = page_as(seller)
    first = browser.get("/search/", {"q": "轴承", "kind": kind}).content.decode()
    onward = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = browser.get(f"/search/{onward}").content.decode()
    found = [set(re.findall(r"</mark>\s?(\d+)", page)) for page in (first, second)]
    assert (len(found[0]), len(found[1]), len(found[0] | found[1])) == (50, 10, 60)


def test_a_bad_address_is_a_sentence(page_as, seller, archive):
    answer = page_as(seller).get("/search/", {"q": "库存", "kind": "visits", "cursor": "nonsense"})
    assert "Begin at the first page" in answer.content.decode()
    assert page_as(seller).get("/search/", {"q": "库存", "kind": "nothing"}).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_a_kind_asks_a_fixed_number_of_times(page_as, seller, archive, kind, django_assert_max_num_queries):
    browser = page_as(seller)
    browser.get("/")
    for text in ("晨光", "建国", "库存", "供货"):
        with django_assert_max_num_queries(15):
            browser.get("/search/", {"q": text, "kind": kind})


def test_a_visit_leads_to_its_place_in_the_timeline(page_as, seller, archive, below_the_box):
    visit_of(archive, seller, "later and of no interest")
    link = re.search(r'href="([^"]+show=visits[^"]+)"', below_the_box(seller, "库存"))[1].replace("&amp;", "&")
    page = page_as(seller).get(link).content.decode()
    assert "库存偏高" in page
    assert "of no interest" not in page


# --- Deeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["log visit 晨光", "Visit cg", "拜访晨光", "拜訪 晨光"])
def test_a_visit_is_begun_by_typing_it(seller, customer, below_the_box, typed):
    assert f'href="/customers/{customer.number}/visits/new/"' in below_the_box(seller, typed)


def test_a_visit_is_planned_by_typing_it(seller, customer, below_the_box):
    assert f'href="/customers/{customer.number}/visit-plans/new/"' in below_the_box(seller, "plan visit 晨光")


def test_the_beginning_of_a_deed_is_completed(seller, below_the_box):
    assert 'data-completes="Log visit "' in below_the_box(seller, "log")


def test_deeds_have_names_in_the_readers_language_and_in_english(seller, customer):
    with override("zh-hans"):
        own = str(offers_for("log visit", seller)[0].words).removesuffix(" …")
        assert offers_for(f"{own} 晨光", seller)[0].customer == customer
        assert offers_for("log visit 晨光", seller)[0].customer == customer


@pytest.mark.parametrize("typed", ["held", "go to held orders", "打开held"])
def test_a_page_is_found_by_its_name(seller, credit_manager, typed):
    assert [offer.url for offer in offers_for(typed, credit_manager)] == ["/credit/holds/"]
    assert offers_for("audit", seller) == []


def test_views_that_one_keeps_are_found_by_their_name(seller, colleague, outsider):
    SavedView.objects.create(
        owner=seller, page="customers", name="Sleeping in Ningbo", query="status=dormant", shared=True
    )
    for reader in (seller, colleague):
        (offer,) = offers_for("ningbo", reader)
        assert offer.url.startswith("/customers/?view=")
    assert not offers_for("ningbo", outsider)


def test_nobody_is_offered_what_they_may_not_do(auditor, outsider, customer):
    assert not [offer for offer in offers_for("log visit 晨光", auditor) if offer.customer]
    assert not [offer for offer in offers_for("log visit 晨光", outsider) if offer.customer]
