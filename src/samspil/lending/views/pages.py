"""Pages about loans: the list, a loan, and what one does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.kernel import clock
from samspil.kernel.downloads import stored
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.lending import rules
from samspil.lending.domain import loans, queries
from samspil.lending.domain.terms import Terms, earlier
from samspil.lending.interfaces.forms import (
    ContractForm,
    EndForm,
    LoanForm,
    ReasonForm,
    RegisterForm,
)
from samspil.lending.interfaces.shown import grounds_in_words, method_words, next_step
from samspil.lending.models import Loan
from samspil.network.interfaces.signed import basis_words
from samspil.network.models import Organisation
from samspil.ui.pages import entries, form_page


@requires(LOGIN)
@require_GET
def index(request: ActorRequest) -> HttpResponse:
    """The loans the actor sees: negotiated, running, coming, over."""
    today = clock.today()
    return render(
        request,
        "lending/index.html",
        {
            "listed": queries.loans(request.actor, today=today),
            "own": list(queries.own_schools(request.actor)),
            "today": today,
        },
    )


def _on_form(error: Invalid | Conflict | Forbidden, form: forms.Form) -> None:
    name = getattr(error, "field", None) or ""
    name = "other" if name in ("borrower", "lender") else name
    form.add_error(name if name in form.fields else None, error.message)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def propose(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Propose a loan to another school."""
    own = queries.get_own_school(request.actor, organisation_id)
    return _terms_page(
        request,
        _loan_form(request, own),
        own,
        act=lambda terms: loans.propose_loan(
            actor=request.actor, now=clock.now(), by=own, terms=terms
        ),
        said=_("Forslaget er sendt til den anden skole."),
        heading=_("Foreslå et udlån"),
        submit=_("Send forslaget"),
        cancel_url=reverse("lending:index"),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def change(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Propose other terms."""
    found = queries.get_loan(request.actor, loan_id)
    own = _own_party(request, found)
    insist(own is not None and found.status in ("proposed", "signing"))
    assert own is not None
    return _terms_page(
        request,
        _loan_form(request, own, initial=LoanForm.initial_of(found, own)),
        own,
        act=lambda terms: loans.change_loan(
            actor=request.actor,
            now=clock.now(),
            loan=found,
            by=own,
            terms=terms,
            version=whole_number(request.POST.get("version")),
        ),
        said=_("De andre vilkår er sendt til den anden skole."),
        heading=_("Foreslå andre vilkår"),
        submit=_("Send de andre vilkår"),
        cancel_url=reverse("lending:loan", args=[found.pk]),
        version=request.POST.get("version", str(found.version)),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def contract(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Note a contract with a private supplier."""
    own = queries.get_own_school(request.actor, organisation_id)
    return _terms_page(
        request,
        ContractForm(
            request.POST or None,
            request.FILES or None,
            fkbs=queries.approved_fkbs(own, clock.today()),
        ),
        own,
        act=lambda terms: loans.add_contract(
            actor=request.actor, now=clock.now(), by=own, terms=terms
        ),
        said=_("Kontrakten er noteret og står på skolens liste."),
        heading=_("Notér en udlicitering"),
        submit=_("Notér kontrakten"),
        cancel_url=reverse("lending:index"),
    )


def _loan_form(request: ActorRequest, own: Organisation, **values: Any) -> LoanForm:
    today = clock.today()
    return LoanForm(
        request.POST or None,
        request.FILES or None,
        fkbs=queries.all_fkbs(today),
        others=queries.schools(today).exclude(pk=own.pk),
        **values,
    )


def _terms_page(
    request: ActorRequest,
    form: LoanForm | ContractForm,
    own: Organisation,
    *,
    act: Callable[[Terms], Loan],
    said: str,
    **context: Any,
) -> HttpResponse:
    """The form of terms: do ``act`` with what was filled in, or show what is wrong at its field."""
    if request.method == "POST" and form.is_valid():
        try:
            made = act(form.terms_for(own))
        except (Invalid, Conflict, Forbidden) as error:
            _on_form(error, form)
        else:
            messages.success(request, said)
            return redirect("lending:loan", made.pk)
    return render(
        request,
        "lending/form.html",
        {"form": form, "own": own, **context},
        status=400 if form.errors else 200,
    )


def _own_party(request: ActorRequest, found: Loan) -> Organisation | None:
    """The party the actor acts for; the one it has chosen in the header when it acts for both."""
    mine = [party for party in loans.parties(found) if rules.acts_for(request.actor, party)]
    chosen = [party for party in mine if party.pk == request.actor.organisation_id]
    return next(iter(chosen or mine), None)


@requires(LOGIN)
@require_GET
def loan(request: ActorRequest, loan_id: int) -> HttpResponse:
    """A loan: its terms, where it stands, what the actor can do, and its history."""
    found = queries.get_loan(request.actor, loan_id)
    today = clock.today()
    own = _own_party(request, found)
    signatures = queries.signatures_of(found)
    is_signed = found.status == "signed"
    state = found.state_on(today)
    return render(
        request,
        "lending/loan.html",
        {
            "loan": found,
            "own": own,
            "state": state,
            "signatures": [(row, method_words(row), basis_words(row.basis)) for row in signatures],
            "to_sign": queries.place_to_sign(request.actor, found, on=today),
            "grounds": grounds_in_words(found),
            "courses": found.courses.order_by("number", "pk"),
            "follows": earlier(found) if not found.is_contract else None,
            "next_step": next_step(found, own, today=today),
            "may_answer": found.status == "proposed" and rules.may_answer(request.actor, found),
            "may_change": own is not None and found.status in ("proposed", "signing"),
            "may_withdraw": found.status in ("proposed", "signing")
            and rules.may_withdraw(request.actor, found),
            "may_register": is_signed
            and not found.is_contract
            and rules.may_register(request.actor, found),
            "may_end": is_signed and own is not None and state in ("coming", "running"),
            "history": entries(queries.history_of(found)),
        },
    )


@requires(LOGIN)
@require_POST
def accept(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Say yes to the terms."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_answer(request.actor, found))
    try:
        loans.accept_loan(
            actor=request.actor,
            now=clock.now(),
            loan=found,
            version=whole_number(request.POST.get("version")),
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Aftalen er klar. Begge skoler skal underskrive."))
    return redirect("lending:loan", loan_id)


def _ask(
    request: ActorRequest,
    found: Loan,
    form: forms.Form,
    *,
    heading: str,
    submit: str,
    done: str,
    act: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    """A small form about a loan: do ``act`` with what was filled in, or show what is wrong."""
    back = reverse("lending:loan", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        act(data)
        return back

    return form_page(
        request,
        form,
        heading=heading,
        lede=str(found),
        crumbs=[(_("Udlån"), reverse("lending:index")), (found.fkb.number, back)],
        submit=submit,
        cancel_url=back,
        save=save,
        said=done,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def decline(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Say no, with a reason."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_answer(request.actor, found))
    return _ask(
        request,
        found,
        ReasonForm(request.POST or None),
        heading=_("Sig nej til udlånet"),
        submit=_("Sig nej"),
        done=_("Den anden skole har fået besked."),
        act=lambda data: loans.decline_loan(
            actor=request.actor, now=clock.now(), loan=found, reason=data["reason"]
        ),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def withdraw(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Take a proposal back, with a reason."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_withdraw(request.actor, found))
    return _ask(
        request,
        found,
        ReasonForm(request.POST or None),
        heading=_("Træk forslaget tilbage"),
        submit=_("Træk tilbage"),
        done=_("Forslaget er trukket tilbage. Den anden skole har fået besked."),
        act=lambda data: loans.withdraw_loan(
            actor=request.actor, now=clock.now(), loan=found, reason=data["reason"]
        ),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def register(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Note the receipt of the digital registration."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_register(request.actor, found))
    initial = {
        "receipt_number": found.receipt_number,
        "registered_on": found.registered_on or clock.today(),
    }
    return _ask(
        request,
        found,
        RegisterForm(request.POST or None, initial=initial),
        heading=_("Notér registreringen"),
        submit=_("Gem"),
        done=_("Registreringen er noteret."),
        act=lambda data: loans.register_loan(
            actor=request.actor,
            now=clock.now(),
            loan=found,
            receipt_number=data["receipt_number"],
            registered_on=data["registered_on"],
        ),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def end(request: ActorRequest, loan_id: int) -> HttpResponse:
    """End a loan early."""
    found = queries.get_loan(request.actor, loan_id)
    own = _own_party(request, found)
    insist(own is not None)
    assert own is not None
    return _ask(
        request,
        found,
        EndForm(request.POST or None),
        heading=_("Afslut aftalen før tid"),
        submit=_("Afslut aftalen"),
        done=_("Aftalen slutter den dag, du valgte. Den anden skole har fået besked."),
        act=lambda data: loans.end_loan(
            actor=request.actor,
            now=clock.now(),
            loan=found,
            by=own,
            last_on=data["last_on"],
            reason=data["reason"],
        ),
    )


@requires(LOGIN)
@require_GET
def pdf(request: ActorRequest, loan_id: int) -> HttpResponse:
    """The signed loan as PDF."""
    return stored(queries.get_loan(request.actor, loan_id).pdf)


@requires(LOGIN)
@require_GET
def document(request: ActorRequest, loan_id: int) -> HttpResponse:
    """The document that was handed in; a contract's is for the school itself."""
    found = queries.get_loan(request.actor, loan_id)
    insist(not found.is_contract or rules.acts_for(request.actor, found.lender))
    return stored(found.document)
