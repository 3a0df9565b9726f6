"""Errors that a user is told about.

Each carries ``message``: one Danish sentence (translated through gettext by whoever raises it)
that says what happened and what to do. The web layer turns them into pages; nothing else
does.
"""

from __future__ import annotations


class SamspilError(Exception):
    """Base of every error with a sentence for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = str(message)


class Forbidden(SamspilError):
    """The actor sees the object but may not do this to it (answered with 403)."""


class NotFound(SamspilError):
    """The object does not exist within what the actor can see (answered with 404)."""


class Conflict(SamspilError):
    """Somebody else changed the object since the actor read it (answered with 409)."""


class Invalid(SamspilError):
    """The input breaks a rule. ``field`` names the field at fault, if there is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UploadRefused(Invalid):
    """A file was refused before anything of it was used; nothing was stored."""
