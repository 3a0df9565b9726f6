"""The components as template tags. ``README.md`` beside this package lists them with their use."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django import forms, template
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.ui.components import Bar, Entry, Figure, Phase, Segment, Tab

register = template.Library()

BUTTON_KINDS = {"primary", "secondary", "tertiary", "danger"}
TAG_KINDS = {"gap", "ok", "joint", "ext", "wait", "plain"}
ALERT_ICONS = {"success": "success", "info": "info", "warning": "warning", "error": "error"}
_MESSAGE_KINDS = {"success": "success", "warning": "warning", "error": "error"}


def _one_of(value: str, allowed: Iterable[str], what: str) -> str:
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{what} {value!r} is none of {sorted(allowed)}")
    return value


def _button_class(kind: str) -> str:
    """What follows ``button-`` in the class; a danger button is a primary one in another colour."""
    return "primary button-danger" if _one_of(kind, BUTTON_KINDS, "kind") == "danger" else kind


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; words beside it carry the meaning."""
    return format_html(
        '<svg class="icon-svg" focusable="false" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("ui/icons.svg"),
        name,
    )


@register.simple_tag
def crumb(label: str, url: str = "") -> SafeString:
    """One step of the breadcrumb (block ``crumbs``); without ``url`` it is the page itself."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li><span aria-current="page">{}</span></li>', label)


@register.simple_tag
def button(
    label: str,
    *,
    kind: str = "primary",
    type: str = "submit",
    name: str = "",
    value: str | int = "",
    icon: str = "",
    small: bool = False,
    busy: str = "",
    form: str = "",
    describedby: str = "",
    disabled_because: str = "",
) -> SafeString:
    """A button of a form. ``disabled_because`` shows the button off, with its reason under it."""
    return mark_safe(
        render_to_string(
            "ui/components/button.html",
            {
                "label": label,
                "kind": _button_class(kind),
                "type": type,
                "name": name,
                "value": value,
                "icon": icon,
                "small": small,
                "busy": busy,
                "form_id": form,
                "describedby": describedby,
                "disabled_because": disabled_because,
            },
        ).strip()
    )


@register.simple_tag
def link_button(
    label: str,
    url: str,
    *,
    kind: str = "secondary",
    icon: str = "",
    small: bool = False,
    download: bool = False,
) -> SafeString:
    """A link that looks like a button: it leads somewhere or fetches a file, and changes nothing."""
    picture = globals()["icon"](icon) if icon else ""
    return format_html(
        '<a class="button button-{}{}" href="{}"{}>{}{}</a>',
        _button_class(kind),
        " small" if small else "",
        url,
        mark_safe(" download") if download else "",
        picture,
        label,
    )


@register.inclusion_tag("ui/components/post_button.html", takes_context=True)
def post_button(
    context: Context,
    label: str,
    url: str,
    *,
    kind: str = "secondary",
    name: str = "",
    value: str | int = "",
    icon: str = "",
    small: bool = False,
    busy: str = "",
    next: str = "",
    disabled_because: str = "",
) -> dict[str, Any]:
    """A form of one button: whatever changes data goes by POST."""
    return {
        "csrf_token": context.get("csrf_token"),
        "label": label,
        "url": url,
        "kind": kind,
        "name": name,
        "value": value,
        "icon": icon,
        "small": small,
        "busy": busy,
        "next": next,
        "disabled_because": disabled_because,
    }


@register.simple_tag
def tag(label: str, kind: str = "plain") -> SafeString:
    """A small coloured word. The word says it; the colour only repeats it."""
    return format_html('<span class="tagx t-{}">{}</span>', _one_of(kind, TAG_KINDS, "kind"), label)


@register.simple_tag
def constructed() -> SafeString:
    """The mark of constructed data, wherever it is shown."""
    return format_html(
        '<span class="constructed" title="{}">{}</span>',
        _("Opfundet til eksemplet. Ikke virkelige data."),
        _("konstrueret"),
    )


@register.simple_block_tag
def alert(content: str, kind: str, heading: str = "", live: bool = False) -> SafeString:
    """A message box; ``live`` makes screen readers say it when it appears."""
    return format_html(
        '<div class="alert alert-{kind}"{role}>{icon}'
        '<div class="alert-body">{heading}<div class="alert-text">{content}</div></div></div>',
        kind=_one_of(kind, ALERT_ICONS, "kind"),
        role=mark_safe(' role="alert"') if live else "",
        icon=format_html(
            '<svg class="icon-svg alert-icon" focusable="false" aria-hidden="true">'
            '<use href="{}#{}"></use></svg>',
            static("ui/icons.svg"),
            ALERT_ICONS[kind],
        ),
        heading=format_html('<h2 class="alert-heading">{}</h2>', heading) if heading else "",
        content=content,
    )


@register.filter
def message_kind(tags: str) -> str:
    """The alert kind of a Django message from its level tag."""
    return next((kind for tag, kind in _MESSAGE_KINDS.items() if tag in tags.split()), "info")


@register.simple_block_tag
def tablebox(content: str, label: str, *, sticky: bool = False, id: str = "") -> SafeString:
    """A table that scrolls sideways on its own and can be reached by keyboard."""
    return format_html(
        '<div class="board-scroll{}"{} tabindex="0" role="region" aria-label="{}">{}</div>',
        " sticky" if sticky else "",
        format_html(' id="{}"', id) if id else "",
        label,
        content,
    )


@register.simple_block_tag
def empty(content: str, title: str) -> SafeString:
    """What stands where a list would be: what is true now, and what to do."""
    return format_html('<div class="empty"><p class="empty-title">{}</p>{}</div>', title, content)


@register.simple_block_tag
def details(content: str, summary: str, *, open: bool = False) -> SafeString:
    """Text folded under its heading."""
    return format_html(
        '<details class="fold"{}><summary>{}</summary><div class="fold-body">{}</div></details>',
        mark_safe(" open") if open else "",
        summary,
        content,
    )


@register.inclusion_tag("ui/components/phases.html")
def phases(steps: Sequence[Phase], label: str) -> dict[str, Any]:
    """The steps of a round: what is done, what is on, what comes."""
    return {"steps": steps, "label": label}


@register.inclusion_tag("ui/components/figures.html")
def figures(items: Sequence[Figure]) -> dict[str, Any]:
    """The few numbers that carry a page."""
    return {"items": items}


@register.inclusion_tag("ui/components/segments.html")
def segments(label: str, items: Sequence[Segment]) -> dict[str, Any]:
    """A filter of a few choices, as links."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/components/tabs.html")
