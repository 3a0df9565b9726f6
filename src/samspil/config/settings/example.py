"""Trying it out: SQLite, example data, and the one-click door. Never for service."""

from samspil.config.settings.base import *  # noqa: F403
from samspil.config.settings.base import VAR, sqlite

SECRET_KEY = "example-only-not-a-secret-" + "x" * 40
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
EXAMPLE_DOOR = True
DATABASES = {"default": sqlite(VAR / "samspil.sqlite3")}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
