"""Signatures as Standard Webhooks says: HMAC-SHA256 over id, timestamp and body, one for each secret that holds."""

import base64
import hashlib
import hmac
from datetime import datetime

from crm.core.models import Delivery
from crm.core.models.webhooks import SECRET_PREFIX


def headers_for(delivery: Delivery, now: datetime) -> dict[str, str]:
    """The headers that let the receiver know who calls, which message it is, and that it is fresh."""
    stamp = str(int(now.timestamp()))
    content = f"{delivery.message_id}.{stamp}.{delivery.body}".encode()
    signatures = [f"v1,{signature(content, secret)}" for secret in delivery.webhook.signing_secrets(now)]
    return {
        "webhook-id": delivery.message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def signature(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
