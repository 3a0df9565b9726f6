"""Files as responses."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext as _

from samspil.kernel.errors import NotFound
from samspil.kernel.models import StoredFile


def download(content: bytes, name: str, content_type: str, *, inline: bool = False) -> HttpResponse:
    """A file as a response; nothing but a PDF is ever shown in the browser."""
    response = HttpResponse(content, content_type=content_type)
    kind = "inline" if inline and content_type == "application/pdf" else "attachment"
    response["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def stored(file: StoredFile | None) -> HttpResponse:
    """A stored file, or 404 while the worker is still writing it."""
    if file is None:
        raise NotFound(_("Filen bliver skrevet. Prøv igen om lidt."))
    return download(file.read(), file.name, file.content_type, inline=True)
