"""Trying it out: SQLite, example data, and the one-click door. Never for service."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from samspil.config.settings.base import *
from samspil.config.settings.base import ENV, VAR
from samspil.kernel.sealing import trial_key


def _own_key(path: Path) -> str:
    """A key of this machine's own, made at the first start."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def _own_seal(folder: Path) -> Path:
    """A key of this machine's own to seal with, made at the first start; nobody else trusts it."""
    if not (folder / trial_key.KEY).exists():
        trial_key.write_folder(
            folder,
            common="Prøvesegl",
            organisation="Konstrueret eksempel",
            password="",
            now=datetime.now(UTC),
        )
    return folder


SEAL = _own_seal(VAR / "segl")
SAMSPIL_SEAL_KEY = str(SEAL / trial_key.KEY)
SAMSPIL_SEAL_TRUST = [str(SEAL / trial_key.KNOWN)]
SAMSPIL_SEAL_REVOCATION = [str(SEAL / trial_key.REVOKED)]
SECRET_KEY = _own_key(VAR / "example.key")
DEBUG = ENV.flag("DEBUG", False)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *ENV.words("ALLOWED_HOSTS")]
EXAMPLE_DOOR = True
UI_GALLERY = True
SAMSPIL_REQUIRE_SECOND_FACTOR = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
if DEBUG or not ENV.flag("COLLECTED", False):
    # Nothing was collected: serve static files from where they lie.
    WHITENOISE_USE_FINDERS = True
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
