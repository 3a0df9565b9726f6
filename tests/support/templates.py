"""An undefined template variable fails the test that meets it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.template.base import Node

_OURS = str(Path(__file__).resolve().parents[2] / "src")


class UndefinedTemplateVariable(AssertionError):
    """A template asked for something that its context does not have."""


def _template() -> str:
    """File of the innermost template that is being rendered right now."""
    frame = sys._getframe(2)
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None) is not None:
            return str(node.origin.name)
        frame = frame.f_back  # type: ignore[assignment]
    return ""


class Strict(str):
    """``string_if_invalid`` that raises, naming the variable, in our own templates.

    Django formats the setting with the variable (it holds ``%s``). ``{% if missing %}`` does not
    come here: Django answers ``None`` there. Templates of the libraries may miss what they like.
    """

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, other: Any) -> str:
        template = _template()
        if not template.startswith(_OURS):
            return ""
        name = getattr(other, "var", other)
        raise UndefinedTemplateVariable(f"{template}: undefined variable {name}")
