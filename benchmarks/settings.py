"""Service settings on a throw-away cluster: compressed static files, no TLS, no second factor."""

import os
from pathlib import Path

os.environ.setdefault("SAMSPIL_SECRET_KEY", "benchmarks only " + "0123456789abcdef" * 4)
os.environ.setdefault("SAMSPIL_LOG_LEVEL", "ERROR")

from samspil.config.settings.base import *  # noqa: F403

FOLDER = Path(os.environ["SAMSPIL_BENCH_DIR"])
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
SAMSPIL_REQUIRE_SECOND_FACTOR = False
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("SAMSPIL_BENCH_DB", "postgres"),
        "USER": "postgres",
        "HOST": str(FOLDER / "cluster"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
VAR = FOLDER
SAMSPIL_API_LIMIT_FILE = VAR / "api-limit.bin"
STATIC_ROOT = FOLDER / "static"
MEDIA_ROOT = FOLDER / "files"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
