"""Who is calling, and whether their scopes – or, for a person, their rights – open this door."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions, permissions

from crm.core.api.problems import Conflict
from crm.core.models import ServiceToken

LAST_USED_EVERY = 60


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>` of a service account. Unknown, expired, revoked, elsewhere: one 401."""

    def authenticate(self, request):
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = self._token(secret.strip())
        if token is None or not self._from_here(token, request):
            raise exceptions.AuthenticationFailed(_("This token is not valid here."), code="invalid_token")
        self._note_use(token)
        return token.account, token

    def authenticate_header(self, request):
        return 'Bearer realm="api"'

    def _token(self, secret: str) -> ServiceToken | None:
        rows = ServiceToken.objects.filter(ServiceToken.usable(timezone.now()))
        return rows.select_related("account").filter(digest=ServiceToken.digest_of(secret)).first()

    def _from_here(self, token: ServiceToken, request) -> bool:
        return not token.addresses or address_of(request) in token.addresses

    def _note_use(self, token: ServiceToken) -> None:
        now = timezone.now()
        if token.last_used_at is None or (now - token.last_used_at).total_seconds() > LAST_USED_EVERY:
            ServiceToken.objects.filter(pk=token.pk).update(last_used_at=now)


def address_of(request) -> str:
    """Where a request comes from: behind the company's own proxy, the last address that this proxy wrote down."""
    if settings.BEHIND_TLS_PROXY:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return request.META.get("REMOTE_ADDR", "")


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in person, with CSRF; sees what the person may see."""

    def authenticate_header(self, request):
        return 'Bearer realm="api"'

    def enforce_csrf(self, request):
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as failure:
            raise Conflict(403, "csrf_failed", _("Send the session's CSRF token as X-CSRFToken.")) from failure


class ScopePermission(permissions.BasePermission):
    """Refuses unless the view names what it needs and the caller has it.

    A view says `scope = "customers"` and `rights = {"read": Can.SEE_ARCHIVE, "write": Can.EDIT_ARCHIVE}`. Tokens need
    `customers:read` or `customers:write` (with read), people the right. `people_only = True` keeps tokens out.
    """

    def has_permission(self, request, view) -> bool:
        if not request.user.is_authenticated or not getattr(view, "scope", None):
            return False
        kind = "read" if request.method in permissions.SAFE_METHODS else "write"
        if isinstance(request.auth, ServiceToken):
            return not getattr(view, "people_only", False) and self._token_may(request.auth, view.scope, kind)
        right = view.rights.get(kind)
        return right is not None and request.user.may(right)

    def _token_may(self, token: ServiceToken, scope: str, kind: str) -> bool:
        return token_reads(token, scope) if kind == "read" else f"{scope}:write" in token.scopes


def token_reads(token: ServiceToken, noun: str) -> bool:
    """Whether the token's scopes let it read what `noun` names; write includes read."""
    return bool({f"{noun}:read", f"{noun}:write"} & set(token.scopes))
