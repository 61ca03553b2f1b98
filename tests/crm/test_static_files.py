"""Static files and answers as production sends them: named by content, compressed, and complete."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.http import FileResponse, HttpResponse
from django.test import RequestFactory

from crm.core.middleware import CompressionMiddleware
from crm.core.views.shell import SHELL

IMPORT = re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""")
NAMED_BY_CONTENT = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The folder that production's collectstatic fills."""
    return tmp_path_factory.mktemp("static")


@pytest.fixture
def production_files(collected, settings):
    settings.STATIC_ROOT = collected
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "crm.static_files.HashedFiles"}}
    if not any(collected.iterdir()):
        call_command("collectstatic", interactive=False, stdout=StringIO())
    return collected


def test_modules_name_one_another_by_content(production_files):
    modules = [path for path in (production_files / "js").glob("*.js") if NAMED_BY_CONTENT.search(path.name)]
    named = [(path, name) for path in modules for name in IMPORT.findall(path.read_text(encoding="utf-8"))]
    assert named
    for path, name in named:
        assert NAMED_BY_CONTENT.search(name), f"{path.name} imports {name}"
        assert (path.parent / name).resolve().exists(), f"{path.name} imports {name}"


def test_every_file_of_the_shell_is_there_and_compressed(production_files):
    for name in SHELL:
        path = Path(staticfiles_storage.path(staticfiles_storage.stored_name(name)))
        assert NAMED_BY_CONTENT.search(path.name)
        assert path.stat().st_size < 1000 or Path(f"{path}.gz").exists(), path


def test_the_shell_is_named_by_content_in_the_service_worker(production_files, client, db):
    script = client.get("/service-worker.js").content.decode()
    assert all(staticfiles_storage.url(name) in script for name in SHELL)
    assert '"/static/js/app.js"' not in script


def compressed(response, accepted: str = "gzip"):
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepted})
    return CompressionMiddleware(lambda _request: response)(request)


def test_answers_are_compressed_for_those_who_can_read_it():
    text = "a page " * 1000
    answer = compressed(HttpResponse(text))
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.content) < len(text) / 10
    assert compressed(HttpResponse(text), accepted="").content == text.encode()


def test_files_keep_their_length(tmp_path, db):
    file = tmp_path / "report.csv"
    file.write_text("number;name\n" * 1000)
    answer = compressed(FileResponse(file.open("rb")))
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(file.stat().st_size)
    answer.close()
