"""What the pages that change one customer share: the customer as far as one sees it, and a refusal in its form."""

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from archives.models import Customer
from archives.queries.facts import RECORDS
from crm.core.errors import Refused


def customer_of(request: HttpRequest, number: str) -> Customer:
    """The customer with its records; 404 for one that this person may not see."""
    return get_object_or_404(Customer.objects.visible_to(request.user).select_related(*RECORDS), number=number)


def say_in(form: forms.BaseForm, refusal: Refused) -> None:
    """The refusal in the place of each field, or above the form."""
    for name, sentence in getattr(refusal, "errors", {"": str(refusal)}).items():
        field = name.rsplit(".", 1)[-1]
        form.add_error(field if field in form.fields else None, sentence)
