"""Webhooks over REST: a program's own, and for administrators everybody's."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Instant, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, check_etag, single
from crm.core.errors import Invalid
from crm.core.models import Delivery, ServiceToken, User, Webhook
from crm.core.roles import Can
from crm.core.webhooks import commands
from crm.core.webhooks.events import EVENTS


def events(**how: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=list(EVENTS)), **how)


class WebhookSerializer(serializers.ModelSerializer):
    account = serializers.CharField(source="account.username")
    active = serializers.BooleanField(source="is_active")
    ended = serializers.CharField(help_text="empty, or why it is called no more: by_hand, gone or failing")
    failing_since = Instant(allow_null=True)
    previous_until = Instant(allow_null=True, help_text="until when the secret before this one signs too")
    created_at = Instant()

    class Meta:
        model = Webhook
        fields = ["id", "account", "url", "events", "active", "ended", "failing_since", "previous_until", "created_at"]
        read_only_fields = fields


class WebhookWithSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="shown only now; begins with whsec_")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class NewWebhookSerializer(StrictSerializer):
    url = serializers.CharField(max_length=500)
    events = events()
    account = serializers.CharField(required=False, help_text="for administrators: the service account it belongs to")


class WebhookChangeSerializer(StrictSerializer):
    url = serializers.CharField(max_length=500, required=False)
    events = events(required=False)
    active = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.ModelSerializer):
    message_id = serializers.CharField(help_text="the header webhook-id, the same over retries")
    trouble = serializers.ChoiceField(choices=Delivery.Trouble.choices, allow_blank=True)
    created_at = Instant()
    tried_at = Instant(allow_null=True)
    due_at = Instant(allow_null=True, help_text="when it is tried again")

    class Meta:
        model = Delivery
        fields = [
            "id", "message_id", "event", "state", "attempts", "status", "trouble", "created_at", "tried_at", "due_at",
        ]  # fmt: skip
        read_only_fields = fields


class DeliveryFilterSet(StrictFilterSet):
    class Meta:
        model = Delivery
        fields = ["state", "event"]


class OfWebhooks(ApiView):
    """What every door here shares: the scope, and that one sees one's own."""

    scope = "webhooks"
    rights = {"read": Can.MANAGE_TOKENS, "write": Can.MANAGE_TOKENS}
    queryset = Webhook.objects.none()

    def found(self, webhook: Any) -> Webhook:
        return get_object_or_404(Webhook.objects.visible_to(self.request.user).select_related("account"), pk=webhook)


class WebhooksView(Idempotent, ListView, OfWebhooks, ListAPIView):
    """Webhooks, the newest first. A new one shows its secret once, in the answer that made it."""

    serializer_class = WebhookSerializer
    ordering = ("-created_at", "id")

    def get_queryset(self):
        return Webhook.objects.visible_to(self.request.user).select_related("account")

    @extend_schema(request=NewWebhookSerializer, responses={201: WebhookWithSecretSerializer})
    def post(self, request: Request) -> Response:
        response = self.dispatch_once(request, lambda: self._added(request))
        return with_secret(response, self.found(response.data["id"]))

    def _added(self, request: Request) -> Response:
        body = read(NewWebhookSerializer, request)
        account = self._account(request, body.pop("account", None))
        webhook = commands.add_webhook(account=account, by=request.user, **body)
        return Response(plain(webhook), status=status.HTTP_201_CREATED)

    def _account(self, request: Request, name: str | None) -> User:
        """A program's webhooks are its own; a person says whose it is."""
        if isinstance(request.auth, ServiceToken) and name in (None, request.user.username):
            return request.user
        account = User.objects.filter(username=name).first() if request.user.may(Can.MANAGE_TOKENS) else None
        if account is None:
            raise Invalid({"account": _("Name the service account that it belongs to.")})
        return account


class WebhookView(OfWebhooks):
    """One webhook: read, changed, switched off or on, removed."""

    serializer_class = WebhookSerializer

    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, webhook: Any) -> Response:
        return single(plain(self.found(webhook)))

    @extend_schema(request=WebhookChangeSerializer, responses=WebhookSerializer)
    def patch(self, request: Request, webhook: Any) -> Response:
        found, body = self.found(webhook), read(WebhookChangeSerializer, request)
        check_etag(request, single(plain(found)).headers["ETag"])
        return single(plain(commands.change_webhook(found.pk, by=request.user, **body)))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, webhook: Any) -> Response:
        commands.remove_webhook(self.found(webhook).pk, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookRotateView(Idempotent, OfWebhooks):
    """A new secret. For 24 hours calls carry signatures of both."""

    @extend_schema(request=None, responses=WebhookWithSecretSerializer)
    def post(self, request: Request, webhook: Any) -> Response:
        found = self.found(webhook)
        response = self.dispatch_once(request, lambda: self._rotated(found.pk))
        return with_secret(response, self.found(webhook))

    def _rotated(self, webhook_id: Any) -> Response:
        return Response(plain(commands.rotate_secret(webhook_id, by=self.request.user, now=timezone.now())))


class WebhookTestView(Idempotent, OfWebhooks):
    """Make a call that says nothing but that it is one."""

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, webhook: Any) -> Response:
        found = self.found(webhook)
        return self.dispatch_once(request, lambda: queued(commands.try_out(found.pk, by=request.user)))


class DeliveriesView(ListView, OfWebhooks, ListAPIView):
    """The calls of a webhook, the newest first, and how they went. Kept for 30 days."""

    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilterSet
    queryset = Delivery.objects.none()
    ordering = ("-created_at", "-id")

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return self.found(self.kwargs["webhook"]).deliveries.all()


class DeliveryResendView(Idempotent, OfWebhooks):
    """Make a call again, now, under the same message id."""

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, webhook: Any, delivery: Any) -> Response:
        found = get_object_or_404(self.found(webhook).deliveries, pk=delivery)
        return self.dispatch_once(request, lambda: queued(self._again(found.pk)))

    def _again(self, delivery_id: Any) -> Delivery:
        return commands.send_again(delivery_id, by=self.request.user, now=timezone.now())


def plain(webhook: Webhook) -> dict[str, Any]:
    return dict(WebhookSerializer(webhook).data)


def with_secret(response: Response, webhook: Webhook) -> Response:
    """The answer with the secret: it is worked out each time, and never kept with an answer."""
    response.data = response.data | {"secret": webhook.secret}
    return response


def queued(delivery: Delivery) -> Response:
    return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
