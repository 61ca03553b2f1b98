"""What can be done to many customers at once."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from archives.forms import HandOverForm, PlanManyForm
from archives.tasks import Outcome, hand_over_to, plan_visits_on
from crm.core.models import User
from crm.core.roles import Can


@dataclass(frozen=True)
class Deed:
    """Something that can be done to many customers. `do` does it for some of them with what the form gave as text."""

    right: Can
    words: str | Promise
    icon: str
    form: type[forms.Form]
    job: str
    do: Callable[..., Outcome]


DEEDS = {
    "plan_visits": Deed(
        Can.LOG_VISITS, gettext_lazy("Plan visits"), "calendar-plus", PlanManyForm, "plan_visits", plan_visits_on
    ),
    "hand_over": Deed(Can.ASSIGN, gettext_lazy("Hand over"), "user-share", HandOverForm, "hand_over", hand_over_to),
}


def deeds_for(user: User) -> list[tuple[str, Deed]]:
    return [(name, deed) for name, deed in DEEDS.items() if user.may(deed.right)]
