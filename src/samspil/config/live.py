"""The short way to a meeting's latest state, round session, person and roles (ADR 0005).

Two thousand pages that ask every second would each cost a whole request. A request
that carries a pass (``coordination.interfaces.meeting_live``) is answered here; every other one,
and every pass that does not hold, goes on to Django and its checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import close_old_connections

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def meeting_first(app: App) -> App:
    """``app``, with passes answered before it."""
    from samspil.coordination.interfaces import meeting_live

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith(meeting_live.END):
            return app(environ, start_response)
        # as Django does at both ends of a request: a connection that is too old or broken goes
        close_old_connections()
        try:
            found = meeting_live.answer_by_pass(environ)
        finally:
            close_old_connections()
        if found is None:
            return app(environ, start_response)
        status, headers, body = found
        start_response(status, headers)
        return [body]

    return checked
