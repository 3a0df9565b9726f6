"""WSGI entry point."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_utf8(app: App) -> App:
    """Refuse a request that names an encoding of its own (415).

    Django reads address and form in the encoding that the sender names, also in those that are
    none (``zlib``) or give what no database takes (``utf-7``), and does so before any middleware.
    """

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            _kind, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        except ValueError:
            parameters = {"charset": "?"}
        if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
            start_response("415 Unsupported Media Type", [("Content-Type", "text/plain")])
            return [b"UTF-8, please."]
        return app(environ, start_response)

    return checked


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspil.config.settings.production")
_django = get_wsgi_application()
from samspil.config.live import meeting_first  # noqa: E402  needs the apps

application = only_utf8(meeting_first(_django))