def tabs(label: str, items: Sequence[Tab]) -> dict[str, Any]:
    """Several pages on the same object."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/components/progress.html")
def progress(done: int, total: int, label: str) -> dict[str, Any]:
    """A bar with the sentence that says the same. ``done`` of ``total``, both counts."""
    share = min(1.0, done / total) if total else 0.0
    return {"label": label, "percent": round(share * 100)}


@register.inclusion_tag("ui/components/facts.html")
def facts(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A short list of terms and values."""
    return {"pairs": list(pairs)}


@register.inclusion_tag("ui/components/timeline.html")
def timeline(entries: Sequence[Entry]) -> dict[str, Any]:
    """What happened, newest first as given: when, who, and what in words."""
    return {"entries": entries}


@register.inclusion_tag("ui/components/barchart.html")
def barchart(bars: Sequence[Bar], label: str, *, unit: str = "") -> dict[str, Any]:
    """A bar chart: the longest bar fills the width; the numbers stand as text beside the bars."""
    largest = max((bar.value for bar in bars), default=0) or 1
    shown = [
        {
            "label": bar.label,
            "value": bar.value,
            "tone": bar.tone,
            "note": bar.note,
            "percent": round(100 * bar.value / largest),
        }
        for bar in bars
    ]
    return {"bars": shown, "label": label, "unit": unit}


@register.inclusion_tag("ui/components/findbox.html")
def findbox(
    label: str, *, value: str = "", name: str = "q", target: str = "", placeholder: str = ""
) -> dict[str, Any]:
    """A search field. With ``target`` (a selector) it filters that table's rows in place."""
    return {
        "label": label,
        "value": value,
        "name": name,
        "target": target,
        "placeholder": placeholder,
    }


