"""Pages about statements, disputes and the transfers in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.kernel import audit, clock
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.settlement import rules
from samspil.settlement.domain import disputes, ledger, queries, statements
from samspil.settlement.enums import Account, StatementStatus
from samspil.settlement.interfaces import exports, shown
from samspil.settlement.interfaces.forms import ParticipationForm, ReceivedForm, WordsForm, oere
from samspil.settlement.interfaces.pdf import statement_pdf
from samspil.settlement.models import Statement, TransferFact
from samspil.ui.components import Figure
from samspil.ui.pages import entries, form_page


@requires(LOGIN)
@require_GET
def index(request: ActorRequest) -> HttpResponse:
    """Statements per pair of schools and quarter, with their sums."""
    rows = queries.rows(request.actor)
    open_rows = [row for row in rows if row.statement.status != StatementStatus.CLOSED]
    return render(
        request,
        "settlement/index.html",
        {
            "rows": [(row, statements.title_of(row.statement)) for row in rows],
            "figures": [
                Figure(len(rows), _("opgørelser")),
                Figure(
                    sum(row.statement.status == StatementStatus.PENDING for row in rows),
                    _("venter på godkendelse"),
                ),
                Figure(
                    sum(row.statement.status == StatementStatus.DISPUTED for row in rows),
                    _("har en indsigelse"),
                    tone="bad" if any(r.statement.status == "disputed" for r in rows) else "",
                ),
                Figure(
                    sum(row.out + row.into for row in open_rows),
                    _("overførsler i kvartaler, der ikke er afsluttet"),
                ),
            ],
            "only_sums": bool(rows) and not any(row.has_lines for row in rows),
        },
    )


def _can(request: ActorRequest, found: Statement) -> dict[str, Any]:
    approvals = list(found.approvals.select_related("organisation").order_by("at", "pk"))
    done = {row.organisation_id for row in approvals}
    mine = [
        school
        for school in (found.first, found.second)
        if school.pk in rules.sides(request.actor, found)
    ]
    return {
        "approvals": approvals,
        "mine": mine,
        "to_approve": [
            school
            for school in mine
            if school.pk not in done
            and found.status == StatementStatus.PENDING
            and request.actor.has("school_leader", organisation_id=school.pk)
        ],
        "may_dispute": [
            school
            for school in mine
            if school.pk not in done
            and found.status in (StatementStatus.PENDING, StatementStatus.DISPUTED)
        ],
        "may_draw_up": bool(mine)
        and found.status == StatementStatus.OPEN
        and clock.today() > found.ends_on,
    }


@requires(LOGIN)
@require_GET
def statement(request: ActorRequest, statement_id: int) -> HttpResponse:
    """A statement: what is owed, what is only told, every entry, approvals and disputes."""
    found, has_lines = queries.get_statement(request.actor, statement_id)
    content = exports.content(found)
    sums = content["sums"]
    open_disputes = queries.disputes_of(found) if has_lines else []
    return render(
        request,
        "settlement/statement.html",
        {
            "statement": found,
            "title": statements.title_of(found),
            "content": content,
            "has_lines": has_lines,
            "lines": shown.lines(content) if has_lines else [],
            "verdict": shown.verdict(content),
            "told": shown.told(content),
            "figures": [
                Figure(
                    sums["transfers_out"],
                    ngettext(
                        "overførsel fra %(school)s",
                        "overførsler fra %(school)s",
                        sums["transfers_out"],
                    )
                    % {"school": found.first.label},
                ),
                Figure(
                    sums["transfers_in"],
                    ngettext(
                        "overførsel fra %(school)s",
                        "overførsler fra %(school)s",
                        sums["transfers_in"],
                    )
                    % {"school": found.second.label},
                ),
                Figure(shown.kroner(abs(sums["due"])), _("skyldes i alt")),
                Figure(shown.kroner(abs(sums["subsidy"])), _("taxameter følger med, netto")),
            ],
            "disputes": open_disputes,
            "disputed": {d.entry_id for d in open_disputes if d.status != "settled"},
            "history": entries(audit.history(found)) if has_lines else [],
            **_can(request, found),
        },
    )


@requires(LOGIN)
@require_POST
def draw_up(request: ActorRequest, statement_id: int) -> HttpResponse:
    """Make the statement of a quarter that is over, before the worker does."""
    found = queries.get_lines(request.actor, statement_id)
    statements.draw_up_statement(actor=request.actor, now=clock.now(), statement=found)
    messages.success(
        request, _("Opgørelsen er lavet, og begge skolers ledere er bedt om at godkende.")
    )
    return redirect("settlement:statement", found.pk)


@requires(LOGIN)
@require_POST
def approve(request: ActorRequest, statement_id: int) -> HttpResponse:
    """Approve for one's school what the page showed."""
    found = queries.get_lines(request.actor, statement_id)
    try:
        done = statements.approve_statement(
            actor=request.actor,
            now=clock.now(),
            statement=found,
            organisation_id=whole_number(request.POST.get("organisation")),
            sha256=request.POST.get("sha256", ""),
        )
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("Opgørelsen er godkendt af begge skoler og afsluttet.")
            if done.status == StatementStatus.CLOSED
            else _("Du har godkendt. Nu mangler den anden skole."),
        )
    return redirect("settlement:statement", found.pk)


