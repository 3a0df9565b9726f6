"""Tests: the same as service where it matters, strict where it helps.

``SAMSPIL_TEST_DB`` chooses ``sqlite`` (a file, as when trying it out) or ``postgres`` (a cluster
of the run's own, started by ``tests/support/postgres.py``). Both live in one folder that the
run throws away; its name is put in the environment, so that processes of the run share it.
"""

import os
import tempfile
from pathlib import Path

from samspil.config.env import SQLITE_OPTIONS
from samspil.config.settings.base import *
from samspil.config.settings.base import ENV, TEMPLATES

TEST_DIR = Path(
    os.environ.setdefault(
        "SAMSPIL_TEST_DIR", f"{tempfile.gettempdir()}/samspil-test-{os.getuid()}-{os.getpid()}"
    )
)
TEST_DB = ENV.text("TEST_DB", "sqlite")
SECRET_KEY = "tests-only " + "0123456789abcdef" * 4
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
BASE_URL = "http://testserver"
SAMSPIL_STRICT = True
UI_GALLERY = True
SAMSPIL_REMEMBER_COUNTS = False  # tests roll back, and with them the numbers of audit events
SAMSPIL_REQUIRE_SECOND_FACTOR = False
SAMSPIL_API_PER_MINUTE = 1_000_000

if TEST_DB == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": str(TEST_DIR),
            "CONN_HEALTH_CHECKS": True,
            "TEST": {"NAME": "samspil"},
        }
    }
else:
    _sqlite = TEST_DIR / "samspil.sqlite3"
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(_sqlite),
            # As in service, but the disk need not keep anything.
            "OPTIONS": {
                **SQLITE_OPTIONS,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF",
            },
            "TEST": {"NAME": str(_sqlite)},
        }
    }

# one for each process that tests beside others, and for those that it starts: numbers begin at 1 in
# each one's database
VAR = TEST_DIR / os.environ.get("PYTEST_XDIST_WORKER", "alone")
# of each process its own: tests that run beside each other do not use up each other's limit
SAMSPIL_API_LIMIT_FILE = TEST_DIR / f"api-limit-{os.getpid()}.bin"
MEDIA_ROOT = TEST_DIR / "files"
STATIC_ROOT = TEST_DIR / "static"
MIDDLEWARE = [m for m in MIDDLEWARE if "whitenoise" not in m]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
TEMPLATES[0]["OPTIONS"]["debug"] = True
LOGGING_CONFIG = None
