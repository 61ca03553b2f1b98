"""Webhooks, for administrators: who is called for what, how the calls went, and a secret that is shown once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.core.doors import needs
from crm.core.errors import Invalid, Refused
from crm.core.forms import WebhookForm
from crm.core.keyset import page_of
from crm.core.models import Webhook
from crm.core.roles import Can
from crm.core.webhooks import commands

NEW_SECRET = "webhook_secret"


@never_cache
@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_TOKENS)
def webhooks(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _added(request, form)):
        return _with_secret(request, made)
    rows = Webhook.objects.visible_to(request.user).select_related("account").order_by("-created_at", "id")
    page = page_of(rows, cursor=request.GET.get("cursor", ""))
    return render(request, "core/webhooks.html", {"form": form, "page": page})


def _added(request: HttpRequest, form: WebhookForm) -> Webhook | None:
    """The new webhook; None, with the sentences on the form, when it is refused."""
    try:
        return commands.add_webhook(by=request.user, **form.cleaned_data)
    except Refused as refusal:
        _put_on(form, refusal)
        return None


def _put_on(form: WebhookForm, refusal: Refused) -> None:
    errors = refusal.errors if isinstance(refusal, Invalid) else {None: str(refusal)}
    for name, sentence in errors.items():
        form.add_error(name if name in form.fields else None, sentence)


def _with_secret(request: HttpRequest, webhook: Webhook) -> HttpResponse:
    """On to the webhook's page, which shows the new secret once."""
    request.session[NEW_SECRET] = str(webhook.pk)
    return redirect("webhook", webhook=webhook.pk)


@never_cache
@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_TOKENS)
def webhook(request: HttpRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    form = WebhookForm(request.POST or None, webhook=found)
    if request.method == "POST" and form.is_valid() and _changed(request, form, found):
        return redirect("webhook", webhook=webhook)
    shown = {
        "form": form,
        "webhook": found,
        "secret": found.secret if request.session.pop(NEW_SECRET, "") == str(found.pk) else "",
        "page": page_of(found.deliveries.order_by("-created_at", "-id"), cursor=request.GET.get("cursor", "")),
        "both_hold": found.previous_until and timezone.now() < found.previous_until,
    }
    return render(request, "core/webhook.html", shown)


def _changed(request: HttpRequest, form: WebhookForm, found: Webhook) -> bool:
    wanted = {name: form.cleaned_data[name] for name in ("url", "events")}
    try:
        commands.change_webhook(found.pk, by=request.user, **wanted)
    except Refused as refusal:
        _put_on(form, refusal)
        return False
    messages.success(request, _("Saved."))
    return True


def _found(request: HttpRequest, webhook: UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.visible_to(request.user).select_related("account"), pk=webhook)


def deed(work: Callable[[HttpRequest, Webhook], str]) -> Callable[..., HttpResponse]:
    """A button of the page: does its work, says what came of it, and goes back to the page."""

    @require_POST
    @needs(Can.MANAGE_TOKENS)
    def done(request: HttpRequest, webhook: UUID, **more: Any) -> HttpResponse:
        found = _found(request, webhook)
        try:
            if sentence := work(request, found, **more):
                messages.success(request, sentence)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("webhook", webhook=webhook)

    return done


@deed
def switch(request: HttpRequest, webhook: Webhook) -> str:
    changed = commands.change_webhook(webhook.pk, by=request.user, active=not webhook.is_active)
    return _("It is called from now on.") if changed.is_active else _("It is called no more.")


@deed
def rotate(request: HttpRequest, webhook: Webhook) -> str:
    commands.rotate_secret(webhook.pk, by=request.user, now=timezone.now())
    request.session[NEW_SECRET] = str(webhook.pk)
    return ""


@deed
def test(request: HttpRequest, webhook: Webhook) -> str:
    commands.try_out(webhook.pk, by=request.user)
    return _("The call goes out within seconds. Load the page again to see how it went.")


@deed
def resend(request: HttpRequest, webhook: Webhook, delivery: UUID) -> str:
    found = get_object_or_404(webhook.deliveries, pk=delivery)
    commands.send_again(found.pk, by=request.user, now=timezone.now())
    return _("The call goes out within seconds. Load the page again to see how it went.")


@require_POST
@needs(Can.MANAGE_TOKENS)
def remove(request: HttpRequest, webhook: UUID) -> HttpResponse:
    found = _found(request, webhook)
    commands.remove_webhook(found.pk, by=request.user)
    messages.success(request, _("The webhook and its log are gone."))
    return redirect("webhooks")
