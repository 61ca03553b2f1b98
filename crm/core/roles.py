"""Who may do what: the roles of the house and the rights that each carries. The one place for this truth."""

from enum import StrEnum, auto
from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _


class Can(StrEnum):
    """A right. Doors and rules ask for one of these, never for a role."""

    SEE_ARCHIVE = auto()
    EDIT_ARCHIVE = auto()
    LOG_VISITS = auto()
    EXPORT = auto()
    SEE_CREDIT = auto()
    ASK_LIMIT = auto()
    CHECK_ORDERS = auto()
    DECIDE_LIMITS = auto()
    DECIDE_HOLDS = auto()
    SCORE = auto()
    RANK = auto()
    ADD_REPORTS = auto()
    SEE_JOBS = auto()
    RUN_NIGHT = auto()
    SEE_AUDIT = auto()
    ASSIGN = auto()
    MANAGE_PEOPLE = auto()
    MANAGE_TOKENS = auto()
    MANAGE_POLICY = auto()
    SYNC = auto()
    SEE_SYNC = auto()
    MANAGE_SYNC = auto()
    MANAGE_FIELDS = auto()


class Scope(StrEnum):
    """How far a role sees."""

    NOTHING = auto()
    OWN = auto()
    TEAM = auto()
    ALL = auto()


class Role(models.TextChoices):
    SALESPERSON = "salesperson", _("Salesperson")
    SALES_MANAGER = "sales_manager", _("Sales manager")
    CREDIT_OFFICER = "credit_officer", _("Credit officer")
    CREDIT_MANAGER = "credit_manager", _("Credit manager")
    FINANCE_DIRECTOR = "finance_director", _("Finance director")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")
    CONNECTOR = "connector", _("ERP connector")

    @property
    def rights(self) -> frozenset[Can]:
        return RIGHTS[self]

    @property
    def scope(self) -> Scope:
        return SCOPES[self]


_READ = {Can.SEE_ARCHIVE, Can.SEE_CREDIT}
_SALES = _READ | {Can.EDIT_ARCHIVE, Can.LOG_VISITS, Can.ASK_LIMIT, Can.CHECK_ORDERS, Can.ADD_REPORTS}
_CREDIT = _SALES | {Can.SCORE, Can.DECIDE_LIMITS, Can.DECIDE_HOLDS, Can.EXPORT, Can.SEE_JOBS}

RIGHTS: dict[Role, frozenset[Can]] = {
    Role.SALESPERSON: frozenset(_SALES),
    Role.SALES_MANAGER: frozenset(_SALES | {Can.ASSIGN, Can.EXPORT}),
    Role.CREDIT_OFFICER: frozenset(_CREDIT),
    Role.CREDIT_MANAGER: frozenset(
        _CREDIT | {Can.RANK, Can.RUN_NIGHT, Can.MANAGE_POLICY, Can.SEE_SYNC, Can.MANAGE_SYNC}
    ),
    Role.FINANCE_DIRECTOR: frozenset(_CREDIT | {Can.RANK}),
    Role.AUDITOR: frozenset(_READ | {Can.SEE_AUDIT, Can.SEE_JOBS, Can.SEE_SYNC}),
    Role.ADMINISTRATOR: frozenset(
        {*(Can.MANAGE_PEOPLE, Can.MANAGE_TOKENS, Can.MANAGE_FIELDS), Can.SEE_JOBS, Can.SEE_SYNC, Can.MANAGE_SYNC}
    ),
    Role.CONNECTOR: frozenset(_SALES | {Can.SYNC, Can.SCORE, Can.RANK, Can.SEE_JOBS, Can.EXPORT}),
}
SCOPES: dict[Role, Scope] = {
    Role.SALESPERSON: Scope.OWN,
    Role.SALES_MANAGER: Scope.TEAM,
    Role.CREDIT_OFFICER: Scope.ALL,
    Role.CREDIT_MANAGER: Scope.ALL,
    Role.FINANCE_DIRECTOR: Scope.ALL,
    Role.AUDITOR: Scope.ALL,
    Role.ADMINISTRATOR: Scope.NOTHING,
    Role.CONNECTOR: Scope.ALL,
}


@cache
def rights_by_name(role: str) -> dict[str, bool]:
    """Every right by its name and whether `role` carries it, as templates ask; a stranger, who has no role, none."""
    rights = RIGHTS[Role(role)] if role else frozenset()
    return {can.name: can in rights for can in Can}


TOKEN_SCOPES = tuple(
    f"{noun}:{verb}"
    for noun, verbs in {
        "customers": ("read", "write"),
        "sales": ("write",),
        "orders": ("write",),
        "receivables": ("read", "write"),
        "credit": ("read", "write"),
        "scoring": ("read", "write"),
        "visits": ("read", "write"),
        "reports": ("read", "write"),
        "jobs": ("read",),
        "flags": ("read",),
        "changes": ("read",),
        "webhooks": ("write",),
    }.items()
    for verb in verbs
)