@register.inclusion_tag("ui/components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], parameter: str = "side") -> dict[str, Any]:
    """Links to the other pages of a list; the other parameters of the address stay."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None

    def address(number: int) -> str:
        if query is None:
            return f"?{parameter}={number}"
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    numbers: list[dict[str, Any]] = []
    if page.paginator.num_pages > 1:
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
            if isinstance(number, int):
                numbers.append(
                    {"number": number, "url": address(number), "current": number == page.number}
                )
            else:
                numbers.append({"dots": True})
    return {
        "page": page,
        "numbers": numbers,
        "previous": address(page.previous_page_number()) if page.has_previous() else "",
        "next": address(page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag("ui/components/error_summary.html")
def error_summary(*given: forms.BaseForm | None) -> dict[str, Any]:
    """Every error of the given forms, each a link to its field; shown when there is one."""
    found: list[tuple[str, str]] = []
    for form in given:
        if form is None or not form.is_bound:
            continue
        found += [("", str(error)) for error in form.non_field_errors()]
        for name, errors in form.errors.as_data().items():
            if name in form.fields:
                # The pages of allauth give its fields names of their own, and its sentences need none.
                label = "" if type(form).__module__.startswith("allauth.") else form[name].label
                found += [(form[name].auto_id, _named(str(label), error)) for error in errors]
    return {"found": found}


def _named(label: str, error: ValidationError) -> str:
    """An error as it reads away from its field: with the field's name, if there is one."""
    if label and error.code == "required":
        return _("Udfyld »%(label)s«.") % {"label": label}
    text = " ".join(error.messages)
    return f"{label}: {text}" if label else text


@register.simple_tag
def field(
    bound: forms.BoundField,
    *,
    label: str = "",
    hint: str | None = None,
    hide_label: bool = False,
    compact: bool = False,
) -> SafeString:
    """One field with label, hint and error; the options change how it is shown here.

    ``hint=""`` leaves out the hint that the field brings along.
    """
    context = {
        "field": bound,
        "label": label,
        "hint": hint,
        "hide_label": hide_label,
        "compact": compact,
    }
    return mark_safe(bound.form.render(template_name=bound.template_name, context=context))


@register.simple_tag
def dkfds() -> SafeString:
    """Load the design system's own script, for pages with a component that needs it (tooltip,
    character limit)."""
    return format_html(
        '<script src="{}" defer></script><script src="{}" defer></script>',
        static("ui/vendor/dkfds/js/dkfds.min.js"),
        static("ui/dkfds-start.js"),
    )


@register.simple_tag(takes_context=True)
def htmx(context: Context) -> SafeString:
    """Load htmx with everything off that the CSP forbids, and the CSRF token for its requests."""
    return format_html(
        '<script src="{}" defer></script><script src="{}" data-csrf="{}" defer></script>',
        static("ui/vendor/htmx/htmx.min.js"),
        static("ui/htmx-start.js"),
        context.get("csrf_token") or "",
    )


@register.filter
def da_date(value: datetime.date | datetime.datetime | None) -> str:
    """``18. marts 2027``; empty for no date."""
    if value is None:
        return ""
    local = _local(value)
    day = local.date() if isinstance(local, datetime.datetime) else local
    return _written(day, _danish())


@lru_cache(maxsize=4000)
def _written(day: datetime.date, danish: bool) -> str:
    # A list of runs writes a hundred days, mostly the same ones; writing one takes 0.1 ms.
    return formats.date_format(day, "j. F Y" if danish else "j F Y")


@register.filter
def da_datetime(value: datetime.datetime | None) -> str:
    """``18. marts 2027 kl. 14.05``; empty for no time."""
    if value is None:
        return ""
    return formats.date_format(_local(value), r"j. F Y \k\l. H.i" if _danish() else "j F Y, H:i")


@register.filter
def period(start: datetime.date | None, end: datetime.date | None = None) -> str:
    """``14.–16. september 2027``: a period without repeating what both ends share."""
    return "" if start is None else _period(start, end, _danish())


@lru_cache(maxsize=4000)
def _period(start: datetime.date, end: datetime.date | None, danish: bool) -> str:
    dot = "." if danish else ""
    if end is None or end == start:
        return da_date(start)
    if (start.year, start.month) == (end.year, end.month):
        first = f"{start.day}{dot}"
    elif start.year == end.year:
        first = formats.date_format(start, f"j{dot} F")
    else:
        first = da_date(start)
    return f"{first}–{da_date(end)}"


def _danish() -> bool:
    from django.utils.translation import get_language

    return (get_language() or "da").startswith("da")


def _local(value: datetime.date | datetime.datetime) -> datetime.date | datetime.datetime:
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


@register.inclusion_tag("ui/components/due.html")
def due(day: datetime.date | None, today: datetime.date) -> dict[str, Any]:
    """A deadline: the date, and how far off it is in words."""
    if day is None:
        return {"day": None, "tone": "", "words": ""}
    days = (day - today).days
    if days < 0:
        words = ngettext("%(days)s dag over fristen", "%(days)s dage over fristen", -days) % {
            "days": -days
        }
    elif days == 0:
        words = _("i dag")
    elif days == 1:
        words = _("i morgen")
    else:
        words = _("om %(days)s dage") % {"days": days}
    return {"day": day, "words": words, "tone": "late" if days < 0 else "soon" if days <= 7 else ""}
