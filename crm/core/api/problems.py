"""Refusals as `application/problem+json`: one shape for every error, whatever raised it."""

from collections.abc import Iterator
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from crm.core.errors import Invalid, Refused

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
OUT_OF_RANGE = "22003"  # PostgreSQL: numeric value out of range
WAITED_TOO_LONG = {"55P03", "40P01"}  # PostgreSQL: lock not available, deadlock detected


class Conflict(exceptions.APIException):
    """A refusal that belongs to the protocol (idempotency, If-Match) with a status of its own."""

    def __init__(self, status_code: int, code: str, detail: str):
        super().__init__(detail, code)
        self.status_code = status_code


def titles() -> dict[int, str]:
    return {
        400: _("Bad request"),
        401: _("Not signed in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Method not allowed"),
        406: _("Not acceptable"),
        409: _("Conflict"),
        410: _("Gone"),
        411: _("Length required"),
        412: _("The record has changed"),
        413: _("Too large"),
        415: _("Unsupported media type"),
        422: _("Cannot be processed"),
        429: _("Too many requests"),
        503: _("Not available"),
    }


def problem(
    request: HttpRequest, code_status: int, *, code: str, detail: str, errors: list[dict] | None = None, **extra: Any
) -> dict:
    """The problem document; `errors` is a list of `{pointer, code, detail}`."""
    document = {
        "type": "about:blank",
        "title": titles().get(code_status, _("Error")),
        "status": code_status,
        "detail": str(detail),
        "code": code,
        "request_id": getattr(request, "id", ""),
    }
    return document | ({"errors": errors} if errors else {}) | extra


def problem_handler(failure: Exception, context: dict) -> Response | None:
    """DRF's exception handler: every known failure becomes a problem; the unknown ones stay bugs (500)."""
    request = context["request"]
    known = _known(failure)
    if known is None:
        return None
    code_status, document = known
    headers = {}
    if code_status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if wait := getattr(failure, "wait", 1 if code_status == 503 else None):
        headers["Retry-After"] = str(int(wait))
    response = Response(problem(request, code_status, **document), status=code_status, headers=headers)
    response.content_type = CONTENT_TYPE
    response.exception = True
    return response


def _known(failure: Exception) -> tuple[int, dict] | None:
    match failure:
        case Invalid():
            return 400, {"code": failure.code, "detail": failure.detail, "errors": _of_invalid(failure)}
        case Refused():
            return failure.status, {"code": failure.code, "detail": failure.detail, **failure.extra}
        case Http404() | exceptions.NotFound():
            return 404, {"code": "not_found", "detail": _("There is nothing here, or nothing that you may see.")}
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return 401, {"code": _code(failure), "detail": failure.detail}
        case PermissionDenied() | exceptions.PermissionDenied():
            return 403, {"code": "not_allowed", "detail": _("Your scopes or your role do not include this.")}
        case exceptions.Throttled():
            return 429, {"code": "too_many_calls", "detail": _("Too many calls in this minute. Wait, then go on.")}
        case exceptions.ValidationError():
            errors = list(_pointers(failure.get_full_details(), ""))
            return 400, {"code": "invalid", "detail": _first(errors), "errors": errors}
        case DjangoValidationError():
            errors = [{"pointer": "", "code": "invalid", "detail": text} for text in failure.messages]
            return 400, {"code": "invalid", "detail": _first(errors), "errors": errors}
        case OperationalError() if getattr(failure.__cause__, "pgcode", "") in WAITED_TOO_LONG:
            return 503, {"code": "busy", "detail": _("Others are writing the same records. Try again in a moment.")}
        case DataError() if getattr(failure.__cause__, "pgcode", "") == OUT_OF_RANGE:
            return 422, {"code": "out_of_range", "detail": _("With this a sum becomes larger than can be kept.")}
        case RequestDataTooBig():
            return 413, {"code": "too_large", "detail": _("The body is larger than one call may be.")}
        case exceptions.ParseError():
            return 400, {"code": "malformed", "detail": failure.detail}
        case exceptions.APIException():
            return failure.status_code, {"code": _code(failure), "detail": failure.detail}
    return None


def _code(failure: exceptions.APIException) -> str:
    codes = failure.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _first(errors: list[dict]) -> str:
    return errors[0]["detail"] if errors else _("The request is not valid.")


def _of_invalid(failure: Invalid) -> list[dict]:
    return [
        {
            "pointer": f"/{name.replace('.', '/')}" if name else "",
            "code": failure.codes.get(name, failure.code),
            "detail": str(text),
        }
        for name, text in failure.errors.items()
    ]


def _pointers(details: Any, path: str) -> Iterator[dict]:
    """DRF's nested details as a flat list of JSON pointers."""
    if isinstance(details, list):
        for index, item in enumerate(details):
            yield from _pointers(item, path if _is_leaf(item) else f"{path}/{index}")
    elif _is_leaf(details):
        yield {"pointer": path, "code": details["code"], "detail": str(details["message"])}
    else:
        for name, item in details.items():
            yield from _pointers(item, path if name == "non_field_errors" else f"{path}/{name}")


def _is_leaf(details: Any) -> bool:
    return isinstance(details, dict) and set(details) == {"message", "code"}


def problem_response(request: HttpRequest, code_status: int, *, code: str, detail: str) -> HttpResponse:
    """A problem outside DRF's views: unknown paths below /api/, errors of the server."""
    body = orjson.dumps(problem(request, code_status, code=code, detail=detail))
    return HttpResponse(body, status=code_status, content_type=CONTENT_TYPE)
