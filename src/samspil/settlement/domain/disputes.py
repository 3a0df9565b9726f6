"""Disputes about a line of a statement: raised, answered, settled, with what was said kept."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.transitions import transition
from samspil.network.models import Organisation
from samspil.settlement import notifications, rules
from samspil.settlement.domain import statements
from samspil.settlement.enums import (
    DISPUTE_TRANSITIONS,
    STATEMENT_TRANSITIONS,
    DisputeStatus,
    StatementStatus,
)
from samspil.settlement.models import Dispute, DisputeMessage, Statement

LONGEST = 2000


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(_("Skriv, hvad der er galt, så den anden skole kan svare."), field="text")
    if len(text) > LONGEST:
        raise Invalid(_("Skriv højst %(most)s tegn.") % {"most": LONGEST}, field="text")
    return text


def _side(actor: Actor, statement: Statement, organisation_id: int) -> Organisation:
    """The school that is spoken for, when the actor is its staff."""
    if organisation_id not in rules.sides(actor, statement):
        raise Forbidden(_("Du kan kun skrive for din egen skole."))
    return statement.first if organisation_id == statement.first_id else statement.second


def _say(dispute: Dispute, school: Organisation, text: str, *, actor: Actor, now: datetime) -> None:
    DisputeMessage.objects.create(
        dispute=dispute,
        organisation=school,
        person_name=actor.label.split(" <")[0][:120],
        text=text,
        at=now,
    )
    statement = dispute.statement
    other = statement.second if school.pk == statement.first_id else statement.first
    statements.tell(notifications.DisputeNews, statement, other, now=now, leaders=False, text=text)


@action("settlement.raise_dispute", permission=rules.may_dispute, on="statement")
def raise_dispute(
    *,
    actor: Actor,
    now: datetime,
    statement: Statement,
    organisation_id: int,
    entry_id: int,
    text: str,
) -> Dispute:
    """Say for a school what is wrong with a line. The statement can't be approved until it is settled.

    Raises ``Conflict`` when the statement isn't up for approval, the school has approved it, or the line has
    a dispute already; ``Invalid`` without words.
    """
    text = _checked(text)
    statement = statements.locked(statement.pk)
    school = _side(actor, statement, organisation_id)
    if statement.status not in (StatementStatus.PENDING, StatementStatus.DISPUTED):
        raise Conflict(
            _(
                "Der kan gøres indsigelse, når opgørelsen er lavet, og indtil begge har godkendt den."
            )
        )
    if statement.approvals.filter(organisation=school).exists():
        raise Conflict(
            _("Skolen har godkendt opgørelsen. Er noget forkert, rettes det i et senere kvartal.")
        )
    entry = statement.entries.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(_("Bilaget står ikke i opgørelsen."))
    if statement.disputes.filter(entry=entry).exclude(status=DisputeStatus.SETTLED).exists():
        raise Conflict(_("Der er allerede en indsigelse om bilaget."))
    dispute = Dispute.objects.create(statement=statement, entry=entry, organisation=school)
    _say(dispute, school, text, actor=actor, now=now)
    transition(
        statement, "dispute", table=STATEMENT_TRANSITIONS, actor=actor, now=now, reason=text[:200]
    )
    record(
        statement,
        after={"dispute": dispute.pk, "entry": entry.pk},
        summary=_("%(school)s gør indsigelse mod bilag %(entry)s")
        % {"school": school.label, "entry": entry.pk},
        network_id=statement.network_id,
        organisation_id=school.pk,
    )
    return dispute


def _locked(dispute: Dispute) -> Dispute:
    statement = statements.locked(dispute.statement_id)
    found = lock_row(Dispute.objects.select_related("organisation"), dispute.pk)
    found.statement = statement
    return found


@action("settlement.answer_dispute", permission=rules.may_speak_in, on="dispute")
def answer_dispute(
    *, actor: Actor, now: datetime, dispute: Dispute, organisation_id: int, text: str
) -> None:
    """Answer for a school: the one that raised it says more, or the other one answers.

    Raises ``Conflict`` when it is settled or it is the other school's turn.
    """
    text = _checked(text)
    dispute = _locked(dispute)
    school = _side(actor, dispute.statement, organisation_id)
    is_own = school.pk == dispute.organisation_id
    expected = DisputeStatus.ANSWERED if is_own else DisputeStatus.OPEN
    if dispute.status != expected:
        raise Conflict(_("Det er den anden skoles tur til at svare, eller sagen er afsluttet."))
    transition(
        dispute,
        "reopen" if is_own else "answer",
        table=DISPUTE_TRANSITIONS,
        actor=actor,
        now=now,
    )
    _say(dispute, school, text, actor=actor, now=now)
    record(
        dispute.statement,
        after={"dispute": dispute.pk, "status": dispute.status},
        summary=_("%(school)s har svaret på indsigelsen om bilag %(entry)s")
        % {"school": school.label, "entry": dispute.entry_id},
        network_id=dispute.statement.network_id,
        organisation_id=school.pk,
    )


@action("settlement.settle_dispute", permission=rules.may_speak_in, on="dispute")
def settle_dispute(*, actor: Actor, now: datetime, dispute: Dispute, organisation_id: int) -> None:
    """The school that raised it is content. With the last one the statement can be approved again.

    Nothing happens when it is settled already. Raises ``Forbidden`` for the other school.
    """
    dispute = _locked(dispute)
    statement = dispute.statement
    school = _side(actor, statement, organisation_id)
    if school.pk != dispute.organisation_id:
        raise Forbidden(_("Kun den skole, der gjorde indsigelse, kan afslutte den."))
    if dispute.status == DisputeStatus.SETTLED:
        return
    transition(dispute, "settle", table=DISPUTE_TRANSITIONS, actor=actor, now=now)
    if not statement.disputes.exclude(status=DisputeStatus.SETTLED).exists():
        transition(statement, "settle", table=STATEMENT_TRANSITIONS, actor=actor, now=now)
        for one in (statement.first, statement.second):
            if not statement.approvals.filter(organisation=one).exists():
                statements.tell(notifications.StatementReady, statement, one, now=now)
    record(
        statement,
        after={"dispute": dispute.pk, "status": dispute.status},
        summary=_("%(school)s har afsluttet indsigelsen om bilag %(entry)s")
        % {"school": school.label, "entry": dispute.entry_id},
        network_id=statement.network_id,
        organisation_id=school.pk,
    )
