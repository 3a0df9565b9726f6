"""The public site: courses that are coordinated, their runs, and a school's list on its own site.

The address alone decides what is shown, the language too: no page reads or sets a cookie, so that
browsers and proxies may keep it. It is asked for anew by its stamp (``kernel.kept``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import condition, require_safe

from samspil.kernel import clock, kept
from samspil.kernel.errors import NotFound
from samspil.kernel.http import PUBLIC, requires
from samspil.runs.interfaces import calendar_file, schema_org
from samspil.web.domain import courses as domain
from samspil.web.interfaces import colours, course_map, public_forms, rows
from samspil.web.interfaces import shown as words

KEPT = "public, max-age=60"
MARKED_UP = 10
"""Runs that a course's page tells search engines of; its JSON-LD file has all."""
_CORE_STYLES = ("ui/samspil.css", "web/public.css", "web/embed.css", "web/embed.js")


def address(name: str, language: str, **kwargs: Any) -> str:
    """The address of a public page in a language."""
    return reverse(f"web:{'' if language == 'da' else 'en_'}{name}", kwargs=kwargs)


def _stamp(request: HttpRequest, *_args: Any, **_kwargs: Any) -> str:
    return f'"{kept.stamp(parts=[request.get_full_path(), *map(static, _CORE_STYLES)])}"'


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """A page for everybody: in the language of its address, kept for a minute, asked for anew by
    its stamp; what does not exist is said in the same frame."""

    @functools.wraps(view)
    def run(request: HttpRequest, *args: Any, language: str = "da", **kwargs: Any) -> HttpResponse:
        with translation.override(language):
            try:
                response = view(request, *args, language=language, **kwargs)
            except NotFound as error:
                response = render(
                    request,
                    "web/public/missing.html",
                    {"message": error.message, **frame(language, "public_courses")},
                    status=404,
                )
            response.headers.setdefault("Content-Language", language)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", KEPT)
            kept.keep(response)
        return response

    return requires(PUBLIC)(require_safe(condition(etag_func=_stamp)(run)))


def frame(language: str, name: str, **kwargs: Any) -> dict[str, Any]:
    """What the frame of a public page needs: the same page in the other language, and the search."""
    other = "en" if language == "da" else "da"
    return {
        "language": language,
        "search_url": address("public_courses", language),
        "other_url": address(name, other, **kwargs),
        "other_language": other,
        "other_name": {"da": "Dansk", "en": "English"}[other],
        "embed_url": address("embed_guide", language),
        "offers_url": address("offers", language),
        "accessibility_url": address("public_accessibility", language),
    }


@public_page
def courses(request: HttpRequest, language: str) -> HttpResponse:
    """Courses in use, looked for by words, number, FKB, place, date, guarantee and free seats."""
    today = clock.today()
    wanted = public_forms.wish(request.GET)
    result = domain.find_courses(wanted, today=today, page=request.GET.get("side", 1))
    if wanted.text and not result.lines:
        number = domain.course_of(wanted.text, today=today)
        if number:
            return redirect(address("public_course", language, course_number=number))
    around = frame(language, "public_courses")
    if request.GET:
        around["other_url"] += f"?{request.GET.urlencode()}"
    others = {k: v for k, v in request.GET.items() if k not in ("q", "side")}
    # One look-up of an address instead of twenty.
    any_course = address("public_course", language, course_number="00000")
    return render(
        request,
        "web/public/courses.html",
        {
            **around,
            "wanted": wanted,
            "is_narrowed": bool(wanted.text or wanted.fkb or not wanted.run.is_empty),
            "result": result,
            "lines": rows.course_rows(
                (line, any_course.replace("00000", line.course.number)) for line in result.lines
            ),
            "meant_url": f"?{urlencode({**others, 'q': result.meant})}" if result.meant else "",
            "fkbs": kept.remembered(
                ("web.fkb_options", language, wanted.fkb),
                lambda: public_forms.fkb_options(domain.fkbs(today=today), wanted.fkb),
            ),
            "places": kept.remembered(
                ("web.place_options", language, wanted.run.place),
                lambda: public_forms.place_options(
                    domain.municipalities(today=today), wanted.run.place
                ),
            ),
        },
    )


