"""What a visit note must be. Impressions go from 1 to 10; yes and no are kept as true and false."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from archives.checklists import QUESTIONS, Answer
from archives.choices import VisitKind
from crm.core.errors import Invalid, NotAllowed, Refused

AHEAD = timedelta(days=1)
TAKE_BACK_WITHIN = timedelta(minutes=10)
MOST_PHOTOS = 30
DAY_OF_MINUTES = 24 * 60
DRAFT_BYTES = 64_000
YES_NO = {True: True, False: False, "yes": True, "no": False}


def why_not_post(
    *, kind: str, happened_at: datetime, content: str, minutes: int | None, checklist: dict[str, Any], now: datetime
) -> Invalid | None:
    """A note has a known kind, says something, lies in the past (give or take a day) and lasts a day at most."""
    errors = bad_answers(checklist)
    if kind not in VisitKind:
        errors["kind"] = _("There is no such kind of visit.")
    if happened_at > now + AHEAD:
        errors["happened_at"] = _("A visit cannot have happened in the future.")
    if not content.strip() and not checklist:
        errors["content"] = _("Write what was learnt, or fill in the checklist.")
    if minutes is not None and not 0 <= minutes <= DAY_OF_MINUTES:
        errors["minutes"] = _("A visit lasts between 0 and 1440 minutes.")
    return Invalid(errors) if errors else None


def bad_answers(checklist: dict[str, Any]) -> dict[str, str]:
    """What is wrong with each answer, by its place in the request."""
    found = {f"checklist.{code}": _wrong(code, value) for code, value in checklist.items()}
    return {place: sentence for place, sentence in found.items() if sentence}


def _wrong(code: str, value: Any) -> str:
    question = QUESTIONS.get(code)
    if question is None:
        return _("No checklist has this question.")
    if question.answer == Answer.YES_NO:
        return "" if _is_yes_no(value) else _("Answer yes or no.")
    impression = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10
    return "" if impression else _("Give a whole number from 1 to 10.")


def _is_yes_no(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value in YES_NO)


def kept_answers(checklist: dict[str, Any]) -> dict[str, Any]:
    """The answers as they are stored."""
    return {code: YES_NO[value] if _is_yes_no(value) else value for code, value in checklist.items()}


def why_not_keep(fields: dict[str, Any], *, sent: bool) -> Refused | None:
    """A draft is of a note that has not been sent, and no larger than one with everything filled in."""
    if len(str(fields).encode()) > DRAFT_BYTES:
        return Invalid({"": _("This cannot be kept as a draft.")})
    return Refused(_("This note has been sent already."), code="sent_already") if sent else None


def why_not_repeat(*, same_person: bool, same_customer: bool) -> Refused | None:
    """A note sent again is the same person's about the same customer."""
    if same_person and same_customer:
        return None
    return Refused(_("Another visit note has this identifier already. Begin a new note."), code="client_id_taken")


def says_the_same(visit: Any, note: dict[str, Any]) -> bool:
    """Whether a note that was sent again is the one that arrived first, word for word; when it happened aside."""
    sent = note | {"content": note["content"].strip(), "next_step": note["next_step"].strip()}
    sent |= {"people": list(note["people"]), "checklist": kept_answers(note["checklist"])}
    names = ("kind", "content", "people", "minutes", "next_step", "next_step_due", "checklist")
    return all(getattr(visit, name) == sent[name] for name in names)


def why_not_take_back(*, own: bool, done: bool, age: timedelta) -> Refused | None:
    """One's own note, shortly after it was sent, as long as nothing has been done because of it."""
    if not own:
        return NotAllowed(_("Only who wrote a note can take it back."))
    if age > TAKE_BACK_WITHIN or done:
        return Refused(_("It is too late to take this note back."), code="too_late")
    return None


def why_not_add_photo(*, own: bool, is_picture: bool, count: int) -> Refused | None:
    """A photo goes with one's own note and is a picture; a note holds a few dozen of them."""
    if not own:
        return NotAllowed(_("Only who wrote a note can add photos to it."))
    if not is_picture:
        return Invalid({"file": _("This file is not a picture.")})
    if count >= MOST_PHOTOS:
        return Refused(_("A note holds %(most)s photos at most.") % {"most": MOST_PHOTOS}, code="too_many_photos")
    return None


def why_not_repeat_photo(*, same_visit: bool) -> Refused | None:
    """A photo sent again is the same note's."""
    if same_visit:
        return None
    return Refused(_("Another photo has this identifier already. Add it again."), code="photo_id_taken")


def why_not_finish(*, next_step: str, done_on: date | None) -> Refused | None:
    """Only a next step that was agreed and is still open can be done."""
    if not next_step:
        return Refused(_("This visit has no next step."), code="no_next_step")
    if done_on is not None:
        return Refused(_("This next step is done already."), code="already_done")
    return None
