"""Every write about webhooks that a person or a program asks for."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core import audit, jobs
from crm.core.errors import Invalid, NotAllowed, Refused
from crm.core.models import Delivery, User, Webhook
from crm.core.models.webhooks import new_salt
from crm.core.roles import Can
from crm.core.webhooks.events import EVENTS, TEST, Event, audible
from crm.core.webhooks.outgoing import why_not_url
from crm.core.webhooks.relay import call
from crm.core.webhooks.sending import end

BOTH_HOLD = timedelta(hours=24)
MOST = 20


@transaction.atomic
def add_webhook(*, account: User, url: str, events: Collection[str], by: User) -> Webhook:
    """Call `url` for `events` from now on, as far as the account's tokens read.

    Refuses accounts of people, other programs' accounts, what is no public https address, events that nobody knows or
    that the account's tokens do not read, and more than 20 webhooks of one account.
    """
    if not account.is_connector:
        raise Invalid({"account": _("Webhooks belong to service accounts, and this is a person.")})
    _demand_own(account, by)
    _refuse(account, url=url, events=events)
    User.objects.select_for_update().get(pk=account.pk)
    if account.webhooks.count() >= MOST:
        raise Refused(_("A service account has at most %(most)s webhooks.") % {"most": MOST}, code="too_many_webhooks")
    webhook = Webhook.objects.create(account=account, url=url, events=_ordered(events))
    audit.record("webhook.added", webhook, by=by, url=url, events=webhook.events)
    return webhook


@transaction.atomic
def change_webhook(webhook_id: Any, *, by: User, active: bool | None = None, **fields: Any) -> Webhook:
    """Another `url`, other `events`, or switched on or off. Refuses as adding does."""
    webhook = _locked(webhook_id, by)
    _refuse(webhook.account, **fields)
    if "events" in fields:
        fields["events"] = _ordered(fields["events"])
    changed = {name: value for name, value in fields.items() if getattr(webhook, name) != value}
    for name, value in changed.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=list(changed))
    switched = active is not None and active != webhook.is_active
    if switched:
        _switch(webhook, active)
    if changed or switched:
        audit.record("webhook.changed", webhook, by=by, **changed, active=webhook.is_active)
    return webhook


def _switch(webhook: Webhook, active: bool | None) -> None:
    if active:
        webhook.ended, webhook.failing_since = "", None
        webhook.save(update_fields=["ended", "failing_since"])
    else:
        end(webhook, Webhook.Ended.BY_HAND)


@transaction.atomic
def remove_webhook(webhook_id: Any, *, by: User) -> None:
    """Call it no more, and forget its log."""
    webhook = _locked(webhook_id, by)
    audit.record("webhook.removed", webhook, by=by, url=webhook.url)
    webhook.delete()


@transaction.atomic
def rotate_secret(webhook_id: Any, *, by: User, now: datetime) -> Webhook:
    """A new secret; for 24 hours calls are signed with the old one too."""
    webhook = _locked(webhook_id, by)
    webhook.previous_salt, webhook.previous_until = webhook.salt, now + BOTH_HOLD
    webhook.salt = new_salt()
    webhook.save(update_fields=["salt", "previous_salt", "previous_until"])
    audit.record("webhook.rotated", webhook, by=by)
    return webhook


@transaction.atomic
def try_out(webhook_id: Any, *, by: User) -> Delivery:
    """Queue a call that says nothing but that it is one. Refuses for a webhook that is switched off."""
    webhook = _locked(webhook_id, by)
    _refuse_inactive(webhook)
    delivery = call(webhook, Event(TEST, "", timezone.now(), {"webhook": str(webhook.pk)}))
    delivery.save()
    _wake()
    return delivery


@transaction.atomic
def send_again(delivery_id: Any, *, by: User, now: datetime) -> Delivery:
    """Make the call once more, under the same message id. Refuses for a webhook that is switched off."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("webhook").get(pk=delivery_id)
    webhook = _locked(delivery.webhook_id, by)
    _refuse_inactive(webhook)
    delivery.state, delivery.attempts, delivery.due_at = Delivery.State.WAITING, 0, now
    delivery.save(update_fields=["state", "attempts", "due_at"])
    audit.record("webhook.sent_again", webhook, by=by, message=delivery.message_id)
    _wake()
    return delivery


def _wake() -> None:
    transaction.on_commit(partial(jobs.wake, "crm.core.tasks.call_webhooks"))


def _locked(webhook_id: Any, by: User) -> Webhook:
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("account").get(pk=webhook_id)
    _demand_own(webhook.account, by)
    return webhook


def _demand_own(account: User, by: User) -> None:
    if by.pk != account.pk and not by.may(Can.MANAGE_TOKENS):
        raise NotAllowed(_("Your role does not include this."))


def _refuse_inactive(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Refused(_("This webhook is switched off. Switch it on first."), code="webhook_off")


def _refuse(account: User, *, url: str | None = None, events: Collection[str] | None = None) -> None:
    """Raises what is wrong with an address or a choice of events; what is not given is not looked at."""
    if url is not None and (sentence := why_not_url(url)):
        raise Invalid({"url": sentence})
    if events is not None:
        _refuse_events(account, events)


def _refuse_events(account: User, events: Collection[str]) -> None:
    if not events:
        raise Invalid({"events": _("Choose at least one event.")})
    if unknown := sorted(set(events) - EVENTS.keys()):
        sentence = _("There is no event %(unknown)s. Known events: %(known)s.")
        raise Invalid({"events": sentence % {"unknown": ", ".join(unknown), "known": ", ".join(EVENTS)}})
    if unheard := sorted(set(events) - audible([account.pk])[account.pk]):
        sentence = _("No token of %(account)s reads what these events tell of: %(events)s.")
        detail = sentence % {"account": account.username, "events": ", ".join(unheard)}
        raise Invalid({"events": detail}, codes={"events": "scope_missing"})


def _ordered(events: Collection[str]) -> list[str]:
    return [event for event in EVENTS if event in events]
