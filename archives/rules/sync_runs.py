"""How a sync run compares with what is held, and whether what it did not bring may be closed. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from archives.choices import SyncState
from crm.core.errors import Refused

# Fewer than one in fifty, 2 %, may vanish without a person looking.
ONE_IN = 50
Sums = Mapping[str, Decimal]
SumsByCustomer = Mapping[str, Sums]


class Difference(NamedTuple):
    """What the source says of a customer's records in one currency, and what is held."""

    customer: str
    currency: str
    announced: Decimal
    held: Decimal

    @property
    def by(self) -> Decimal:
        """How much more is held than announced."""
        return self.held - self.announced


def may_close(*, missing: int, known: int, all_arrived: bool) -> bool:
    """Whether `missing` of the `known` open records of a source are closed without a person.

    Fewer than 2 % must be missing – exactly 2 % is too many – and everything announced must have arrived: what got lost
    on the way is not gone.
    """
    return missing == 0 or (all_arrived and missing * ONE_IN < known)


def all_arrived(*, announced: int | None, brought: int) -> bool:
    """Whether as many records came as were announced; nothing announced says nothing."""
    return announced is None or announced == brought


def agrees(*, count: int | None, totals: Sums | None, held_count: int, held: Sums) -> bool | None:
    """Whether what is held is what was announced; None when nothing was announced."""
    if count is None and totals is None:
        return None
    return count in (None, held_count) and (totals is None or not differing(totals, held))


def differing(announced: Sums, held: Sums) -> list[str]:
    """The currencies in which the sums differ; one that is not named is a sum of nothing."""
    return sorted(code for code in announced.keys() | held.keys() if announced.get(code, 0) != held.get(code, 0))


def differences(announced: SumsByCustomer, held: SumsByCustomer) -> list[Difference]:
    """The customers whose sums differ, the largest difference first."""
    nothing: Sums = {}
    found = [
        Difference(
            number,
            code,
            announced.get(number, nothing).get(code, Decimal(0)),
            held.get(number, nothing).get(code, Decimal(0)),
        )
        for number in announced.keys() | held.keys()
        for code in differing(announced.get(number, nothing), held.get(number, nothing))
    ]
    return sorted(found, key=lambda one: (-abs(one.by), one.customer, one.currency))


def why_not_bring(run: Any, *, object: str) -> Refused | None:
    """Refuses calls of another object than the run's, and those after its end."""
    if run.object != object:
        sentence = _("This run brings %(object)s.")
        return Refused(sentence % {"object": run.get_object_display()}, code="other_object")
    return why_not_end(run)


def why_not_end(run: Any) -> Refused | None:
    """Refuses a run that has ended."""
    return None if run.state == SyncState.OPEN else run_ended()


def run_ended() -> Refused:
    return Refused(_("This run has ended. Begin another one."), code="run_ended")


def why_not_decide(run: Any) -> Refused | None:
    """Refuses a decision about a run that waits for none."""
    if run.state != SyncState.NEEDS_REVIEW:
        return Refused(_("This run needs no decision any more."), code="nothing_to_decide")
    return None


def why_not_retry(failure: Any, account: Any) -> Refused | None:
    """Refuses what has gone through, what was too large to be kept, and items of an account that is switched off."""
    if failure.resolved_at is not None:
        return Refused(_("This row has gone through already."), code="resolved")
    if failure.item is None:
        return Refused(_("This row was too large to be kept. Send it again from the source."), code="item_not_kept")
    if not account.is_active:
        return Refused(_("The service account of this run is switched off."), code="account_off")
    return None
