"""Every text is there in all three languages: nothing missing, nothing fuzzy, no placeholder lost."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import formats, translation

from crm.core.templatetags.dossier import money, short_money

pytestmark = pytest.mark.once

LANGUAGES = ("zh_Hans", "zh_Hant")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%[sd%]")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"))


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language):
    entries = [entry for entry in catalogue(language) if not entry.obsolete]
    assert len(entries) > 1000
    assert [entry.msgid for entry in entries if entry.fuzzy or not all(translations(entry))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive(language):
    lost = [
        entry.msgid
        for entry in catalogue(language)
        for text in translations(entry)
        if set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        or set(PLACEHOLDER.findall(entry.msgid)) - set(PLACEHOLDER.findall(text))
    ]
    assert lost == []


@pytest.mark.skipif(
    not (shutil.which("xgettext") or os.environ.get("CI")),
    reason="NO GETTEXT: the texts of the source were not collected",
)
def test_the_catalogues_know_every_text_of_the_source(tmp_path):
    """Collects the texts anew in a copy of the source and compares."""
    for name in ("manage.py", "crm", "archives", "scoring", "credit", "templates", "static/js"):
        source, target = settings.BASE_DIR / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    collect(tmp_path)
    found = {entry.msgid for entry in polib.pofile(str(tmp_path / "locale/zh_Hans/LC_MESSAGES/django.po"))}
    for language in LANGUAGES:
        known = {entry.msgid for entry in catalogue(language)}
        assert sorted(found - known) == [], "run `make words` and translate what is new"


def collect(folder: Path) -> None:
    (folder / "locale").mkdir()
    command = [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "--no-wrap"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_chinese_is_shown_to_chinese_readers(page_as, seller):
    seller.language = "zh-hant"
    seller.save()
    page = page_as(seller).get("/").content.decode()
    assert 'lang="zh-hant"' in page
    assert "客戶" in page and "客户" not in page


@pytest.mark.parametrize(
    ("language", "shown", "short", "day"),
    [
        ("en", "¥1,286,400", "¥1.29 M", "21 Nov 2026"),
        ("zh-hans", "¥1,286,400", "¥128.64 万", "2026年11月21日"),
        ("zh-hant", "¥1,286,400", "¥128.64 萬", "2026年11月21日"),
    ],
)
def test_sums_and_days_in_the_readers_format(language, shown, short, day):
    with translation.override(language):
        assert money(Decimal("1286400.00")) == shown
        assert short_money(Decimal("1286400.00")) == short
        assert formats.date_format(date(2026, 11, 21)) == day
