"""One box over the archive: customers, people, visits, papers, orders and invoices, of the customers one may see.

Every question begins with `visible_to`: what lies outside a reader's scope is not found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.models import Contact, Customer, Document, Invoice, Order, Visit
from archives.queries.marking import Piece, excerpt, found_in, marked, marked_name
from archives.search import best_first, digits_of, search_condition, text_condition
from crm.core.keyset import Page, page_of
from crm.core.models import User
from crm.core.roles import Role, Scope
from crm.core.words import listed

SHOWN = 6
# So many hits are sorted at once; of more, the first are found by walking in their order.
MANY = 300
# The planner cannot know how rare a word is, nor that three pairs of characters are one word: it would now and then
# read a whole table for seven rows. So it is told which way to take: through the tokens, or along the order.
ALWAYS = {"enable_seqscan": "off", "enable_mergejoin": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}
BY_TOKENS = ALWAYS | {"enable_bitmapscan": "on", "enable_sort": "on"}
IN_ORDER = ALWAYS | {"enable_bitmapscan": "off", "enable_sort": "off"}
# Along the index of the numbers, only as far as the first rows go: thousands may begin alike.
BY_NUMBER = ALWAYS | {"enable_bitmapscan": "off", "enable_hashjoin": "off"}
# One pass over the reader's customers, not one walk to the customer of each of thousands of notes.
BY_HASH = BY_TOKENS | {"enable_nestloop": "off"}
LONGEST = 100
# What a hit shows of each record; a customer has sixty columns.
NAMES = ("customer__number", "customer__name", "customer__short_name")
OF_CUSTOMERS = (
    *("number", "name", "short_name", "former_names", "tax_number", "phone"),
    *("region__name", "owner__name", "owner__username"),
)
OF_TEXTS: dict[type[Model], tuple[str, ...]] = {
    Contact: (*NAMES, "name", "title", "email", "phone", "left_on"),
    Visit: (*NAMES, "happened_at", "kind", "content", "people", "next_step", "by__name", "by__username"),
    Document: (*NAMES, "created_at", "kind", "title", "number"),
}
# A number is looked for by so many characters at least.
SHORTEST_NUMBER = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was found when its title does not show it: the name of a field, and the field."""

    label: str | Promise
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: its title with what was looked for, a line about it, and why it is here."""

    record: Any
    title: list[Piece]
    about: list[Piece] = field(default_factory=list)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record that is found: all of its rows in order, and the first few of them for the box."""

    code: str
    label: str | Promise
    icon: str
    rows: Callable[[str, User], QuerySet]
    first: Callable[[str, User, int], list[Any]]
    hit: Callable[[Any, str], Hit]


@dataclass(frozen=True, slots=True)
class Group:
    """The first hits of one kind; `more` when there are others."""

    kind: Kind
    hits: list[Hit]
    more: bool


@contextmanager
def by_tokens() -> Iterator[None]:
    """Statements that go through the indexes of what the search keeps, whatever the planner thinks."""
    with transaction.atomic():
        _steer(BY_TOKENS)
        yield


def _steer(way: dict[str, str]) -> None:
    """Until the transaction ends, or is steered another way."""
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {name} = {value}" for name, value in way.items()))


@contextmanager
def _along_numbers() -> Iterator[None]:
    """Statements that go along the indexes of the numbers; those afterwards go by the tokens again."""
    _steer(BY_NUMBER)
    yield
    _steer(BY_TOKENS | {"enable_hashjoin": "on"})


@by_tokens()
def find(text: str, *, user: User, size: int = SHOWN) -> list[Group]:
    """The first hits of every kind that has any. A fixed number of statements."""
    text = text.strip()[:LONGEST]
    return [group for kind in KINDS.values() if (group := _first_of(kind, text, user, size)).hits] if text else []


def _first_of(kind: Kind, text: str, user: User, size: int) -> Group:
    rows = kind.first(text, user, size + 1)
    return Group(kind, [kind.hit(row, text) for row in rows[:size]], more=len(rows) > size)


@by_tokens()
def page_of_kind(kind: Kind, text: str, *, user: User, cursor: str = "") -> tuple[list[Hit], Page]:
    """One page of all hits of a kind. Raises Invalid for a cursor of another list."""
    page = page_of(kind.rows(text, user), cursor=cursor)
    return [kind.hit(row, text) for row in page.rows], page


@by_tokens()
def find_customers(text: str, *, user: User, size: int) -> list[Customer]:
    """Those called so, then those that begin so, then the others."""
    return _best_customers(text, user, size)


def recent_customers(numbers: list[str], *, user: User) -> list[Customer]:
    """The customers with these numbers, in this order, as far as `user` may see them."""
    rows = {row.number: row for row in _seen(user).filter(number__in=numbers)}
    return [rows[number] for number in numbers if number in rows]


# --- What is found of each kind ---------------------------------------------------------------------------------------


def _seen(user: User) -> QuerySet[Customer]:
    return Customer.objects.visible_to(user).select_related("owner", "region").only(*OF_CUSTOMERS)


def _customers(text: str, user: User) -> QuerySet[Customer]:
    return _seen(user).filter(search_condition(text)).order_by("number")


def _best_customers(text: str, user: User, size: int) -> list[Customer]:
    """At most three statements, unordered, so that the indexes of the names decide; each answer by number."""
    found: dict[int, Customer] = {}
    for condition in best_first(text):
        if len(found) < size:
            rows = _seen(user).filter(condition).exclude(pk__in=found).order_by()[: size - len(found)]
            found |= {row.pk: row for row in sorted(rows, key=lambda row: row.number)}
    return list(found.values())


def _contacts(text: str, user: User) -> QuerySet[Contact]:
    return _of(Contact, text, user).order_by("-pk")


