"""The personal page of a sign-up, reached by its link alone.

Nothing on these pages leads away from the site, and the referrer stays on it (``same-origin``), so
the link does not leak.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from samspil.enrolment.domain import (
    after,
    fees,
    moves_elsewhere,
    offers,
    people,
    queries,
    sign_ups,
    terms,
    tokens,
)
from samspil.enrolment.enums import LIVE, SEATED, EducationLevel, HowMany, SignUpStatus
from samspil.enrolment.interfaces import shown
from samspil.enrolment.interfaces.forms import (
    ContactForm,
    DetailsForm,
    EvaluationForm,
    FlexibilityForm,
    HowManyForm,
    MoreForm,
    PeopleForm,
    WithdrawForm,
)
from samspil.enrolment.models import SignUp
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.http import PUBLIC, ActorRequest, requires, whole_number

View = Callable[..., HttpResponseBase]


def _personal(view: View) -> View:
    """Find the sign-up by its link, and speak its language. What is wrong stands on the page itself."""

    @functools.wraps(view)
    def run(request: ActorRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        try:
            actor, found = tokens.find(token)
        except NotFound as error:
            return render(
                request,
                "enrolment/link_is_over.html",
                {"message": error.message, **_frame("", "da")},
                status=404,
            )
        with translation.override(found.language):
            try:
                response = view(request, token, actor, found, **kwargs)
            except (Conflict, Invalid, Forbidden) as error:
                messages.error(request, error.message)
                response = redirect("enrolment:mine", token)
            response.headers["Content-Language"] = found.language
            return response

    return requires(PUBLIC)(run)


def _frame(token: str, language: str) -> dict[str, Any]:
    other = "da" if language == "en" else "en"
    return {
        "language": language,
        "other_language": other,
        "other_name": {"da": "Dansk", "en": "English"}[other],
        "other_url": "",
        "other_post": reverse("enrolment:mine_language", args=[token]) if token else "",
        "token": token,
    }


def _page(
    request: ActorRequest,
    token: str,
    sign_up: SignUp,
    *,
    names: PeopleForm | None = None,
    more: MoreForm | None = None,
    flexible: FlexibilityForm | None = None,
    contact: ContactForm | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = queries.people_of(sign_up)
    live = [row for row in rows if row.status in LIVE]
    over = [row for row in rows if row.status not in LIVE]
    places = queries.places(live)
    today = clock.today()
    names = names or PeopleForm(people=live)
    flexibility = sign_ups.flexibility_of(sign_up)
    seats = [row for row in live if row.status in SEATED]
    return render(
        request,
        "enrolment/mine.html",
        {
            **_frame(token, sign_up.language),
            "sign_up": sign_up,
            "run": sign_up.run,
            "course": sign_up.run.course,
            "is_pending": sign_up.status == SignUpStatus.PENDING and bool(live),
            "is_open": bool(live),
            "lines": [
                (line, names.row(line.enrolment))
                for line in shown.lines(live, places, people.missing_of(sign_up, live))
            ],
            "over": shown.lines(over, {}, {}),
            "seats": len(seats),
            "waiting": len(places),
            "names": names,
            "more": more or MoreForm(),
            "flexible": flexible
            or FlexibilityForm(
                initial={
                    "km": flexibility.km,
                    "days_before": flexibility.days_before,
                    "days_after": flexibility.days_after,
                    "online": flexibility.online,
                    "any_school": flexibility.any_school,
                    "postcode": sign_up.postcode,
                }
                if flexibility
                else {"postcode": sign_up.postcode}
            ),
            "has_flexibility": flexibility is not None,
            "contact": contact
            or ContactForm(
                initial={
                    "name": sign_up.contact_name,
                    "phone": sign_up.contact_phone,
                    "note": sign_up.note,
                }
            ),
            "how_many": HowManyForm(initial={"how_many": sign_up.how_many})
            if len(live) > 1
            else None,
            "offers": queries.pending_offers(sign_up),
            "free_until": fees.free_until(sign_up.run.starts_on),
            "has_begun": sign_up.run.starts_on <= today,
            "to_evaluate": after.to_evaluate(sign_up, today=today),
        },
        status=status,
    )


@_personal
@require_safe
def mine(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """What was ordered, where everybody stands and why, and what can be done about it."""
    del actor
    if sign_up.is_elsewhere:
        # only a question so far: the place itself stands in the school's own system
        asked = moves_elsewhere.last_line(sign_up)
        if asked is not None and asked.offer_id is not None:
            return redirect("enrolment:mine_move", token, asked.offer_id)
    return _page(request, token, sign_up)


@_personal
@require_POST
def confirm(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Confirm the sign-up: the link has shown that the address is right."""
    sign_ups.confirm(actor=actor, now=clock.now(), sign_up=sign_up)
    messages.success(request, _("Tilmeldingen er bekræftet. Kvitteringen er på vej med mail."))
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def language(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Read the page, and get mails, in the other language."""
    wanted = request.POST.get("sprog", "")
    sign_ups.set_language(
        actor=actor, now=clock.now(), sign_up=sign_up, language="en" if wanted == "en" else "da"
    )
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def names(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Write who comes."""
    live = [row for row in queries.people_of(sign_up) if row.status in LIVE]
    form = PeopleForm(request.POST, people=live)
    if not form.is_valid():
        return _page(request, token, sign_up, names=form, status=400)
    changed = sign_ups.name_people(
        actor=actor, now=clock.now(), sign_up=sign_up, people=form.named()
    )
    if changed:
        messages.success(request, _("Navnene er gemt."))
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def more(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Order more seats."""
    form = MoreForm(request.POST)
    if form.is_valid():
        try:
            sign_ups.add_people(
                actor=actor, now=clock.now(), sign_up=sign_up, more=form.cleaned_data["more"]
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Pladserne er lagt til. Skriv navne på, når I kender dem."))
            return redirect("enrolment:mine", token)
    return _page(request, token, sign_up, more=form, status=400)


@_personal
@require_POST
def how_many(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Say whether the group only comes together."""
    wanted = request.POST.get("how_many", "")
    if wanted in HowMany.values:
        sign_ups.set_how_many(actor=actor, now=clock.now(), sign_up=sign_up, how_many=wanted)
        messages.success(request, _("Det er gemt."))
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def flexibility(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Say what else would do."""
    form = FlexibilityForm(request.POST)
    if not form.is_valid():
        return _page(request, token, sign_up, flexible=form, status=400)
    sign_ups.set_flexibility(actor=actor, now=clock.now(), sign_up=sign_up, wish=form.wish())
    messages.success(
        request, _("Tak. Vi spørger dig altid, før du bliver flyttet til et andet hold.")
    )
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def contact(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Correct who is written to."""
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _page(request, token, sign_up, contact=form, status=400)
    sign_ups.set_contact(actor=actor, now=clock.now(), sign_up=sign_up, **form.cleaned_data)
    messages.success(request, _("Det er gemt."))
    return redirect("enrolment:mine", token)


@_personal
@require_POST
def answer(
    request: ActorRequest, token: str, actor: Actor, sign_up: SignUp, offer_id: int
) -> HttpResponse:
    """Say yes or no to a seat."""
    offer = offers.get_offer(sign_up, offer_id)
    verb = "accept" if request.POST.get("svar") == "ja" else "decline"
    offers.answer_offer(actor=actor, now=clock.now(), offer=offer, verb=verb)
    messages.success(
        request,
        _("Tak. Pladsen er din.") if verb == "accept" else _("Tak for svaret. Pladsen går videre."),
    )
    return redirect("enrolment:mine", token)


@_personal
@require_http_methods(["GET", "POST"])
def withdraw(request: ActorRequest, token: str, actor: Actor, sign_up: SignUp) -> HttpResponse:
    """Choose who is taken off; the fee of each is shown first, and is what counts."""
    rows = [row for row in queries.people_of(sign_up) if row.status in LIVE]
    if not rows:
        return redirect("enrolment:mine", token)
    today = clock.today()
    cost = sign_ups.cost_of(sign_up, [row.pk for row in rows], on=today)
    labels = [
        (line.enrolment.pk, f"{line.label}. {shown.fee_words(cost.fees[line.enrolment.pk])}")
        for line in shown.lines(rows, {}, {})
    ]
    form = WithdrawForm(request.POST or None, people=labels)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["people"]
        try:
            sign_ups.withdraw(
                actor=actor,
                now=clock.now(),
                sign_up=sign_up,
                people=chosen,
                seen_ore=sum(whole_number(request.POST.get(f"seen-{pk}")) for pk in chosen),
            )
        except (Invalid, Conflict) as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                ngettext("%(n)s person er frameldt.", "%(n)s personer er frameldt.", len(chosen))
                % {"n": len(chosen)},
            )
            return redirect("enrolment:mine", token)
    return render(
        request,
        "enrolment/withdraw.html",
        {
            **_frame(token, sign_up.language),
            "sign_up": sign_up,
            "run": sign_up.run,
            "course": sign_up.run.course,
            "form": form,
            "cost": cost,
            "total": shown.kroner(cost.ore) if cost.ore else "",
            "free_until": fees.free_until(sign_up.run.starts_on),
        },
        status=400 if form.errors else 200,
    )


@_personal
@require_http_methods(["GET", "POST"])
def details(
    request: ActorRequest, token: str, actor: Actor, sign_up: SignUp, enrolment_id: int
) -> HttpResponse:
    """What the run's school must know of one person."""
    row = queries.person_of(sign_up, enrolment_id)
    needs = terms.needs_of(row.run, sign_up.orderer)
    if row.learner is None or not needs or row.status not in LIVE:
        return redirect("enrolment:mine", token)
    form = DetailsForm(
        request.POST or None,
        needs=needs,
        has_cpr=queries.has_cpr(row),
        initial=DetailsForm.initial_of(row.learner),
    )
    if request.method == "POST" and form.is_valid():
        people.give_details(
            actor=actor,
            now=clock.now(),
            sign_up=sign_up,
            enrolment=row,
            details=form.details(),
        )
        messages.success(request, _("Oplysningerne er gemt."))
        return redirect("enrolment:mine", token)
    return render(
        request,
        "enrolment/details.html",
        {
            **_frame(token, sign_up.language),
            "sign_up": sign_up,
            "row": row,
            "run": row.run,
            "form": form,
            "levels": EducationLevel,
        },
        status=400 if form.errors else 200,
    )


@_personal
@require_http_methods(["GET", "POST"])
def evaluate(
    request: ActorRequest, token: str, actor: Actor, sign_up: SignUp, enrolment_id: int
) -> HttpResponse:
    """Say how the course was, without a name."""
    row = queries.person_of(sign_up, enrolment_id)
    if row.pk not in {one.pk for one in after.to_evaluate(sign_up, today=clock.today())}:
        return redirect("enrolment:mine", token)
    form = EvaluationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        after.evaluate(
            actor=actor, now=clock.now(), sign_up=sign_up, enrolment=row, **form.cleaned_data
        )
        messages.success(request, _("Tak for dit svar."))
        return redirect("enrolment:mine", token)
    return render(
        request,
        "enrolment/evaluate.html",
        {
            **_frame(token, sign_up.language),
            "sign_up": sign_up,
            "run": row.run,
            "form": form,
        },
        status=400 if form.errors else 200,
    )


__all__: list[str] = [
    "answer",
    "confirm",
    "contact",
    "details",
    "evaluate",
    "flexibility",
    "how_many",
    "language",
    "mine",
    "more",
    "names",
    "withdraw",
]
