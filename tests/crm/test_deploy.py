"""Production: silent under Django's own checks, and no start with something that could be guessed."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """manage.py as an administrator would call it in production, with these variables and no others."""
    sound = {
        "PATH": os.environ["PATH"],
        "DOSSIER_MODE": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ALLOWED_HOSTS": "dossier.example.com",
    }
    return subprocess.run(
        [sys.executable, "-W", "error::UserWarning:environ", "manage.py", *arguments],
        cwd=PROJECT,
        env=sound | environment,
        capture_output=True,
        text=True,
    )


def test_check_deploy_is_silent():
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing, shorter than"),
        ({"SECRET_KEY": "change-me-" * 8}, "a placeholder"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 60}, "a placeholder"),
        ({"DEBUG": "on"}, "DEBUG is on"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"DOSSIER_MODE": "prodution"}, "must be trial, test or production"),
    ],
)
def test_refuses_to_start(changed, sentence):
    done = manage("check", **changed)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_starts_when_all_is_sound():
    assert manage("check").returncode == 0
