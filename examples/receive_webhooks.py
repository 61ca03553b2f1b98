#!/usr/bin/env python3
"""Hear what Dossier calls out: checks the signature and prints the event.

    export WEBHOOK_SECRET=whsec_…        # shown when the webhook was added
    python examples/receive_webhooks.py 8900

Put a server with a certificate in front of it. Copy `is_genuine` into a receiver of your own, and keep the ids of
messages for a week: the same one may come twice.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE_SECONDS = 300
LONGEST = 1_000_000


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Whether the body is signed with the secret and not older than five minutes. While secrets rotate one fits."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, expected) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST))
        genuine = is_genuine(self.headers, body, os.environ["WEBHOOK_SECRET"], time.time())
        if genuine:
            print(self.headers["webhook-id"], body.decode(), flush=True)
        self.send_response(204 if genuine else 401)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
