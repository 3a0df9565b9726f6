"""Service. Everything comes from the environment, and an unsafe start is refused."""

from samspil.config.safety import refuse_unsafe
from samspil.config.settings.base import *
from samspil.config.settings.base import ENV

SAMSPIL_ALLOW_SQLITE = ENV.flag("ALLOW_SQLITE", False)
DEBUG = ENV.flag("DEBUG", False)
SAMSPIL_WEBHOOKS_ANYWHERE = False

SECURE_SSL_REDIRECT = ENV.flag("TLS", True)
SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_NAME = "__Host-samspil"
CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_HSTS_SECONDS = ENV.number("HSTS_SECONDS", 2 * 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if ENV.flag("BEHIND_PROXY", False):
    # Only where the proxy in front sets this header itself and drops the visitor's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

refuse_unsafe(globals())
