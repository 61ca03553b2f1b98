"""What the search box can do besides finding: go to a page, or begin a deed – "log visit 晨光"."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from archives.models import Customer
from archives.queries.search import find_customers
from crm.core.models import SavedView, User
from crm.core.roles import Can

SHOWN = 5
GOING = ("go to ", "go ", "open ", "打开", "前往", "打開")


@dataclass(frozen=True)
class Deed:
    """Something one may begin for a customer."""

    right: Can
    icon: str
    words: str | Promise
    address: Callable[[str], str]
    also: tuple[str, ...] = ()  # other words that people type for it, in any language


@dataclass(frozen=True)
class Offer:
    """One line of what the box offers: it leads to `url`, or completes what is typed to `text`."""

    icon: str
    words: str
    url: str = ""
    text: str = ""
    customer: Customer | None = None


def page(name: str, *rest: str) -> Callable[[str], str]:
    """The address of a page about the customer with that number."""
    return lambda number: reverse(name, args=[number, *rest])


def asking(number: str) -> str:
    return f"{reverse('limit_ask')}?customer={number}"


DEEDS = (
    Deed(Can.LOG_VISITS, "pencil", _("Log visit"), page("visit_new"), also=("visit", "拜访", "拜訪")),
    Deed(Can.LOG_VISITS, "calendar-plus", _("Plan visit"), page("plan_new"), also=("plan", "计划拜访", "計畫拜訪")),
    Deed(Can.CHECK_ORDERS, "truck-delivery", _("Can I ship?"), page("what_if")),
    Deed(Can.ASK_LIMIT, "file-dollar", _("Ask for a limit"), asking),
    Deed(Can.SCORE, "clipboard-check", _("Assess"), page("assess")),
    Deed(Can.SCORE, "calendar-stats", _("Evaluate the year"), page("evaluate")),
    Deed(Can.ADD_REPORTS, "report-search", _("Add a report"), page("report_new")),
    Deed(Can.EDIT_ARCHIVE, "edit", _("Edit the archive"), page("customer_edit", "basic")),
)
# (name of the address, icon, words, right); no right: open to everybody.
PLACES: tuple[tuple[str, str, str | Promise, Can | None], ...] = (
    ("my_day", "calendar-stats", _("My day"), None),
    ("customers", "users", _("Customers"), Can.SEE_ARCHIVE),
    ("customer_new", "plus", _("New customer"), Can.EDIT_ARCHIVE),
    ("applications", "file-dollar", _("Limit applications"), Can.SEE_CREDIT),
    ("holds", "hand-stop", _("Held orders"), Can.SEE_CREDIT),
    ("ranking", "sort-descending", _("Ranking"), Can.SEE_ARCHIVE),
    ("flags", "flag", _("Flags"), Can.SEE_ARCHIVE),
    ("follow_ups", "check", _("Follow-ups"), Can.SEE_ARCHIVE),
    ("visit_plans", "calendar-event", _("Planned visits"), Can.SEE_ARCHIVE),
    ("notices", "bell", _("Notices"), None),
    ("jobs", "clock-play", _("Jobs"), Can.SEE_JOBS),
    ("audit", "history", _("Audit trail"), Can.SEE_AUDIT),
    ("people", "users", _("People"), Can.MANAGE_PEOPLE),
    ("tokens", "key", _("Tokens"), Can.MANAGE_TOKENS),
    ("policy", "adjustments", _("Policy"), Can.MANAGE_POLICY),
    ("rates", "coin", _("Exchange rates"), Can.MANAGE_POLICY),
    ("settings", "settings", _("Language and appearance"), None),
)


def deeds_of(user: User) -> list[Deed]:
    return [deed for deed in DEEDS if user.may(deed.right)]


def offers_for(text: str, user: User) -> list[Offer]:
    """Pages and saved views by a part of their name, "go to" before it or not; deeds by their name in the reader's
    language or English, then the customer's."""
    typed = text.casefold()
    if len(typed) < 2:
        return []
    place = without_going(typed)
    return [*begun(typed, user), *places(place, user), *views(place, user)][:SHOWN]


def without_going(typed: str) -> str:
    """ "go to customers" is "customers"."""
    for going in GOING:
        if typed.startswith(going):
            return typed.removeprefix(going).strip()
    return typed


def places(typed: str, user: User) -> Iterator[Offer]:
    for name, icon, words, right in PLACES:
        if (right is None or user.may(right)) and any(typed in spoken for spoken in spoken_as(words)):
            yield Offer(icon, str(words), url=reverse(name))


def views(typed: str, user: User) -> Iterator[Offer]:
    """The lists that somebody keeps under a name, one's own and the team's."""
    kept = SavedView.objects.visible_to(user).filter(name__icontains=typed)
    for view in kept[:SHOWN]:
        yield Offer("table", view.name, url=reverse(view.page) + view.address)


def begun(typed: str, user: User) -> Iterator[Offer]:
    """ "log" completes to "Log visit "; "log visit 晨光" leads to the note about each customer of that name."""
    for deed in deeds_of(user):
        names = (*spoken_as(deed.words), *deed.also)
        if any(name.startswith(typed) for name in names):
            yield Offer(deed.icon, f"{deed.words} …", text=f"{deed.words} ")
        elif of := next(filter(None, (customer_named(name, typed) for name in names)), ""):
            yield from for_each_customer(deed, of, user)


def customer_named(deed: str, typed: str) -> str:
    """What follows the name of the deed: "晨光" of "log visit 晨光"; Chinese needs no space between."""
    rest = typed.removeprefix(deed)
    apart = rest[:1].isspace() or not deed.isascii()
    return rest.strip() if rest != typed and apart else ""


def for_each_customer(deed: Deed, name: str, user: User) -> Iterator[Offer]:
    for customer in find_customers(name, user=user, size=SHOWN):
        yield Offer(deed.icon, str(deed.words), url=deed.address(customer.number), customer=customer)


def spoken_as(words: str | Promise) -> set[str]:
    """The words in the reader's language and in English, in small letters."""
    with override("en"):
        english = str(words).casefold()
    return {str(words).casefold(), english}
