"""What is typed on the pages of scoring: points and comments, a year's figures, the day of a ranking."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.errors import Invalid, Refused
from crm.core.forms import Styled
from scoring.rules import COMMENT_LENGTH, POINTS, Definition, Rating, Score, score

LARGEST = 10_000


class DayInput(forms.DateInput):
    """The browser's own calendar; it speaks ISO whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any):
        super().__init__(attrs={"class": "form-control"} | kwargs.pop("attrs", {}), format="%Y-%m-%d", **kwargs)


class RefusableForm(forms.Form):
    """A form that shows what a command refused beside the field it is about."""

    def take(self, refusal: Refused) -> None:
        errors = refusal.errors if isinstance(refusal, Invalid) else {"": str(refusal)}
        for name, text in errors.items():
            self.add_error(name if name in self.fields else None, text)


class AssessmentForm(RefusableForm):
    """A day, and for each indicator of a scorecard points – or none – and a comment.

    Points are taken as they come: the scorecard's rule says what is wrong with them, here as over REST.
    """

    assessed_on = forms.DateField(label=_("Assessed on"), widget=DayInput)

    def __init__(self, *args: Any, sheet: dict[str, Any], definition: Definition, last: dict[str, int], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.sheet, self.definition, self.last = sheet, definition, last
        for code in definition.codes:
            self.fields[f"points.{code}"] = forms.CharField(required=False, max_length=20)
            self.fields[f"comments.{code}"] = forms.CharField(required=False, max_length=COMMENT_LENGTH)

    @property
    def given(self) -> dict[str, Any]:
        """What `assess` asks for; only after the form was found valid."""
        return {
            "assessed_on": self.cleaned_data["assessed_on"],
            "points": {code: text for code, text in self._typed("points").items() if text is not None},
            "comments": {code: self.cleaned_data[f"comments.{code}"] for code in self.definition.codes},
        }

    def groups(self) -> Iterator[dict[str, Any]]:
        """The scorecard's groups with what the page shows of each indicator."""
        for group in self.sheet["groups"]:
            yield group | {"indicators": [self._shown(item) for item in group["indicators"]]}

    def preview(self, coverage_needed) -> Score | None:
        """The result of what is typed so far; None while something in it cannot be meant."""
        try:
            return score(self.definition, self._typed("points"), coverage_needed=coverage_needed)
        except Invalid:
            return None

    def _shown(self, item: dict[str, Any]) -> dict[str, Any]:
        points, comment = self[f"points.{item['code']}"], self[f"comments.{item['code']}"]
        return item | {
            "points": points,
            "value": str(points.value() or ""),
            "comment": comment,
            "choices": [str(number) for number in POINTS],
            "last": self.last.get(item["code"]),
        }

    def _typed(self, kind: str) -> dict[str, Any]:
        """Whole numbers as numbers, nothing as None, everything else as it was typed."""
        typed = {code: str(self[f"{kind}.{code}"].value() or "").strip() for code in self.definition.codes}
        return {
            code: (int(text) if text.isascii() and text.isdigit() else text or None) for code, text in typed.items()
        }


class EvaluationForm(Styled, RefusableForm):
    """A customer's year against its target."""

    year = forms.IntegerField(label=_("Year"))
    target = forms.DecimalField(label=_("Target"), min_value=0, max_digits=18, decimal_places=2)
    actual = forms.DecimalField(
        label=_("Actual sales"),
        max_digits=18,
        decimal_places=2,
        required=False,
        help_text=_("Left empty: the year's sales in the archive."),
    )
    attitude = forms.ChoiceField(label=_("Attitude"), choices=Rating.choices, initial=Rating.GOOD)
    information = forms.ChoiceField(label=_("Information"), choices=Rating.choices, initial=Rating.GOOD)
    late = forms.IntegerField(label=_("Late payments"), min_value=0, max_value=LARGEST, initial=0)
    made_up = forms.IntegerField(
        label=_("Punctual payments that make up for late ones"), min_value=0, max_value=LARGEST, initial=0
    )


class RankingForm(RefusableForm):
    """The day to rank as of."""

    as_of = forms.DateField(label=_("As of"), widget=DayInput)


def year_before(today: date) -> int:
    """The year one usually evaluates: the last full one."""
    return today.year - 1
