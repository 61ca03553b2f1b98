"""The pages for what is not there, not allowed, or went wrong: what, why, how to mend, and the number to name."""

from typing import NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, requires_csrf_token
from django.views.decorators.http import require_GET

from crm.core.api.problems import problem_response
from crm.core.errors import Refused


class Problem(NamedTuple):
    """What a person reads of an answer that is none."""

    icon: str
    title: str | Promise
    text: str | Promise


PROBLEMS = {
    400: Problem(
        "alert-circle",
        gettext_lazy("This could not be read"),
        gettext_lazy("The address or what was sent with it is damaged. Go back and try again."),
    ),
    403: Problem(
        "lock",
        gettext_lazy("Your role does not include this"),
        gettext_lazy("Ask your administrator if you need it for your work."),
    ),
    404: Problem(
        "map-off",
        gettext_lazy("There is nothing here"),
        gettext_lazy(
            "The page does not exist, or it is not yours to see. If somebody sent you the link, ask them for access."
        ),
    ),
    405: Problem(
        "hand-stop",
        gettext_lazy("This address is not opened that way"),
        gettext_lazy("It takes the answers of a form. Go back and use the button there."),
    ),
    413: Problem(
        "file-alert",
        gettext_lazy("This is too large"),
        gettext_lazy("A file may have up to 20 MB. Make it smaller, or send several one by one."),
    ),
    429: Problem(
        "hourglass",
        gettext_lazy("Too many tries"),
        gettext_lazy(
            "Wait a few minutes, then try again. If you forgot your password, your administrator sets a new one."
        ),
    ),
    500: Problem(
        "alert-triangle",
        gettext_lazy("Something went wrong inside"),
        gettext_lazy(
            "Nothing of what you did was half-saved. "
            "Try again; if it happens again, tell your administrator this number:"
        ),
    ),
}
STALE = Problem(
    "refresh-alert",
    gettext_lazy("This page was open too long"),
    gettext_lazy("You have signed in anew since it was opened. Go back, reload the page and send it again."),
)


def _page(request: HttpRequest, status: int, problem: Problem | None = None) -> HttpResponse:
    """The page of a problem; asked by htmx the few words that a notice on the page shows."""
    template = "problem.html#said" if request.headers.get("HX-Request") else "problem.html"
    context = {"problem": problem or PROBLEMS[status], "request_id": getattr(request, "id", "")}
    response = render(request, template, context, status=status)
    response["X-Problem"] = str(status)
    return response


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> HttpResponse:
    """Below /api/ even an unknown path answers with a problem document, to everybody alike."""
    detail = _("There is no such address in this interface; all of its addresses end with a slash.")
    return problem_response(request, 404, code="not_found", detail=detail)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return api_not_found(request) if request.path.startswith("/api/") else _page(request, 404)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says what the rule said, where a rule has spoken."""
    said = exception.__cause__
    problem = PROBLEMS[403]
    return _page(request, 403, problem._replace(text=str(said)) if isinstance(said, Refused) else problem)


def too_many(request: HttpRequest) -> HttpResponse:
    return _page(request, 429)


@requires_csrf_token
@login_not_required
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose secret is not this session's any more."""
    return _page(request, 403, STALE)


def server_error(request: HttpRequest) -> HttpResponse:
    """The one page that asks nothing of the database or of the person's session, since these may be what is broken."""
    if request.path.startswith("/api/"):
        return problem_response(request, 500, code="server_error", detail=_("Something went wrong inside."))
    context = {
        "problem": PROBLEMS[500],
        "request_id": getattr(request, "id", ""),
        "posted": request.method == "POST",
        "LANGUAGE_CODE": get_language(),
    }
    template = "problem.html#said" if request.headers.get("HX-Request") else "500.html"
    return HttpResponse(render_to_string(template, context), status=500, headers={"X-Problem": "500"})


@require_GET
@never_cache
@login_not_required
def session(request: HttpRequest) -> JsonResponse:
    """Asked by a page before it sends a form: is this person still signed in, and with which secret?"""
    return JsonResponse({"user": request.user.pk, "token": get_token(request)})


class ExplainMiddleware:
    """Answers of the framework that carry a status and no words get the page of their problem."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        bare = response.status_code in (405, 413) and not response.streaming and not response.content
        if not bare or request.path.startswith("/api/"):
            return response
        page = _page(request, response.status_code)
        if "Allow" in response:
            page["Allow"] = response["Allow"]
        return page
