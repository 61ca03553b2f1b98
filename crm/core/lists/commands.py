"""Views are kept, changed, shared and thrown away here. Private to people and their team, so no trail is kept."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.core.errors import Invalid, NotAllowed
from crm.core.lists.views import PAGES, normal
from crm.core.models import SavedView, User

CHANGEABLE = ("name", "query", "columns", "shared")


@transaction.atomic
def keep_view(*, by: User, page: str, name: str, query: str, columns: list[str], shared: bool = False) -> SavedView:
    """A new view of the list `page`. Refused: a list that keeps no views, no name, a name `by` has given already."""
    if page not in PAGES:
        raise Invalid({"page": _("No views are kept of this list.")})
    view = SavedView(owner=by, page=page, name=name.strip(), query=normal(QueryDict(query)), columns=columns)
    view.shared = shared
    return _kept(view)


@transaction.atomic
def change_view(view: SavedView, *, by: User, **fields: Any) -> SavedView:
    """Change its name, filters (`query`), columns or whether it is shared. Refused: somebody else's; a name twice."""
    view = _mine(view, by)
    for name in CHANGEABLE:
        setattr(view, name, fields.get(name, getattr(view, name)))
    view.name, view.query = view.name.strip(), normal(view.params)
    return _kept(view)


@transaction.atomic
def forget_view(view: SavedView, *, by: User) -> None:
    """The view goes, for the team too. Refused: somebody else's."""
    _mine(view, by).delete()


@transaction.atomic
def choose_columns(*, by: User, page: str, columns: list[str]) -> None:
    """The columns of `page` for this person from now on; none: as the list comes."""
    person = User.objects.select_for_update().get(pk=by.pk)
    person.columns = {**person.columns, page: columns}
    person.save(update_fields=["columns"])


def why_not_change(view: SavedView, *, by: User) -> NotAllowed | None:
    """Refuses to change what somebody else keeps."""
    if view.owner_id == by.pk:
        return None
    return NotAllowed(_("%(owner)s keeps this view. Save it under a name of your own.") % {"owner": view.owner})


def _mine(view: SavedView, by: User) -> SavedView:
    view = SavedView.objects.select_for_update().get(pk=view.pk)
    if refusal := why_not_change(view, by=by):
        raise refusal
    return view


def _kept(view: SavedView) -> SavedView:
    try:
        view.full_clean()
    except ValidationError as failure:
        raise Invalid({name: " ".join(said) for name, said in failure.message_dict.items()}) from failure
    view.save()
    return view
