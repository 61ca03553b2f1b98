"""Saved views of a list: which one is open, whether it has been changed since, and what of it no longer exists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.core.api.filters import StrictFilterSet
from crm.core.lists.narrowing import values_of
from crm.core.models import SavedView, User

# What an address may say beside the filters of its list.
BESIDE = frozenset({"cursor", "view", "columns", "open"})
# The lists that views are kept of, by the name of their address.
PAGES = (
    *("customers", "flags", "holds", "applications", "visit_plans", "follow_ups"),
    *("ranking", "audit", "jobs", "people"),
)


@dataclass
class OpenedList:
    """A list as it was asked for. `params` is the address without what its view once knew and the list does not.

    `refusal` says what of the address the list does not understand.
    """

    page: str
    params: QueryDict
    views: list[SavedView]
    view: SavedView | None = None
    columns: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusal: str = ""
    mine: bool = False

    @property
    def query(self) -> str:
        return normal(self.params)

    @property
    def address(self) -> str:
        """The query string of the list as it is shown, from its first page on."""
        kept = self.params.copy()
        for name in ("cursor", "open"):
            kept.pop(name, None)
        return kept.urlencode(safe=",")

    @property
    def here(self) -> str:
        """The query string of the very page that is shown, without the row that is open."""
        kept = self.params.copy()
        kept.pop("open", None)
        return kept.urlencode(safe=",")

    @property
    def beside(self) -> dict[str, str]:
        """What a form that narrows the list sends along."""
        return {name: self.params[name] for name in ("view", "columns") if name in self.params}

    @property
    def changed(self) -> bool:
        """Whether the list shows something else than the view that is open."""
        if self.view is None:
            return False
        return self.query != self.view.query or bool(values_of(self.params, "columns"))


def normal(params: QueryDict) -> str:
    """The filters and the order of an address in one way of writing, whatever order they were given in."""
    names = sorted(set(params) - BESIDE)
    kept = QueryDict(mutable=True)
    for name in names:
        kept[name] = ",".join(values_of(params, name))
    return kept.urlencode(safe=",")


def open_list(
    params: QueryDict, *, page: str, user: User, filterset: Callable[[QueryDict], StrictFilterSet]
) -> OpenedList:
    """Read the address of `page`: the view it names, and its columns – asked for, the view's, or this person's own.

    A filter or value that only the view still knows is left out and told of; what somebody wrote is not.
    """
    views = list(SavedView.objects.visible_to(user).filter(page=page))
    opened = OpenedList(page, params.copy(), views)
    if "view" in params:
        opened.view = next((view for view in views if str(view.pk) == params["view"]), None)
        _leave_out(opened, filterset(params)) if opened.view else _view_is_gone(opened)
    opened.mine = opened.view is not None and opened.view.owner_id == user.pk
    kept = opened.view.columns if opened.view else []
    opened.columns = values_of(params, "columns") or kept or user.columns.get(page, [])
    return opened


def _view_is_gone(opened: OpenedList) -> None:
    del opened.params["view"]
    opened.warnings.append(_("This view is not there any more, or it is not shared with you."))


def _leave_out(opened: OpenedList, filterset: StrictFilterSet) -> None:
    refused = {*(set(opened.params) - filterset.known - BESIDE), *filterset.errors}
    for name in sorted(refused):
        values = values_of(opened.params, name)
        if values == values_of(opened.view.params, name):
            del opened.params[name]
            said = {"name": name, "value": ", ".join(values)}
            opened.warnings.append(_("This view asked for %(name)s: %(value)s, which no longer exists.") % said)


def wanted(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The names that are known, each once, in the order they were asked for."""
    return [name for name in dict.fromkeys(names) if name in known]
