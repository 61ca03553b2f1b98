"""What is done to many customers of the list at once: chosen one by one, or all that match.

What was chosen travels as a signed word: the numbers, or the filter with the number of rows that somebody looked at.
"""

from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from archives.models import Customer
from archives.rules.selections import MOST, why_not_selected
from archives.tasks import matching
from archives.views.customers import export_of
from archives.views.many import DEEDS, Deed
from crm.core import jobs
from crm.core.doors import needs
from crm.core.errors import Invalid, Refused
from crm.core.lists.pages import list_again
from crm.core.lists.views import normal
from crm.core.roles import Can

SIGNER = TimestampSigner(salt="archives.selected")
DAY = 24 * 60 * 60
AT_ONCE = 200
PREVIEWED = 20


class Selection(NamedTuple):
    """The customers that were chosen, as far as this person sees them; the words that say which; how many there are."""

    customers: QuerySet[Customer]
    word: str
    count: int
    query: str


@require_GET
@needs(Can.SEE_ARCHIVE)
def select_all(request: HttpRequest) -> HttpResponse:
    """For the bar below the list: how many match exactly, and the signed word for all of them."""
    query = normal(request.GET)
    if not request.htmx:
        return redirect(reverse("customers") + (f"?{query}" if query else ""))
    try:
        count = matching(query, by=request.user).count()
    except Refused as refusal:
        return render(request, "archives/selected.html#everything", {"refusal": str(refusal)}, status=400)
    word = SIGNER.sign_object({"by": request.user.pk, "query": query, "count": count})
    context = {"word": word, "count": count, "most": MOST if count > MOST else None}
    return render(request, "archives/selected.html#everything", context)


@require_POST
@needs(Can.SEE_ARCHIVE)
def selected(request: HttpRequest) -> HttpResponse:
    """Ask how to do `deed` to what was chosen, and – when the form comes back – do it, or queue it when it is much."""
    name = request.POST.get("deed", "")
    if name != "export" and name not in DEEDS:
        raise Http404
    if not request.user.may(Can.EXPORT if name == "export" else DEEDS[name].right):
        raise PermissionDenied
    try:
        selection = _selection(request)
        if name == "export":
            return export_of(selection.customers, by=request.user, filters=selection.query)
        return _asked(request, name, selection)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(list_again(request, "customers"))


def _asked(request: HttpRequest, name: str, selection: Selection) -> HttpResponse:
    deed = DEEDS[name]
    sent = "sure" in request.POST
    form = deed.form(request.POST if sent else None, by=request.user)
    if sent and form.is_valid():
        try:
            return _done(request, deed, selection, form.params)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    rows = list(selection.customers.select_related("region", "owner").order_by("number")[:PREVIEWED])
    context = {
        "deed": name,
        "words": deed.words,
        "form": form,
        "selection": selection,
        "rows": rows,
        "more": selection.count - len(rows),
        "address": request.POST.get("address", ""),
        "back": list_again(request, "customers"),
    }
    return render(request, "archives/selected.html", context, status=400 if form.errors else 200)


def _done(request: HttpRequest, deed: Deed, selection: Selection, params: dict[str, Any]) -> HttpResponse:
    """At once for few; for many a job with these very customers, whose page shows how far it is."""
    ids = list(selection.customers.order_by("pk").values_list("pk", flat=True))
    params = {**params, "today": localdate().isoformat()}
    if len(ids) > AT_ONCE:
        key = f"{request.user.username}, {timezone.localtime():%Y-%m-%d %H:%M:%S}"[-80:]
        job = jobs.enqueue(deed.job, key=key, by=request.user, params={**params, "customers": ids})
        return redirect("job", pk=job.pk)
    outcome = deed.do(ids, by=request.user, **params)
    messages.success(request, outcome.words)
    for sentence in outcome.skipped[:PREVIEWED]:
        messages.warning(request, sentence)
    return redirect(list_again(request, "customers"))


def _selection(request: HttpRequest) -> Selection:
    """What was chosen; Refused when it is nothing, too much, or not what it was."""
    if word := request.POST.get("everything") or request.POST.get("chosen"):
        return _read(request, word)
    numbers = request.POST.getlist("number")
    word = SIGNER.sign_object({"by": request.user.pk, "numbers": numbers}, compress=True)
    return _of_numbers(request, numbers, word)


def _read(request: HttpRequest, word: str) -> Selection:
    try:
        said = SIGNER.unsign_object(word, max_age=DAY)
        if said["by"] != request.user.pk:
            raise BadSignature
    except BadSignature as failure:
        raise Invalid({"chosen": _("What was chosen cannot be read any more. Choose again.")}) from failure
    if "numbers" in said:
        return _of_numbers(request, said["numbers"], word)
    customers = matching(said["query"], by=request.user)
    return _checked(customers, word, expected=said["count"], query=said["query"])


def _of_numbers(request: HttpRequest, numbers: list[str], word: str) -> Selection:
    customers = Customer.objects.visible_to(request.user).filter(number__in=numbers)
    return _checked(customers, word, expected=len(set(numbers)), query=f"number={','.join(numbers)}")


def _checked(customers: QuerySet[Customer], word: str, *, expected: int, query: str) -> Selection:
    found = customers.count()
    if refusal := why_not_selected(expected=expected, found=found):
        raise refusal
    return Selection(customers, word, found, query)
