"""What every request gets: an id, a language, and an end to sessions nobody uses."""

import re
import time
import uuid

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from structlog.contextvars import bind_contextvars, clear_contextvars

SAFE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}\Z")


class RequestIdMiddleware:
    """`X-Request-ID` on every answer: the caller's when it is harmless, a new one otherwise."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if SAFE_ID.match(given) else uuid.uuid4().hex
        clear_contextvars()
        bind_contextvars(request_id=request.id)
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        return response


class CompressionMiddleware(GZipMiddleware):
    """Pages and JSON travel compressed; files that are sent as they are made keep their length, and so their progress.

    An attacker who can make a page repeat his guesses might learn a secret from its length (BREACH). The one secret in
    every page, the CSRF token, is masked anew each time, and Django adds a random length on top.
    """

    def process_response(self, request, response):
        return response if response.streaming else super().process_response(request, response)


class AddressMiddleware:
    """An address with a NUL leads nowhere: the database would not even take the question."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\x00" in request.path_info:
            raise Http404
        return self.get_response(request)


class LanguageMiddleware:
    """The person's own language; for strangers the one their browser asks for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        language = chosen or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


class SessionAgeMiddleware:
    """A session ends after a while without use; its absolute age is the cookie's."""

    KEY = "last_used"

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            self._watch(request)
        return self.get_response(request)

    def _watch(self, request):
        now = int(time.time())
        last = request.session.get(self.KEY, now)
        if now - last > settings.SESSION_IDLE_SECONDS:
            logout(request)
        elif now - last > 60 or self.KEY not in request.session:
            request.session[self.KEY] = now
