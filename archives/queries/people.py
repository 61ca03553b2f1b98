"""The people at a customer, as a tree of who reports to whom."""

from dataclasses import dataclass

from archives.models import Contact, Customer


@dataclass(frozen=True, slots=True)
class Person:
    """A contact with its depth below the top of the tree."""

    contact: Contact
    depth: int


def people_of(customer: Customer) -> list[Person]:
    """Everybody in the order of the tree: each above those who report to them; those who have left come last."""
    contacts = list(Contact.objects.filter(customer=customer).order_by("name", "id"))
    below: dict[int | None, list[Contact]] = {}
    present = {contact.pk for contact in contacts if contact.left_on is None}
    for contact in contacts:
        if contact.pk in present:
            below.setdefault(contact.reports_to_id if contact.reports_to_id in present else None, []).append(contact)
    tree = _below(None, below, 0)
    gone = [Person(contact, 0) for contact in contacts if contact.pk not in {person.contact.pk for person in tree}]
    return tree + gone


def _below(boss: int | None, below: dict[int | None, list[Contact]], depth: int) -> list[Person]:
    found = []
    for contact in below.get(boss, []):
        found += [Person(contact, depth), *_below(contact.pk, below, depth + 1)]
    return found
