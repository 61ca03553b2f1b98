"""So many calls a minute for each token and each person, counted by the database in one statement."""

import time
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crm.core.models import ServiceToken

MINUTE = 60
COUNT = """
INSERT INTO core_quota AS quota (caller, minute, calls) VALUES (%s, %s, 1)
ON CONFLICT (caller) DO UPDATE SET minute = EXCLUDED.minute,
    calls = CASE WHEN quota.minute = EXCLUDED.minute THEN quota.calls + 1 ELSE 1 END
RETURNING calls
"""


class Used(NamedTuple):
    """How many calls a caller may make in this minute, how many are left, and the seconds until the next."""

    limit: int
    left: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF's draft says it, and as most clients of today read it."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={MINUTE}',
            "RateLimit": f'"default";r={self.left};t={self.seconds}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.seconds),
        }


class CallsPerMinute(BaseThrottle):
    """Counts the call and refuses it when the minute's are used up. The count is exact, however many come at once."""

    def allow_request(self, request: Request, view: object) -> bool:
        limit = settings.API_CALLS_PER_MINUTE
        if not limit or not request.user.is_authenticated:
            return True
        now = time.time()
        calls = counted(caller_of(request), int(now // MINUTE))
        self.used = request._request.calls_used = Used(limit, max(0, limit - calls), MINUTE - int(now % MINUTE))
        return calls <= limit

    def wait(self) -> float:
        return self.used.seconds


def caller_of(request: Request) -> str:
    if isinstance(request.auth, ServiceToken):
        return f"token:{request.auth.pk}"
    return f"person:{request.user.pk}"


def counted(caller: str, minute: int) -> int:
    """How many calls the caller has made in this minute, this one included."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [caller, minute])
        return cursor.fetchone()[0]
