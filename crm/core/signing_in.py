"""Signing in is allauth's; the house closes the door to sign-up, and tells a page that asks without a session so."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Nobody signs up: administrators make accounts."""

    def is_open_for_signup(self, request) -> bool:
        return False


class SignInMiddleware(LoginRequiredMiddleware):
    """Sends strangers to the page that signs them in; a part of a page that htmx asks for gets 401 in its stead."""

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401)
        return super().handle_no_permission(request, view_func)
