"""What every page needs: the menu and who is signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context of the header."""
    return {"actor": getattr(request, "actor", None)}