@public_page
def course(request: HttpRequest, language: str, course_number: str) -> HttpResponse:
    """A course: its runs as a map and a list, and which schools have agreed to offer it."""
    shown = domain.get_course(course_number, today=clock.today())
    # Every run's file lies beside the first's: one look-up of the address instead of a hundred.
    any_file = address("public_run_calendar", language, course_number=course_number, run_id=0)
    run_files = any_file.removesuffix("0.ics")
    page = f"{settings.BASE_URL}{address('public_course', 'da', course_number=course_number)}"
    return render(
        request,
        "web/public/course.html",
        {
            **frame(language, "public_course", course_number=course_number),
            "shown": shown,
            "course": shown.course,
            "map": course_map.draw(shown),
            # data_block lets no end of the element in
            "data": mark_safe(
                schema_org.data_block(
                    schema_org.course(shown.course, shown.runs[:MARKED_UP], page=page)
                )
            ),
            "data_url": f"/api/v1/files/courses/{course_number}.jsonld",
            "calendar_url": address("public_calendar", language, course_number=course_number),
            "runs": rows.run_rows(
                words.shown(run, f"{run_files}{run.row.pk}.ics") for run in shown.runs
            ),
        },
    )


@public_page
def calendar(
    request: HttpRequest, language: str, course_number: str, run_id: int | None = None
) -> HttpResponse:
    """A course's runs, or one of them, as a calendar file."""
    today = clock.today()
    if run_id is None:
        runs = domain.get_course(course_number, today=today).runs
    else:
        runs = (domain.get_run(course_number, run_id, today=today),)
    page = f"{settings.BASE_URL}{address('public_course', language, course_number=course_number)}"
    title = domain.get_course(course_number, today=today).course.title
    text = calendar_file.calendar(
        [(run, title, page) for run in runs], host=settings.BASE_URL.split("//")[-1]
    )
    name = course_number if run_id is None else f"{course_number}-{run_id}"
    return HttpResponse(
        text,
        content_type=calendar_file.CONTENT_TYPE,
        headers={"Content-Disposition": f'attachment; filename="samspil-{name}.ics"'},
    )


@public_page
def accessibility(request: HttpRequest, language: str) -> HttpResponse:
    """The accessibility statement in the frame and the language of the public site."""
    return render(request, "web/public/accessibility.html", frame(language, "public_accessibility"))


# ---------------------------------------------------------------- a school's list on its own site


@public_page
def embed_guide(request: HttpRequest, language: str) -> HttpResponse:
    """How a school puts its list on its own site: the line to copy, and how it will look."""
    schools = domain.schools()
    key = request.GET.get("skole", "")
    chosen = next((school for school in schools if school.key == key), None)
    accent = colours.as_hex(request.GET.get("farve", ""))
    english = request.GET.get("sprog") == "en"
    path = reverse("web:embed_script", kwargs={"school_key": chosen.key}) if chosen else ""
    offer = request.GET.get("vis") == "udbud"
    more = (' data-vis="udbud"' if offer else "") + (' data-sprog="en"' if english else "")
    return render(
        request,
        "web/public/embed_guide.html",
        {
            **frame(language, "embed_guide"),
            "schools": schools,
            "chosen": chosen,
            "accent": accent,
            "english": english,
            "offer": offer,
            "script_path": path,
            "snippet": f'<script src="{settings.BASE_URL}{path}" data-farve="{accent}"{more} async></script>',
            "base_url": settings.BASE_URL,
        },
    )


@public_page
def embed_script(request: HttpRequest, language: str, school_key: str) -> HttpResponse:
    """The script that a school's site loads: it puts the school's list in a frame of its place."""
    domain.get_school(school_key)
    path = finders.find("web/embed-host.js")
    with open(str(path), encoding="utf-8") as file:
        return HttpResponse(file.read(), content_type="text/javascript; charset=utf-8")


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@public_page
def embed(request: HttpRequest, language: str, school_key: str) -> HttpResponse:
    """A school's next runs, to stand in a frame on any site. ``farve`` and ``baggrund`` are its
    colours, ``sprog=en`` makes it English."""
    language = "en" if request.GET.get("sprog") == "en" else "da"
    with translation.override(language):
        school = domain.get_school(school_key)
        chosen = {k: request.GET.get(k, "")[:7] for k in ("farve", "baggrund")}
        response = render(
            request,
            "web/public/embed.html",
            {
                "language": language,
                "school": school,
                "runs": [
                    (
                        run,
                        address("public_course", language, course_number=run.row.course.number),
                    )
                    for run in domain.runs_of_school(school, today=clock.today())
                ],
                "search_url": address("public_courses", language),
                "colours_url": f"{reverse('web:embed_colours')}?{urlencode(chosen)}",
            },
        )
    response.headers["Content-Language"] = language
    return response


@public_page
def embed_colours(request: HttpRequest, language: str) -> HttpResponse:
    """The colours of a school's list as a style sheet, each kept readable."""
    return HttpResponse(
        colours.stylesheet(request.GET.get("farve", ""), request.GET.get("baggrund", "")),
        content_type="text/css; charset=utf-8",
    )
