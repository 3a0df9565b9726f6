"""Signing up from the public site: a form, and a page that says to look in one's mail."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from samspil.enrolment.domain import sign_ups
from samspil.enrolment.interfaces import limits
from samspil.enrolment.interfaces.forms import SignUpForm
from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.kernel.http import PUBLIC, ActorRequest, requires
from samspil.runs.models import CourseRun


def _address(name: str, language: str, run: CourseRun) -> str:
    return reverse(f"enrolment:{'en_' if language == 'en' else ''}{name}", args=[run.pk])


def frame(run: CourseRun, language: str) -> dict[str, Any]:
    """What the frame of a public page needs."""
    other = "da" if language == "en" else "en"
    return {
        "language": language,
        "other_language": other,
        "other_name": {"da": "Dansk", "en": "English"}[other],
        "other_url": _address("sign_up", other, run),
        "other_post": "",
        "run": run,
        "course": run.course,
        "held": sign_ups.held_run(run),
    }


@requires(PUBLIC)
@require_http_methods(["GET", "POST"])
def sign_up(request: ActorRequest, run_id: int, language: str = "da") -> HttpResponse:
    """Sign up for a run: who, how many, and where to write. What was written stays when it is wrong."""
    with translation.override(language):
        run = sign_ups.get_open_run(run_id, brief=request.method == "POST")
        form = SignUpForm(request.POST or None)
        status = 200
        if request.method == "POST":
            if form.is_trap_sprung:
                return redirect(_address("sign_up_sent", language, run))
            if limits.is_too_often(request):
                form.add_error(
                    None,
                    _(
                        "Der kommer mange tilmeldinger herfra lige nu. Vent ti minutter, eller ring til skolen."
                    ),
                )
                status = 429
            elif form.is_valid():
                try:
                    sign_ups.sign_up(
                        actor=request.actor, now=clock.now(), run=run, order=form.order()
                    )
                except Invalid as error:
                    form.add_error(error.field, error.message)
                else:
                    return redirect(_address("sign_up_sent", language, run))
            status = status if status != 200 else 400
            run = sign_ups.get_open_run(run_id)
        target = sign_ups.held_run(run)
        response = render(
            request,
            "enrolment/sign_up.html",
            {
                **frame(run, language),
                "form": form,
                "closed": sign_ups.why_closed(target, today=clock.today()),
            },
            status=status,
        )
        response.headers["Content-Language"] = language
        return response


@requires(PUBLIC)
@require_safe
def sign_up_sent(request: HttpRequest, run_id: int, language: str = "da") -> HttpResponse:
    """Look in your mail. The same page whatever happened, so that it tells nobody who is signed up."""
    with translation.override(language):
        run = sign_ups.get_open_run(run_id)
        hours = sign_ups.hours_to_confirm(run)
        response = render(request, "enrolment/sent.html", {**frame(run, language), "hours": hours})
        response.headers["Content-Language"] = language
        return response
