"""Tokens of programs, for administrators. A secret is shown once, in the answer that made it."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.core.commands import create_token, revoke_token, rotate_token
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.forms import TokenForm
from crm.core.models import ServiceToken
from crm.core.roles import Can


@never_cache
@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_TOKENS)
def tokens(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    secret = _created(request, form) if request.method == "POST" and form.is_valid() else ""
    return _page(request, TokenForm() if secret else form, secret)


def _page(request: HttpRequest, form: TokenForm, secret: str) -> HttpResponse:
    """The list, with a secret that was made just now on top."""
    shown = ServiceToken.objects.select_related("account").annotate(is_replaced=Count("successors"))
    context = {
        "form": form,
        "secret": secret,
        "tokens": shown.filter(ServiceToken.running_out(timezone.now())) if "running_out" in request.GET else shown,
        "narrowed": "running_out" in request.GET,
        "now": timezone.now(),
    }
    return render(request, "core/tokens.html", context)


def _created(request: HttpRequest, form: TokenForm) -> str:
    """The secret of the new token; empty, with the sentence on the form, when it is refused."""
    wanted = form.cleaned_data
    try:
        _token, secret = create_token(
            wanted["name"],
            by=request.user,
            scopes=wanted["scopes"],
            expires_at=timezone.now() + timedelta(days=wanted["days"]),
            addresses=wanted["addresses"],
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return ""
    return secret


@never_cache
@require_POST
@needs(Can.MANAGE_TOKENS)
def token_rotate(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ServiceToken, pk=pk)
    try:
        _successor, secret = rotate_token(token.pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("tokens")
    return _page(request, TokenForm(), secret)


@require_POST
@needs(Can.MANAGE_TOKENS)
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ServiceToken, pk=pk)
    try:
        revoke_token(token.pk, by=request.user, now=timezone.now())
        messages.success(request, _("%(token)s opens nothing any more.") % {"token": token})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("tokens")