def _download(content: bytes, found: Statement, kind: str, content_type: str) -> HttpResponse:
    name = f"afregning-{found.year}-{found.quarter}-{found.pk}.{kind}"
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@requires(LOGIN)
@require_GET
def pdf(request: ActorRequest, statement_id: int) -> HttpResponse | FileResponse:
    """The statement on paper: the kept file when it is closed."""
    found = queries.get_lines(request.actor, statement_id)
    if found.pdf is not None:
        return _download(found.pdf.read(), found, "pdf", "application/pdf")
    if found.drawn_up_at is None:
        raise NotFound(_("Opgørelsen laves, når kvartalet er slut."))
    return _download(statement_pdf(found), found, "pdf", "application/pdf")


@requires(LOGIN)
@require_GET
def xlsx(request: ActorRequest, statement_id: int) -> HttpResponse:
    """The postings as a workbook."""
    found = queries.get_lines(request.actor, statement_id)
    return _download(
        exports.statement_xlsx(found),
        found,
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


@requires(LOGIN)
@require_GET
def csv_file(request: ActorRequest, statement_id: int) -> HttpResponse:
    """The postings for a finance system."""
    found = queries.get_lines(request.actor, statement_id)
    return _download(exports.statement_csv(found), found, "csv", "text/csv; charset=utf-8")


# ---------------------------------------------------------------- disputes


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def raise_dispute(request: ActorRequest, statement_id: int, entry_id: int) -> HttpResponse:
    """Say what is wrong with a line."""
    found = queries.get_lines(request.actor, statement_id)
    mine = rules.sides(request.actor, found)
    insist(bool(mine))
    if not found.entries.filter(pk=entry_id).exists():
        raise NotFound(_("Bilaget står ikke i opgørelsen."))
    form = WordsForm(request.POST or None, initial={"organisation": mine[0]})
    back = reverse("settlement:statement", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        made = disputes.raise_dispute(
            actor=request.actor,
            now=clock.now(),
            statement=found,
            organisation_id=data["organisation"],
            entry_id=entry_id,
            text=data["text"],
        )
        return reverse("settlement:dispute", args=[made.pk])

    return form_page(
        request,
        form,
        heading=_("Indsigelse mod bilag %(entry)s") % {"entry": entry_id},
        crumbs=[
            (_("Afregning"), reverse("settlement:index")),
            (statements.title_of(found), back),
        ],
        submit=_("Send indsigelsen"),
        cancel_url=back,
        save=save,
        said=_("Indsigelsen er sendt til den anden skole."),
        lede=_("Opgørelsen kan ikke godkendes, før indsigelsen er afsluttet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def dispute(request: ActorRequest, dispute_id: int) -> HttpResponse:
    """A dispute with its trail, and the answer of whoever's turn it is."""
    found = queries.get_dispute(request.actor, dispute_id)
    sides = rules.sides(request.actor, found.statement)
    turn = (
        found.statement.other(found.organisation_id)
        if found.status == "open"
        else found.organisation_id
    )
    is_my_turn = turn in sides and found.status != "settled"
    form = WordsForm(request.POST or None, initial={"organisation": turn}, label=_("Jeres svar"))
    if request.method == "POST":
        insist(bool(sides))
        if form.is_valid():
            try:
                disputes.answer_dispute(
                    actor=request.actor,
                    now=clock.now(),
                    dispute=found,
                    organisation_id=form.cleaned_data["organisation"],
                    text=form.cleaned_data["text"],
                )
            except Conflict as error:
                messages.error(request, error.message)
            else:
                messages.success(request, _("Svaret er sendt til den anden skole."))
            return redirect("settlement:dispute", found.pk)
    return render(
        request,
        "settlement/dispute.html",
        {
            "dispute": found,
            "statement": found.statement,
            "title": statements.title_of(found.statement),
            "said": list(found.messages.select_related("organisation").order_by("at", "pk")),
            "form": form,
            "is_my_turn": is_my_turn,
            "may_settle": found.organisation_id in sides and found.status != "settled",
            "transfer_id": found.entry.transfer_id,
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def settle(request: ActorRequest, dispute_id: int) -> HttpResponse:
    """The school that raised it is content."""
    found = queries.get_dispute(request.actor, dispute_id)
    disputes.settle_dispute(
        actor=request.actor,
        now=clock.now(),
        dispute=found,
        organisation_id=found.organisation_id,
    )
    messages.success(request, _("Indsigelsen er afsluttet."))
    return redirect("settlement:statement", found.statement_id)


# ---------------------------------------------------------------- transfers


@requires(LOGIN)
@require_GET
def transfer(request: ActorRequest, fact_id: int) -> HttpResponse:
    """A transfer in the books: its entries, and what its accounts stand at."""
    found = queries.get_transfer(request.actor, fact_id)
    view = queries.transfer_view(found)
    return render(
        request,
        "settlement/transfer.html",
        {
            "transfer": found,
            "view": view,
            "pairs": [
                (_("Deltagere"), view.now.heads),
                (_("Dage pr. deltager"), shown.tenths(view.now.days_tenths)),
                (
                    _("Taxameter, til orientering"),
                    _("%(amount)s udbetales af staten til den afholdende skole")
                    % {"amount": shown.kroner(view.balances[Account.SUBSIDY])},
                ),
                (
                    _("Deltagerbetaling, der skyldes"),
                    shown.kroner(view.balances[Account.FEE_DUE]),
                ),
                (
                    _("Taxameter, der skyldes"),
                    shown.kroner(view.balances[Account.SUBSIDY_DUE]),
                ),
                (_("Reference"), found.reference),
            ],
            "entries": [
                (entry, statements.title_of(entry.statement), entry.postings.all())
                for entry in view.entries
            ],
            "may_state_received": rules.may_state_received(request.actor, found)
            and not view.is_undone,
            "may_state_participation": rules.may_state_participation(request.actor, found)
            and not view.is_undone,
        },
    )


def _transfer_form(
    request: ActorRequest,
    found: TransferFact,
    form: Any,
    *,
    heading: str,
    lede: str,
    save: Any,
) -> HttpResponse:
    back = reverse("settlement:transfer", args=[found.pk])

    def and_back(data: dict[str, Any]) -> str:
        save(data)
        return back

    return form_page(
        request,
        form,
        heading=heading,
        crumbs=[
            (_("Afregning"), reverse("settlement:index")),
            (_("Overførsel på %(course)s") % {"course": found.course.number}, back),
        ],
        submit=_("Før i regnskabet"),
        cancel_url=back,
        save=and_back,
        said=_("Det er ført. Er kvartalet gjort op, står det i et senere kvartal."),
        lede=lede,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def received(request: ActorRequest, fact_id: int) -> HttpResponse:
    """State what the origin has got for the people."""
    found = queries.get_transfer(request.actor, fact_id)
    insist(rules.may_state_received(request.actor, found))
    view = queries.transfer_view(found)
    form = ReceivedForm(
        request.POST or None,
        initial={
            "fee": Decimal(view.balances[Account.FEE_DUE]) / 100,
            "subsidy": Decimal(view.balances[Account.SUBSIDY_DUE]) / 100,
            "seen_entry": view.now.pk,
        },
    )
    hint = (
        _("Efter taksterne er deltagerbetalingen %(amount)s")
        % {"amount": shown.kroner(view.expected_fee)}
        if view.expected_fee is not None
        else ""
    )

    def save(data: dict[str, Any]) -> None:
        ledger.state_received(
            actor=request.actor,
            now=clock.now(),
            transfer=found,
            fee_oere=oere(data["fee"]),
            subsidy_oere=oere(data["subsidy"]),
            reason=data["reason"],
            seen_entry=data["seen_entry"],
        )

    return _transfer_form(
        request,
        found,
        form,
        heading=_("Hvad har jeres skole modtaget?"),
        lede=_("Penge, I har fået for kursister, der er overført, tilhører %(holder)s.")
        % {"holder": found.holder.name}
        + (f" {hint}" if hint else ""),
        save=save,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def participation(request: ActorRequest, fact_id: int) -> HttpResponse:
    """State how many took part and for how long."""
    found = queries.get_transfer(request.actor, fact_id)
    insist(rules.may_state_participation(request.actor, found))
    now = queries.transfer_view(found).now
    form = ParticipationForm(
        request.POST or None,
        initial={
            "heads": now.heads,
            "days": Decimal(now.days_tenths) / 10,
            "seen_entry": now.pk,
        },
    )

    def save(data: dict[str, Any]) -> None:
        ledger.state_participation(
            actor=request.actor,
            now=clock.now(),
            transfer=found,
            heads=data["heads"],
            days_tenths=int(data["days"] * 10),
            reason=data["reason"],
            seen_entry=data["seen_entry"],
        )

    return _transfer_form(
        request,
        found,
        form,
        heading=_("Hvem deltog, og hvor længe?"),
        lede=_("Taxameteret til orientering bliver regnet om."),
        save=save,
    )
