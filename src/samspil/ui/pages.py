"""Pages that look the same everywhere: one form to fill in and save, and a history in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.models import AuditEvent
from samspil.ui.components import Entry

Result = TypeVar("Result")
Crumbs = list[tuple[str, str]]
"""Label and address of the steps before the page itself."""


def saved(
    form: forms.Form, save: Callable[[dict[str, Any]], Result], *, conflicts: bool = True
) -> Result | None:
    """What ``save`` gives for the cleaned data of a form that was sent; ``None`` when it was not
    sent, is not valid, or is refused. Then its errors stand on the form.

    An ``Invalid`` becomes the error of its field; a ``Conflict`` an error of the whole form, or with
    ``conflicts=False`` it is raised, where another page has to say it.
    """
    if not form.is_valid():
        return None
    try:
        return save(form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    except Conflict as error:
        if not conflicts:
            raise
        form.add_error(None, error.message)
    return None


def form_page(
    request: HttpRequest,
    form: forms.Form,
    *,
    heading: str,
    crumbs: Crumbs,
    submit: str,
    cancel_url: str,
    save: Callable[[dict[str, Any]], str],
    said: str,
    lede: str = "",
    danger: bool = False,
) -> HttpResponse:
    """Show a form, or save it and go on. ``save`` takes the cleaned data and returns an address.

    Errors are those of ``saved``. ``said`` is the message after saving, ``danger`` warns before what cannot be undone.
    """
    if request.method == "POST" and (url := saved(form, save)) is not None:
        messages.success(request, said)
        return redirect(url)
    return render(
        request,
        "ui/form_page.html",
        {
            "form": form,
            "heading": heading,
            "crumb_list": crumbs,
            "submit": submit,
            "lede": lede,
            "cancel_url": cancel_url,
            "kind": "danger" if danger else "primary",
        },
    )


def entries(events: Iterable[AuditEvent]) -> list[Entry]:
    """Audit events as lines of a history, without the mail addresses of who did it. What the system did
    by itself stands under one name, whatever part of it did it."""
    return [
        Entry(
            at=event.at,
            who="Samspil"
            if event.actor_label.startswith("system:")
            else event.actor_label.split(" <")[0],
            text=event.summary,
        )
        for event in events
    ]
