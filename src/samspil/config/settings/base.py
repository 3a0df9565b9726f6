"""Settings shared by every environment. Whatever differs comes from the environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from samspil.config.env import Env

ROOT = Path(__file__).resolve().parents[4]
ENV = Env()
VAR = Path(ENV.text("VAR", str(ROOT / "var")))

SECRET_KEY = ENV.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = ENV.words("OLD_SECRET_KEYS")
DEBUG = False
ALLOWED_HOSTS = ENV.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = ENV.words("TRUSTED_ORIGINS")
BASE_URL = ENV.text("BASE_URL", "http://localhost:8000").rstrip("/")

# -- Samspil's own
EXAMPLE_DOOR = False
"""Sign in as a role with one click. On in the example settings alone."""
UI_GALLERY = False
"""Show every component of the design system at /_ui/; for developers and tests."""
SAMSPIL_REMEMBER_COUNTS = True
"""Remember answers that are the same for everybody until an audit event says that something changed,
and the index of the titles until a course's version does."""
SAMSPIL_STRICT = False
"""Fail when an action changes rows and records nothing; on in tests."""
SAMSPIL_REQUIRE_SECOND_FACTOR = True
"""Nobody gets further than the page that sets up TOTP or a passkey before having one."""
SAMSPIL_SESSION_LONGEST = ENV.number("SESSION_LONGEST_MINUTES", 12 * 60) * 60
SAMSPIL_SOLVER = [sys.executable, "-m", "planning", "solve"]
"""What a calculation is solved by, in a child process of the worker (``kernel.solving``)."""
SAMSPIL_SOLVER_SECONDS = ENV.number("SOLVER_SECONDS", 600)
SAMSPIL_SOLVER_MEMORY_MB = ENV.number("SOLVER_MEMORY_MB", 3072)
SAMSPIL_SOLVER_PROCESSES = ENV.number("SOLVER_PROCESSES", 1)
SAMSPIL_SEAL_KEY = ENV.text("SEAL_KEY")
"""The PKCS#12 file that agreements are sealed with; without it they are not."""
SAMSPIL_SEAL_PASSWORD = ENV.text("SEAL_PASSWORD")
SAMSPIL_SEAL_TRUST = ENV.words("SEAL_TRUST")
"""PEM files: roots of seals and timestamps, and the certificates of our seals, earlier ones too."""
SAMSPIL_SEAL_REVOCATION = ENV.words("SEAL_REVOCATION")
SAMSPIL_SEAL_TSA = ENV.text("SEAL_TSA")
SAMSPIL_SEAL_ONLINE = ENV.flag("SEAL_ONLINE", False)
"""Fetch the revocation lists of the key's authority when sealing. Nothing else asks other servers."""
SAMSPIL_SIGN_BUILT_IN = ENV.flag("SIGN_BUILT_IN", True)
"""Sign with the second factor of one's account here."""
SAMSPIL_SIGN_OIDC_ISSUER = ENV.text("SIGN_OIDC_ISSUER")
"""An OpenID provider that proves who signs, such as a broker of MitID Erhverv; without it none."""
SAMSPIL_SIGN_OIDC_NAME = ENV.text("SIGN_OIDC_NAME", "MitID Erhverv")
SAMSPIL_SIGN_OIDC_CLIENT = ENV.text("SIGN_OIDC_CLIENT")
SAMSPIL_SIGN_OIDC_SECRET = ENV.text("SIGN_OIDC_SECRET")
SAMSPIL_SIGN_OIDC_KEY = ENV.text("SIGN_OIDC_KEY")
SAMSPIL_SIGN_OIDC_SCOPE = ENV.words("SIGN_OIDC_SCOPE", "openid")
SAMSPIL_SIGN_OIDC_LOA = ENV.words("SIGN_OIDC_LOA")
SAMSPIL_SIGN_OIDC_LOA_CLAIM = ENV.text("SIGN_OIDC_LOA_CLAIM", "acr")
SAMSPIL_SIGN_OIDC_NAME_CLAIM = ENV.text("SIGN_OIDC_NAME_CLAIM", "name")
SAMSPIL_SIGN_OIDC_CVR_CLAIM = ENV.text("SIGN_OIDC_CVR_CLAIM", "cvr")
SAMSPIL_SIGN_OIDC_EXTRA = ENV.words("SIGN_OIDC_EXTRA")
SAMSPIL_HARVEST_URL = ENV.text("HARVEST_URL")
"""Address of the national search of runs, with ``{course}`` and ``{page}``; empty: nothing is fetched."""
SAMSPIL_HARVEST_PAUSE_MS = ENV.number("HARVEST_PAUSE_MS", 200)
SAMSPIL_HARVEST_KEEP_DAYS = max(2, ENV.number("HARVEST_KEEP_DAYS", 400))
SAMSPIL_API_PER_MINUTE = ENV.number("API_PER_MINUTE", 120)
"""Requests a minute that the API takes from one visitor, by all processes of the machine together; five times as many with a key."""
SAMSPIL_API_LIMIT_FILE = VAR / "api-limit.bin"
SAMSPIL_WEBHOOKS_ANYWHERE = ENV.flag("WEBHOOKS_ANYWHERE", False)
"""Let subscriptions reach this machine and its neighbours, without TLS too. For trying it alone."""
SAMSPIL_ANNOUNCE_DAYS = ENV.number("ANNOUNCE_DAYS", 28)
"""How long before it can begin at the latest an agreed run is to be announced (R22)."""
SAMSPIL_ANNOUNCE_UNDATED_DAYS = ENV.number("ANNOUNCE_UNDATED_DAYS", 91)
SAMSPIL_ANNOUNCE_NOTICE_DAYS = ENV.number("ANNOUNCE_NOTICE_DAYS", 8)
SAMSPIL_ANNOUNCE_FOLLOW_DAYS = ENV.number("ANNOUNCE_FOLLOW_DAYS", 14)
SAMSPIL_REQUEST_MAX_BYTES = ENV.number("REQUEST_MAX_MB", 25) * 1024 * 1024
SAMSPIL_SIGN_UPS_PER_ADDRESS = ENV.number("SIGN_UPS_PER_ADDRESS", 100)
"""Sign-ups that one address on the net may send in ten minutes, in each web process."""

