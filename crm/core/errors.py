"""What a command may raise. Both carry the sentence the person will read and a stable code for programs."""

from typing import Any

from django.utils.translation import gettext as _


class Refused(Exception):
    """The state of things does not allow it (HTTP 409). A rule returns it, a command raises it, every door says it."""

    status = 409

    def __init__(self, detail: str, *, code: str = "refused", **extra: Any):
        super().__init__(detail)
        self.detail, self.code, self.extra = detail, code, extra

    def __str__(self) -> str:
        return str(self.detail)


class NotAllowed(Refused):
    """This person may not, whoever else may (HTTP 403)."""

    status = 403

    def __init__(self, detail: str, *, code: str = "not_allowed", **extra: Any):
        super().__init__(detail, code=code, **extra)


class Invalid(Refused):
    """What was sent cannot be meant (HTTP 400); `errors` names each field by its name in the request."""

    status = 400

    def __init__(
        self, errors: dict[str, str], *, detail: str = "", code: str = "invalid", codes: dict[str, str] | None = None
    ):
        """`codes` gives a field a code of its own; the others have `code`."""
        super().__init__(detail or next(iter(errors.values())), code=code)
        self.errors, self.codes = errors, codes or {}


class NotThere(Refused):
    """It does not exist, or not for this person (HTTP 404)."""

    status = 404

    def __init__(self):
        super().__init__(_("There is nothing here, or nothing that you may see."), code="not_found")


class ChangedMeanwhile(Refused):
    """The record is no longer the one that the change was made for (HTTP 412)."""

    status = 412

    def __init__(self):
        super().__init__(_("The record has changed since you read it. Read it again."), code="changed_meanwhile")
