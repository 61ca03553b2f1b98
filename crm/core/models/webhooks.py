"""Who is called when something happens, and each call."""

import base64
import secrets
import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from crm.core.roles import Can

from .accounts import User
from .fields import TextChoice


class WebhookQuerySet(models.QuerySet):
    """Administrators see every webhook, a service account its own."""

    def visible_to(self, user: User) -> "WebhookQuerySet":
        return self if user.may(Can.MANAGE_TOKENS) else self.filter(account=user)


def new_salt() -> str:
    return secrets.token_hex(16)


class Webhook(models.Model):
    """An address of another program that is called when something happens.

    Its secrets are not stored: each is worked out of a salt and the program's own secret, so that neither the database
    nor a copy of it can sign. While it rotates, the secret of `previous_salt` signs too, until `previous_until`.
    """

    class Ended(models.TextChoices):
        """Why it is called no more."""

        BY_HAND = "by_hand", _("switched off")
        GONE = "gone", _("the receiver answered 410 Gone")
        FAILING = "failing", _("no call got through for three days")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(User, models.CASCADE, related_name="webhooks", verbose_name=_("service account"))
    url = models.CharField(_("address"), max_length=500)
    events = ArrayField(models.CharField(max_length=40), verbose_name=_("events"))
    salt = models.CharField(max_length=32, default=new_salt)
    previous_salt = models.CharField(max_length=32, blank=True)
    previous_until = models.DateTimeField(null=True)
    ended = TextChoice(_("switched off"), choices=Ended.choices, blank=True)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["-created_at", "id"], name="webhook_by_age")]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """Who is called, in short."""
        return urlsplit(self.url).netloc

    @property
    def is_active(self) -> bool:
        return not self.ended

    @property
    def secret(self) -> str:
        """What the receiver checks signatures with; shown when it is made, never again."""
        return secret_of(self.salt)

    def signing_secrets(self, now: datetime) -> list[str]:
        """The present secret, and the one before it while both hold."""
        both = self.previous_until is not None and now < self.previous_until
        return [self.secret, secret_of(self.previous_salt)] if both else [self.secret]


SECRET_PREFIX = "whsec_"


def secret_of(salt: str) -> str:
    key = salted_hmac("crm.core.webhook", salt, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return SECRET_PREFIX + base64.b64encode(key).decode()


class Delivery(models.Model):
    """One event for one webhook, and how telling it went. The row is the queue; its id stays the same over retries."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

        @property
        def tone(self) -> str:
            return {"delivered": "green", "failed": "red"}.get(self, "secondary")

    class Trouble(models.TextChoices):
        """Why an attempt was no success."""

        ANSWER = "answer", _("the receiver answered with an error")
        CONNECTION = "connection", _("no connection")
        NAME = "name", _("the name was not found")
        PRIVATE = "private", _("the name leads into a private network")
        TIME = "time", _("no answer in time")
        TLS = "tls", _("no valid certificate")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(_("event"), max_length=40)
    body = models.TextField(help_text=_("the JSON as it is signed and sent"))
    state = TextChoice(_("state"), choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), null=True)
    tried_at = models.DateTimeField(_("last attempt"), null=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    trouble = TextChoice(_("what went wrong"), choices=Trouble.choices, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("delivery")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.webhook_id}"

    @property
    def message_id(self) -> str:
        return f"msg_{self.pk.hex}"

    @property
    def state_choice(self) -> "Delivery.State":
        return self.State(self.state)