INSTALLED_APPS = [
    "samspil.web",
    "samspil.api",
    "samspil.compliance",
    "samspil.settlement",
    "samspil.enrolment",
    "samspil.runs",
    "samspil.coordination",
    "samspil.lending",
    "samspil.catalogue",
    "samspil.network",
    "samspil.ui",
    "samspil.kernel",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
]

MIDDLEWARE = [
    "samspil.api.middleware.Door",
    "samspil.config.middleware.RequestSize",
    "django.middleware.security.SecurityMiddleware",
    "samspil.kernel.kept.Kept",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "samspil.config.middleware.KeptNowhere",
    "samspil.config.middleware.NoDatabaseTakes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "samspil.config.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "samspil.config.middleware.SessionEnds",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "samspil.config.middleware.SecondFactor",
    "samspil.network.middleware.ActorMiddleware",
    "samspil.kernel.http.DenyByDefault",
    "samspil.kernel.http.ErrorsAsPages",
    "samspil.kernel.http.ReadingNeverWrites",
]
VIEWS_WITH_OWN_RULES = ("allauth.", "django.views.i18n", "django.views.static")

ROOT_URLCONF = "samspil.config.urls"
WSGI_APPLICATION = "samspil.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "samspil.web.context.navigation",
            ],
        },
    },
]
FORM_RENDERER = "samspil.ui.forms.Renderer"

# -- Database: PostgreSQL in service, SQLite for trying it out
DATABASES = {"default": ENV.database("DATABASE", f"sqlite:///{VAR / 'samspil.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # In the database, because every process must count the same sign-in attempts.
    # Made by `manage.py createcachetable`.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "samspil_cache",
    },
}

# -- Sign-in
AUTH_USER_MODEL = "network.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "samspil.config.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation went to the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    # Lock-out: five wrong passwords for one address shut it for a quarter of an hour.
    "login_failed": "30/5m/ip,5/15m/key",
    "login": "60/m/ip",
    "reset_password": "20/h/ip,3/h/key",
    "reauthenticate": "5/5m/user",
    "change_password": "5/5m/user",
    "check_seal": "20/m/ip",  # each check of a strange PDF is a process of its own
}
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.number("PROXIES", 0)
MFA_ADAPTER = "samspil.config.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Samspil"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True

# -- Sessions end after an hour without use, and at the latest after SAMSPIL_SESSION_LONGEST
SESSION_COOKIE_AGE = ENV.number("SESSION_IDLE_MINUTES", 60) * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "samspil"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# -- What the browser may do
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the QR code of TOTP is a data address
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# -- Uploads
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the form of a large school, all rows at once
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

# -- Language and time
LANGUAGE_CODE = "da"
LANGUAGES = [("da", _("Dansk")), ("en", _("Engelsk"))]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [ROOT / "src" / "samspil" / "locale"]
TIME_ZONE = "Europe/Copenhagen"
USE_I18N = True
USE_TZ = True

# -- Files
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
MEDIA_ROOT = VAR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- Mail
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = ENV.text("SMTP_HOST")
EMAIL_PORT = ENV.number("SMTP_PORT", 25)
EMAIL_HOST_USER = ENV.text("SMTP_USER")
EMAIL_HOST_PASSWORD = ENV.text("SMTP_PASSWORD")
EMAIL_USE_TLS = ENV.flag("SMTP_STARTTLS", False)
EMAIL_USE_SSL = ENV.flag("SMTP_TLS", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENV.text("FROM_EMAIL", "Samspil <samspil@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DOMAIN = ENV.text("MAIL_DOMAIN", "localhost")

# -- Logs: one JSON object a line, without personal data
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "samspil.config.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": ENV.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
