"""Writes of the house itself: people and what they prefer, tokens of programs, the company's numbers."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core import audit
from crm.core.errors import Invalid, NotAllowed, Refused
from crm.core.models import ExchangeRate, Policy, ServiceToken, User
from crm.core.roles import TOKEN_SCOPES, Can, Role

BOTH_HOLD = timedelta(hours=24)
OF_A_PERSON = ("username", "name", "email", "role", "team", "is_active")


@transaction.atomic
def add_person(*, by: User, password: str, **fields: Any) -> User:
    """A new person who can sign in with `password`. Refused: without the right to manage people."""
    _demand(by, Can.MANAGE_PEOPLE)
    person = User.objects.create_user(password=password, **fields)
    audit.record("person.added", person, by=by, username=person.username, role=person.role, team=person.team)
    return person


@transaction.atomic
def change_person(person_id: int, *, by: User, password: str = "", **fields: Any) -> User:
    """Change a person's role, team, name or whether they may sign in; a new password when one is given.

    Refused: without the right to manage people; one's own role and access, so that nobody locks the house from outside.
    """
    _demand(by, Can.MANAGE_PEOPLE)
    person = User.objects.select_for_update().get(pk=person_id)
    old = {name: getattr(person, name) for name in OF_A_PERSON}
    changed = {name: value for name, value in fields.items() if old[name] != value}
    if refusal := why_not_change(person, changed, by=by):
        raise refusal
    for name, value in changed.items():
        setattr(person, name, value)
    if password:
        person.set_password(password)
    person.save()
    changes = {name: [_text(old[name]), _text(value)] for name, value in changed.items()}
    audit.record("person.changed", person, by=by, **changes, new_password=bool(password))
    return person


def why_not_change(person: User, changed: dict[str, Any], *, by: User) -> Refused | None:
    """Why `by` may not make these changes to `person`; None when they may."""
    if person.pk == by.pk and changed.keys() & {"role", "is_active"}:
        return Refused(_("Your own role and access are changed by another administrator."), code="own_access")
    return None


@transaction.atomic
def set_exchange_rate(*, by: User, currency: str, valid_from: date, rate: Decimal) -> ExchangeRate:
    """What one unit of `currency` is worth in the base currency from a day on; the same day again replaces it.

    Refused: without the right to manage the policy; the base currency itself. Sums that were worked out stay.
    """
    _demand(by, Can.MANAGE_POLICY)
    if currency == settings.BASE_CURRENCY:
        raise Invalid({"currency": _("The base currency needs no rate.")})
    row, _created = ExchangeRate.objects.update_or_create(
        currency=currency, valid_from=valid_from, defaults={"rate": rate}
    )
    audit.record("exchange_rate.set", row, by=by, rate=rate)
    return row


@transaction.atomic
def prefer(person: User, *, language: str, theme: str, density: str) -> None:
    """How the pages look to this person; nobody else is concerned, so no trail is kept."""
    User.objects.filter(pk=person.pk).update(language=language, theme=theme, density=density)


@transaction.atomic
def close_hint(person: User, key: str) -> None:
    """Put a card of first steps away for this person; once more changes nothing."""
    closed = User.objects.select_for_update().get(pk=person.pk).hints_closed
    person.hints_closed = [*closed, *({key} - set(closed))]
    User.objects.filter(pk=person.pk).update(hints_closed=person.hints_closed)


def restore_hints(person: User) -> None:
    """Show this person all first steps of their role again."""
    User.objects.filter(pk=person.pk).update(hints_closed=[])


def service_account(name: str, *, by: User | None) -> User:
    """The service account `name`, made when missing. Refused: the name belongs to a person."""
    account = User.objects.filter(username=name).first()
    if account is None:
        account = User.objects.create_user(username=name, name=name, role=Role.CONNECTOR)
        audit.record("service_account.added", account, by=by)
    if not account.is_connector:
        sentence = _('"%(name)s" is a person. Tokens belong to service accounts.')
        raise Refused(sentence % {"name": name}, code="not_a_service")
    return account


@transaction.atomic
def create_token(
    name: str, *, by: User | None, scopes: Iterable[str], expires_at: datetime, addresses: Iterable[str] = ()
) -> tuple[ServiceToken, str]:
    """A token of the service account `name`, and its secret, which is not stored and cannot be shown again.

    `by` is None at the command line. Refused: without the right to manage tokens; scopes that nobody knows, or none.
    """
    if by is not None:
        _demand(by, Can.MANAGE_TOKENS)
    wanted = sorted(set(scopes))
    if refusal := why_not_scopes(wanted):
        raise refusal
    secret, stored = ServiceToken.mint()
    account = service_account(name, by=by)
    token = ServiceToken.objects.create(
        account=account, scopes=wanted, expires_at=expires_at, addresses=list(addresses), **stored
    )
    audit.record("token.created", token, by=by, scopes=wanted, expires_at=expires_at, addresses=token.addresses)
    return token, secret


def why_not_scopes(scopes: list[str]) -> Refused | None:
    """Why these scopes cannot be given: none at all, or one that is not known."""
    if not scopes:
        return Invalid({"scopes": _("A token needs at least one scope.")})
    if unknown := [scope for scope in scopes if scope not in TOKEN_SCOPES]:
        sentence = _("There is no scope %(unknown)s. Known scopes: %(known)s.")
        return Invalid({"scopes": sentence % {"unknown": ", ".join(unknown), "known": ", ".join(TOKEN_SCOPES)}})
    return None


@transaction.atomic
def revoke_token(token_id: int, *, by: User, now: datetime) -> ServiceToken:
    """The token opens nothing any more. Refused: without the right to manage tokens; revoked already."""
    _demand(by, Can.MANAGE_TOKENS)
    token = ServiceToken.objects.select_for_update().get(pk=token_id)
    if token.revoked_at:
        raise Refused(_("This token is revoked already."), code="token.revoked")
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    audit.record("token.revoked", token, by=by)
    return token


@transaction.atomic
def rotate_token(token_id: int, *, by: User, now: datetime) -> tuple[ServiceToken, str]:
    """A token in place of this one, and its secret; for a day both open the same, until the program has the new one.

    It has the scopes and addresses of the old one, and as many days to live as that one was given. Refused: without
    the right to manage tokens; a token that opens nothing any more; one that was replaced already.
    """
    _demand(by, Can.MANAGE_TOKENS)
    old = ServiceToken.objects.select_for_update(of=("self",)).select_related("account").get(pk=token_id)
    if refusal := why_not_rotate(old, now):
        raise refusal
    secret, stored = ServiceToken.mint()
    kept = {"account": old.account, "scopes": old.scopes, "addresses": old.addresses, "replaces": old}
    token = ServiceToken.objects.create(**kept, expires_at=now + (old.expires_at - old.created_at), **stored)
    old.expires_at = min(old.expires_at, now + BOTH_HOLD)
    old.save(update_fields=["expires_at"])
    audit.record("token.rotated", token, by=by, replaces=old.prefix, expires_at=token.expires_at)
    return token, secret


def why_not_rotate(token: ServiceToken, now: datetime) -> Refused | None:
    """Why no token can take the place of this one; None when one can."""
    if token.revoked_at or token.expires_at <= now:
        return Refused(_("This token opens nothing any more. Make a new one."), code="token.over")
    if token.successors.exists():
        return Refused(_("Another token has taken its place already."), code="token.replaced")
    return None


@transaction.atomic
def change_policy(values: dict[str, Any], *, by: User) -> Policy:
    """The company's numbers from now on. Refused: without the right to manage the policy. Old and new are kept."""
    _demand(by, Can.MANAGE_POLICY)
    Policy.objects.get_or_create(pk=1)
    policy = Policy.objects.select_for_update().get(pk=1)
    changes = {
        name: [_text(getattr(policy, name)), _text(value)]
        for name, value in values.items()
        if getattr(policy, name) != value
    }
    for name in changes:
        setattr(policy, name, values[name])
    if changes:
        policy.save(update_fields=list(changes))
        audit.record("policy.changed", policy, by=by, **changes)
    return policy


def _demand(by: User, right: Can) -> None:
    if not by.may(right):
        raise NotAllowed(_("Your role does not include this."))


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
