"""What a page asks before it opens: the right, once, above the view; and what was really said in its address."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict

from crm.core.roles import Can

View = Callable[..., HttpResponse]


def needs(right: Can) -> Callable[[View], View]:
    """Open a page only to people whose role carries `right`; everybody else gets 403."""

    def guard(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.may(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return opened

    return guard


def without_blanks(params: QueryDict) -> QueryDict:
    """The parameters that say something: a form sends its empty fields too."""
    kept = QueryDict(mutable=True)
    for name, values in params.lists():
        if said := [value for value in values if value.strip()]:
            kept.setlist(name, said)
    return kept
