"""An undefined template variable fails the test that meets it."""

from __future__ import annotations

from typing import Any

# Names that templates of the libraries look for and may rightly miss.
_MAY_MISS = {
    "form.errors", "redirect_field_value", "redirect_field_name", "non_field_errors",
}  # fmt: skip


class UndefinedTemplateVariable(AssertionError):
    """A template asked for something that its context does not have."""


class Strict(str):
    """``string_if_invalid`` that raises, naming the variable.

    Django formats the setting with the variable (it holds ``%s``). ``{% if missing %}`` does not
    come here: Django answers ``None`` there.
    """

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, other: Any) -> str:
        name = str(getattr(other, "var", other))
        if name in _MAY_MISS:
            return ""
        raise UndefinedTemplateVariable(f"undefined template variable: {name}")