def _visits(text: str, user: User) -> QuerySet[Visit]:
    return _of(Visit, text, user).order_by("-happened_at", "-id")


def _documents(text: str, user: User) -> QuerySet[Document]:
    return _of(Document, text, user).order_by("-created_at", "-pk")


def _of(model: type[Contact | Visit | Document], text: str, user: User) -> QuerySet:
    """The records that `text` may mean: when they are few by key, else by what they say, along their order."""
    _steer(BY_TOKENS)
    meant, all_seen = text_condition(text), model.objects.visible_to(user)
    seen = all_seen.select_related("customer", *(["by"] if model is Visit else [])).only(*OF_TEXTS[model])
    keys = _few(model.objects.filter(meant))
    if keys is None and Role(user.role).scope != Scope.ALL:
        _steer(BY_HASH)
        keys = _few(all_seen.filter(meant))
        _steer({"enable_nestloop": "on"})
    if keys is not None:
        return seen.filter(pk__in=keys)
    _steer(IN_ORDER)
    return seen.filter(meant)


def _few(rows: QuerySet) -> list[Any] | None:
    """The keys of rows that are few, whoever may see them; None for many."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: MANY + 1])
    return keys if len(keys) <= MANY else None


def _best_numbers(model: type[Order | Invoice]) -> Callable[[str, User, int], list[Any]]:
    """The one of this number, then those that begin with it, as written and in capitals. At most three statements."""

    def best(text: str, user: User, size: int) -> list[Any]:
        if not (conditions := _number_conditions(text)):
            return []
        found: dict[int, Any] = {}
        with _along_numbers():
            for condition in conditions:
                if len(found) < size:
                    rows = model.objects.visible_to(user).select_related("customer").filter(condition)
                    found |= {row.pk: row for row in rows.exclude(pk__in=found).order_by()[: size - len(found)]}
        return list(found.values())

    return best


def _number_conditions(text: str) -> list[Q]:
    if len(text) < SHORTEST_NUMBER or not any(map(str.isdigit, text)):
        return []
    written = list(dict.fromkeys((text, text.upper())))
    return [Q(number__in=written), *(Q(number__startswith=one) for one in written)]


def _numbers(model: type[Order | Invoice]) -> Callable[[str, User], QuerySet]:
    """Those that begin so, by number; of very many the first that come, which more characters tell apart."""
    best = _best_numbers(model)

    def rows(text: str, user: User) -> QuerySet:
        keys = [row.pk for row in best(text, user, MANY)]
        return model.objects.filter(pk__in=keys).select_related("customer").order_by("number")

    return rows


def _begin_of(rows: Callable[[str, User], QuerySet]) -> Callable[[str, User, int], list[Any]]:
    return lambda text, user, size: list(rows(text, user)[:size])


def _customer(customer: Customer, text: str) -> Hit:
    title, number = marked_name(customer.name, text), _number(customer, text)
    shown = found_in(title) or found_in(number)
    return Hit(
        customer, title, number, None if shown else _first(*_other_names(customer, text), *_codes(customer, text))
    )


def _number(customer: Customer, text: str) -> list[Piece]:
    begins = customer.number.upper().startswith(text.upper())
    return marked(customer.number, text) if begins else [Piece(customer.number)]


def _other_names(customer: Customer, text: str) -> Iterator[Reason]:
    yield Reason(_label(Customer, "short_name"), marked_name(customer.short_name, text))
    for name in customer.former_names.split("\n"):
        yield Reason(_("former name"), marked_name(name, text))


def _codes(customer: Customer, text: str) -> Iterator[Reason]:
    if customer.tax_number.upper() == text.upper():
        yield Reason(_label(Customer, "tax_number"), marked(customer.tax_number, text))
    yield Reason(_label(Customer, "phone"), marked(customer.phone, digits_of(text)))


def _contact(contact: Contact, text: str) -> Hit:
    email = Reason(_label(Contact, "email"), marked(contact.email, text))
    phone = Reason(_label(Contact, "phone"), marked(contact.phone, digits_of(text)))
    return Hit(contact, marked_name(contact.name, text), marked(contact.title, text), _first(email, phone))


def _visit(visit: Visit, text: str) -> Hit:
    people = Reason(_label(Visit, "people"), marked_name(listed(visit.people), text))
    step = Reason(_label(Visit, "next_step"), marked(visit.next_step, text))
    return Hit(visit, excerpt(visit.content, text), reason=_first(people, step))


def _document(document: Document, text: str) -> Hit:
    return Hit(document, marked(document.title, text), marked(document.number, text))


def _order(order: Order, text: str) -> Hit:
    return Hit(order, marked(order.number, text))


def _invoice(invoice: Invoice, text: str) -> Hit:
    return Hit(invoice, marked(invoice.number, text))


def _label(model: type[Model], name: str) -> str | Promise:
    return model._meta.get_field(name).verbose_name


def _first(*reasons: Reason) -> Reason | None:
    return next((reason for reason in reasons if found_in(reason.pieces)), None)


KINDS = {
    kind.code: kind
    for kind in (
        Kind("customers", _("Customers"), "building", _customers, _best_customers, _customer),
        Kind("contacts", _("Contacts"), "user", _contacts, _begin_of(_contacts), _contact),
        Kind("visits", _("Visits"), "notes", _visits, _begin_of(_visits), _visit),
        Kind("documents", _("Documents"), "file-text", _documents, _begin_of(_documents), _document),
        Kind("orders", _("Orders"), "truck-delivery", _numbers(Order), _best_numbers(Order), _order),
        Kind("invoices", _("Invoices"), "file-dollar", _numbers(Invoice), _best_numbers(Invoice), _invoice),
    )
}
