"""How Django forms look: the renderer of the whole project, and the few fields Django lacks.

The renderer puts every field in the markup of Det Fælles Designsystem, so that a plain
``django.forms.Form`` (and those of allauth) look and read the same.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

_NOT_REQUIRED_BY_ARIA = {"checkbox", "radio", "file", "hidden"}


def _takes_aria_required(widget: forms.Widget) -> bool:
    """Whether ``aria-required`` is allowed on the control of ``widget``."""
    if isinstance(widget, forms.Textarea | forms.Select):
        return True
    return getattr(widget, "input_type", "hidden") not in _NOT_REQUIRED_BY_ARIA


def _css_class(widget: forms.Widget) -> str:
    """The class that dkfds gives the control of ``widget``."""
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
        return "form-checkbox"
    if isinstance(widget, forms.RadioSelect):
        return "form-radio"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-input"


class ChoiceColumns(forms.CheckboxSelectMultiple):
    """Many short choices side by side, in as many columns as there is room for."""


class UiBoundField(forms.BoundField):
    """A field of a form, rendered with dkfds classes and names for screen readers.

    The browser's own ``required`` bubble speaks the browser's language and hides the error summary, so
    the attribute is left out; text fields say ``aria-required`` instead.
    """

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        """Attributes of the control: Django's own, plus class, and ``aria-required``."""
        shown = widget or self.field.widget
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if shown.is_hidden:
            return built
        own = str(shown.attrs.get("class", ""))
        built["class"] = " ".join(part for part in (_css_class(shown), own) if part)
        if type(self.form).__module__.startswith("allauth."):
            built["placeholder"] = False  # it only repeats the label
        if built.pop("required", False) and _takes_aria_required(shown):
            built["aria-required"] = "true"
        return built

    @property
    def kind(self) -> str:
        """Which of three layouts the field takes: ``checkbox``, ``choices`` or ``line``."""
        if isinstance(self.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
            return "choices"
        if isinstance(self.field.widget, forms.CheckboxInput):
            return "checkbox"
        return "line"

    @property
    def choice_class(self) -> str:
        """Class of the element around one choice."""
        radio = isinstance(self.field.widget, forms.RadioSelect) and not isinstance(
            self.field.widget, forms.CheckboxSelectMultiple
        )
        return "form-group-radio" if radio else "form-group-checkbox"

    @property
    def fieldset_class(self) -> str:
        """Class of the element around all choices; empty where they stand below each other."""
        return "choice-columns" if isinstance(self.field.widget, ChoiceColumns) else ""

    @property
    def optional(self) -> bool:
        """Whether the label says '(valgfrit)'. Not a field that another choice of the form needs
        (``conditional_fields`` of the form): its help text says when."""
        if self.name in getattr(self.form, "conditional_fields", ()):
            return False
        if self.kind == "checkbox" or isinstance(self.field.widget, ChoiceColumns):
            return False
        return not self.field.required and not self.field.disabled


class Renderer(DjangoTemplates):
    """The project's ``FORM_RENDERER``."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"
    bound_field_class = UiBoundField


def Width(widget: forms.Widget, characters: int) -> forms.Widget:  # noqa: N802 - reads like a widget
    """``widget`` as wide as about ``characters`` (4, 8, 12 or 20), so that size says what fits."""
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} w-{characters}".strip()
    return widget


_DATE = re.compile(r"^(\d{1,2})\s*[-./ ]\s*(\d{1,2})\s*[-./ ]\s*(\d{4}|\d{2})$")


class DateField(forms.DateField):
    """A date as Danes write it: ``14-09-2027``, ``14.9.2027``, ``14/9 2027``; ISO is read too."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Skriv en dato som dag-måned-år, for eksempel 14-09-2027.")
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(
            format="%d-%m-%Y",
            attrs={"class": "w-12", "inputmode": "numeric", "autocomplete": "off"},
        )
        kwargs.setdefault("widget", widget)
        kwargs.setdefault("help_text", _("dag-måned-år, for eksempel 14-09-2027"))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> datetime.date | None:
        """The date, or ``None`` when empty."""
        match = _DATE.match(value.strip()) if isinstance(value, str) else None
        if not match:
            return super().to_python(value)
        day, month, year = (int(part) for part in match.groups())
        try:
            return datetime.date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class NumberField(forms.DecimalField):
    """A number written with comma or dot; shown as it was typed."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Skriv et tal, for eksempel 3 eller 2,5.")
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"class": "w-4 num", "inputmode": "decimal"})
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """The number, or ``None`` when empty. A lone dot or comma is the decimal mark."""
        if isinstance(value, str):
            value = value.strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
        return super().to_python(value)


class UploadField(forms.FileField):
    """A file to send. ``kinds`` is a list such as ``xlsx,ods,csv``; content is checked elsewhere."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": _("Vælg en fil."),
        "empty": _("Filen er tom. Vælg en anden."),
        "kind": _("Filen er af en anden slags. Vælg en af slagsen %(kinds)s."),
    }

    def __init__(self, *, kinds: str = "xlsx,ods,csv", **kwargs: Any) -> None:
        self.kinds = tuple(kind.strip().lower() for kind in kinds.split(","))
        accept = ",".join(f".{kind}" for kind in self.kinds)
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": accept}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file, when its name ends as it should."""
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            ending = (file.name or "").rpartition(".")[2].lower()
            if ending not in self.kinds:
                raise ValidationError(
                    self.error_messages["kind"],
                    code="kind",
                    params={"kinds": ", ".join(self.kinds)},
                )
        return file
