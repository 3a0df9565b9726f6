"""A school's offer as the law wants it shown (R42): a page, and the same to stand on the school's site."""

from __future__ import annotations

from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt

from samspil.kernel import clock
from samspil.lending.domain.queries import all_public_loans
from samspil.web.domain import courses, offers
from samspil.web.views.public import address, frame, public_page


@public_page
def schools(request: HttpRequest, language: str) -> HttpResponse:
    """Every school's offer page, and all loans and contracts that run or come."""
    return render(
        request,
        "web/public/offers.html",
        {
            **frame(language, "offers"),
            "schools": [
                (school, address("offer", language, school_key=school.key))
                for school in courses.schools()
            ],
            "loans": all_public_loans(today=clock.today()),
        },
    )


@public_page
def offer(request: HttpRequest, language: str, school_key: str) -> HttpResponse:
    """A school's offer."""
    shown = offers.offer_page(school_key, today=clock.today())
    return render(
        request,
        "web/public/offer.html",
        {
            **frame(language, "offer", school_key=school_key),
            "shown": shown,
            "runs": [
                (run, address("public_course", language, course_number=run.row.course.number))
                for run in shown.runs
            ],
        },
    )


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
@public_page
def embed(request: HttpRequest, language: str, school_key: str) -> HttpResponse:
    """The same in a frame on the school's own site. ``farve``, ``baggrund`` and ``sprog`` as for its
    list of runs."""
    language = "en" if request.GET.get("sprog") == "en" else "da"
    with translation.override(language):
        shown = offers.offer_page(school_key, today=clock.today())
        chosen = {k: request.GET.get(k, "")[:7] for k in ("farve", "baggrund")}
        response = render(
            request,
            "web/public/offer_embed.html",
            {
                "language": language,
                "shown": shown,
                "runs": [
                    (run, address("public_course", language, course_number=run.row.course.number))
                    for run in shown.runs
                ],
                "colours_url": f"{reverse('web:embed_colours')}?{urlencode(chosen)}",
            },
        )
    response.headers["Content-Language"] = language
    return response
