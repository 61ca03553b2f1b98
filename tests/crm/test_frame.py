"""The frame of every page: what it asks the database, and the numbers in its head."""

import pytest
from django.urls import reverse
from django.utils import timezone

from archives.choices import Segment
from crm.context import shell
from crm.core.models import Job, Notice
from crm.core.templatetags.dossier import badge

SESSION, PERSON, BADGES = 1, 1, 1


def head_of(rf, user) -> dict:
    """What the head of a page shows to this person."""
    request = rf.get("/")
    request.user = user
    return {name: value() for name, value in shell(request).items() if callable(value)}


def test_a_page_without_content_asks_little(page_as, seller, credit_manager, django_assert_num_queries):
    for user in (seller, credit_manager):
        page = page_as(user)
        page.get("/settings/")  # the first request of a session writes down when it was used
        with django_assert_num_queries(SESSION + PERSON + BADGES):
            assert page.get("/settings/").status_code == 200


def test_the_head_counts_what_is_ones_own(rf, seller, colleague):
    for number, (person, read_at) in enumerate(((seller, None), (seller, timezone.now()), (colleague, None))):
        Notice.objects.create(recipient=person, kind="night", key=str(number), read_at=read_at)
    for state in Job.State.values:
        Job.objects.create(kind="night", key=state, by=seller, state=state)
    assert head_of(rf, seller) == {"decisions_waiting": 0, "notices_unread": 1, "jobs_working": len(Job.OPEN)}
    assert head_of(rf, colleague) == {"decisions_waiting": 0, "notices_unread": 1, "jobs_working": 0}


@pytest.mark.parametrize(
    ("who", "places"),
    [("admin", ["/", "/people/", "/tokens/", "/webhooks/", "/jobs/"]), ("seller", ["/", "/customers/"])],
)
def test_the_bar_leads_to_the_places_of_the_role(page_as, request, who, places):
    page = page_as(request.getfixturevalue(who)).get("/settings/").content.decode()
    bar = page.partition('id="places"')[2].partition("</nav>")[0]
    known = ["/", "/people/", "/tokens/", "/webhooks/", "/jobs/", "/customers/"]
    assert [path for path in known if f'href="{path}"' in bar] == places


def test_what_is_kept_of_a_page_is_that_of_the_role_and_the_language(page_as, seller, credit_manager):
    """What everybody of a role shares is put together once; nobody gets it of another role or in another language."""
    for language, word in (("en", "Policy"), ("zh-hans", "政策")):
        type(seller).objects.update(language=language)
        for user, may in ((seller, False), (credit_manager, True), (seller, False)):
            page = page_as(user).get("/settings/").content.decode()
            assert (f'href="{reverse("policy")}"' in page) is may, (language, user)
            assert (word in page) is may


def test_a_badge_shows_a_choice_in_its_tone_and_words_in_theirs():
    assert badge(Segment.A) == '<span class="badge bg-blue text-blue-fg">A</span>'
    assert badge(Segment.B, title="Class") == '<span class="badge bg-azure-lt" title="Class">B</span>'
    assert badge("<late>", "red", classes="ms-1") == '<span class="badge bg-red-lt ms-1">&lt;late&gt;</span>'
    assert badge(None) == badge("") == ""
