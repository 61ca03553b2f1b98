"""The program's own secret: kept beside a trial's data, demanded from the environment in production."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MINIMUM_LENGTH = 50
PLACEHOLDERS = ("change", "insecure", "example", "secret-key", "dossier")


def kept_in(path: Path) -> str:
    """The secret in `path`, made on first use and readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        secret = secrets.token_urlsafe(64)
        file.write(secret)
    return secret


def refuse_unsafe(secret: str, *, debug: bool, database: str) -> None:
    """Stop a production start that could be guessed or that would show its insides."""
    if debug:
        raise ImproperlyConfigured("DEBUG is on. In production it must be off: it shows secrets to visitors.")
    if len(secret) < MINIMUM_LENGTH or any(word in secret.lower() for word in PLACEHOLDERS):
        raise ImproperlyConfigured(
            f"SECRET_KEY is missing, shorter than {MINIMUM_LENGTH} characters or a placeholder. Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    if not database:
        raise ImproperlyConfigured("DATABASE_URL is missing. Production runs on a PostgreSQL of the company's own.")
