"""People and where they stand: users with a role, teams, selling units, the tree of regions, tokens of programs."""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode

from crm.core.roles import Can, Role

from .fields import TextChoice

RUNS_OUT_WITHIN = timedelta(days=14)


# Regions (id, code, name) by the one above them.
Outline = dict[int | None, list[tuple[int, str, str]]]


class Region(TreeNode):
    """A place in the tree of regions: a province below a country, a city below a province."""

    code = models.CharField(_("code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("region")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def ids_below(cls, region: "Region | None") -> list[int]:
        """The ids of `region` and everything below it; nothing for no region."""
        if region is None:
            return []
        return list(cls.objects.descendants(region, include_self=True).values_list("pk", flat=True))

    @classmethod
    def outline(cls) -> list[tuple[str, str]]:
        """Code and name of every region, what lies below another set in below it."""
        below: Outline = defaultdict(list)
        for pk, parent, code, name in cls.objects.order_by("code").values_list("pk", "parent_id", "code", "name"):
            below[parent].append((pk, code, name))
        return list(_set_in(below, None, ""))


def _set_in(
    below: dict[int | None, list[tuple[int, str, str]]], parent: int | None, indent: str
) -> Iterator[tuple[str, str]]:
    for pk, code, name in below[parent]:
        yield code, indent + name
        yield from _set_in(below, pk, indent + "\u2003")


class Unit(models.Model):
    """A selling unit: a department or subsidiary that sells and may have a sub-limit with a customer."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("selling unit")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """Salespeople who work under one manager, usually for one region."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("selling unit"))
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("region"))

    class Meta:
        verbose_name = _("team")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager):
    def create_user(self, username: str, password: str | None = None, **fields) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str, **fields) -> "User":
        return self.create_user(username, password, role=Role.ADMINISTRATOR, **fields)


class Theme(models.TextChoices):
    AUTO = "auto", _("as the device")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")


class Density(models.TextChoices):
    """How much room a row of a list takes."""

    COMFORTABLE = "comfortable", _("comfortable")
    COMPACT = "compact", _("compact")


class User(AbstractBaseUser):
    """One person who signs in, or one service account (role connector) that a program's tokens belong to."""

    username = models.CharField(_("user name"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()])
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    role = TextChoice(_("role"), choices=Role.choices)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("team"))
    language = TextChoice(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    theme = TextChoice(_("theme"), max_length=5, default=Theme.AUTO, choices=Theme.choices)
    density = TextChoice(
        _("density of lists"),
        max_length=12,
        default=Density.COMFORTABLE,
        db_default=Density.COMFORTABLE,
        choices=Density.choices,
    )
    hints_closed = ArrayField(models.CharField(max_length=40), default=list, db_default=[], blank=True)
    columns = models.JSONField(_("columns of lists"), default=dict, db_default={}, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("since"), auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def initials(self) -> str:
        """Two letters for the avatar: of two words, or the last two of a Chinese name."""
        words = self.name.split()
        return (words[0][0] + words[-1][0]).upper() if len(words) > 1 else self.name[-2:].upper()

    @property
    def is_connector(self) -> bool:
        return self.role == Role.CONNECTOR

    def may(self, can: Can) -> bool:
        """Whether the role of this person carries the right."""
        return self.is_active and can in Role(self.role).rights


class ServiceToken(models.Model):
    """A program's way in. Only the SHA-256 of the secret is stored; the prefix tells tokens apart on a page."""

    PREFIX = "dsr_"
    account = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("service account"))
    prefix = models.CharField(_("begins with"), max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    addresses = ArrayField(
        models.GenericIPAddressField(), default=list, blank=True, verbose_name=_("allowed addresses")
    )
    expires_at = models.DateTimeField(_("expires"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="successors", verbose_name=_("takes the place of")
    )

    class Meta:
        verbose_name = _("token")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.account.username} {self.prefix}…"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def mint(cls) -> tuple[str, dict[str, str]]:
        """A new secret, and the fields that may be stored of it."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        return secret, {"prefix": secret[:12], "digest": cls.digest_of(secret)}

    @classmethod
    def usable(cls, now: datetime) -> Q:
        return Q(revoked_at=None, expires_at__gt=now, account__is_active=True)

    @classmethod
    def running_out(cls, now: datetime) -> Q:
        """Usable tokens that expire within two weeks."""
        return cls.usable(now) & Q(expires_at__lte=now + RUNS_OUT_WITHIN)
