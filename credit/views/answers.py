"""How the pages of credit answer a deed: its sentence, good or bad, and the way on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from crm.core.errors import Refused
from crm.core.words import labelled


def done(request: HttpRequest, deed: Callable[[], Any], sentence: str | Callable[[Any], str]) -> bool:
    """Do it and say so, where need be from what came of it; or say why not, in the words of the refusal."""
    try:
        outcome = deed()
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, sentence(outcome) if callable(sentence) else sentence)
    return True


def first_error(form: forms.Form) -> str:
    """What to mend first, with the name of its box."""
    name, errors = next(iter(form.errors.items()))
    return labelled(form.fields[name].label, errors[0]) if name in form.fields else errors[0]
