"""What makes the pages an app on a phone: the manifest, and the worker that keeps the shell. Both are public and say
nothing about anybody: the worker fetches them without a session.
"""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

SCRIPTS = (
    "answers",
    "app",
    "days",
    "drafts",
    "finder",
    "forms",
    "keys",
    "leaving",
    "note_form",
    "offline",
    "outbox",
    "photos",
    "terms",
    "theme",
    "toasts",
)
SHELL = (
    "vendor/tabler.min.css",
    "vendor/tabler.min.js",
    "vendor/htmx.min.js",
    "vendor/icons.svg",
    "css/app.css",
    "icon.svg",
    *(f"js/{name}.js" for name in SCRIPTS),
)
PAGE = ("archives/offline.html", "archives/visit_fields.html", "archives/note_state.html")
COLOUR = "#066fd1"


@require_GET
@login_not_required
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Name, colours and icons for the home screen."""
    facts = {
        "id": "/",
        "name": "Dossier",
        "short_name": "Dossier",
        "description": str(_("Customer archives and trade credit")),
        "lang": translation.get_language(),
        "start_url": reverse("my_day"),
        "scope": "/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": "#ffffff",
        "icons": [*pictures(), {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        "shortcuts": [
            {"name": str(_("Log visit")), "url": reverse("visit_choose")},
            {"name": str(_("Customers")), "url": reverse("customers")},
            {"name": str(_("Search")), "url": reverse("search")},
        ],
    }
    return JsonResponse(facts, content_type="application/manifest+json")


def pictures() -> list[dict[str, str]]:
    return [
        {"src": static(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
        for size in (192, 512)
    ]


@require_GET
@login_not_required
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's script, with the addresses of the shell. A changed file changes the script, and so the cache."""
    files = [static(name) for name in SHELL]
    page = f"{reverse('offline')}?language={language_of(request)}"
    context = {"files": json.dumps(files), "page": json.dumps(page), "version": json.dumps(version_of(page))}
    return render(request, "core/service_worker.js", context, content_type="text/javascript")


def language_of(request: HttpRequest) -> str:
    """The language the page asks for; it is the reader's, whom the worker does not know."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else translation.get_language()


def version_of(page: str) -> str:
    """Another one as soon as one of the files, or a part of the page without a connection, is."""
    paths = [Path(finders.find(name) or staticfiles_storage.path(name)) for name in SHELL]
    paths += [Path(get_template(name).origin.name) for name in PAGE]
    stamps = [str(path.stat().st_mtime_ns) for path in paths if path.exists()]
    return hashlib.sha256("|".join([page, *stamps]).encode()).hexdigest()[:12]
