"""The three checklists of a visit note: their questions, how each is answered, and which visits they go with."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from archives.choices import VisitKind


class Answer(StrEnum):
    """How a question is answered: yes or no, or an impression from 1 (bad) to 10 (good)."""

    YES_NO = "yes_no"
    IMPRESSION = "impression"


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    label: str | Promise
    answer: Answer


@dataclass(frozen=True, slots=True)
class Checklist:
    code: str
    label: str | Promise
    questions: tuple[Question, ...]


FIRST_CONTACT = Checklist(
    "first_contact",
    _("First contact"),
    (
        Question("stationery_in_order", _("Their stationery and e-mail are in order"), Answer.YES_NO),
        Question("answers_promptly", _("They answer promptly"), Answer.YES_NO),
        Question("letters_complete", _("Their letters are professional and complete"), Answer.YES_NO),
        Question("real_interest", _("They show real interest"), Answer.YES_NO),
    ),
)
SITE_VISIT = Checklist(
    "site_visit",
    _("Site visit"),
    (
        Question("premises", _("Premises"), Answer.IMPRESSION),
        Question("stock", _("Stock"), Answer.IMPRESSION),
        Question("payment_attitude", _("Payment attitude"), Answer.IMPRESSION),
        Question("equipment", _("Equipment"), Answer.IMPRESSION),
        Question("mood", _("Mood of the staff"), Answer.IMPRESSION),
        Question("management_met", _("Management met"), Answer.YES_NO),
        Question("signs_of_trouble", _("Signs of trouble"), Answer.YES_NO),
    ),
)
SELF_CHECK = Checklist(
    "self_check",
    _("Self-check"),
    (
        Question("knows_appearance", _("I know their outward appearance"), Answer.YES_NO),
        Question("knows_products", _("I know their products"), Answer.YES_NO),
        Question("knows_market", _("I know their market"), Answer.YES_NO),
        Question("knows_credit", _("I know their credit"), Answer.YES_NO),
        Question("knows_funds", _("I know their funds"), Answer.YES_NO),
    ),
)
ALL = (FIRST_CONTACT, SITE_VISIT, SELF_CHECK)
QUESTIONS: Mapping[str, Question] = {question.code: question for checklist in ALL for question in checklist.questions}


def offered(kind: str) -> tuple[Checklist, ...]:
    """The checklists that go with a kind of visit; the self-check goes with every one."""
    if kind == VisitKind.FIRST_CONTACT:
        return FIRST_CONTACT, SELF_CHECK
    return (SITE_VISIT, SELF_CHECK) if kind == VisitKind.SITE else (SELF_CHECK,)
