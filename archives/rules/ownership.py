"""Who keeps a field of the customer, and what that means for whoever writes it. Pure."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from archives.choices import CustomerStatus, FieldOwner

# A customer cannot begin without these, whoever keeps them.
NEEDED_AT_FIRST = {"number", "name", "currency"}


class Keeper(NamedTuple):
    """Who keeps a field: Dossier, or the ERP – the service account, or any where none is named."""

    owner: FieldOwner
    account: int | None = None
    name: str = ""

    def keeps_out(self, by: Any) -> bool:
        """Whether `by` may not change the field: people what the ERP keeps, programs what Dossier or another keeps."""
        if by.is_connector:
            return self.owner == FieldOwner.DOSSIER or self.account not in (None, by.pk)
        return self.owner == FieldOwner.ERP

    @property
    def code(self) -> str:
        """What programs read when their value was not taken, or a person's was refused."""
        return "owned_by_dossier" if self.owner == FieldOwner.DOSSIER else "owned_by_erp"


def why_kept(keeper: Keeper) -> str:
    """The sentence for people, on the form and as a refusal."""
    return _("Kept by %(who)s; change it there.") % {"who": keeper.name or _("the ERP")}


def why_ignored(keeper: Keeper) -> str:
    """The sentence for programs, whose value was not taken."""
    if keeper.owner == FieldOwner.DOSSIER:
        return _("Dossier keeps this field; the value was not taken.")
    return _("%(who)s keeps this field; the value was not taken.") % {"who": keeper.name}


def is_open_to_people(status: str) -> bool:
    """A potential customer is not in the ERP yet: people write all of it."""
    return status == CustomerStatus.POTENTIAL
