"""Who may do what in a round, and what counts as what. No query writes, nothing is fetched twice.

Predicates ``may_*`` take the actor and the object that the action judges. A role-holder's scope
is the network of the round (secretariat) or the own school (coordinator, leader).
"""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from samspil.coordination.enums import FINAL_CHANGES, FkbStatus, RoundStatus
from samspil.coordination.models import (
    ChangeSet,
    Form,
    MatrixImport,
    Meeting,
    MeetingTask,
    Proposal,
    Return,
    Round,
    RoundCourse,
    Signature,
)
from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.network.domain import mandates
from samspil.network.domain.mandates import Basis
from samspil.network.models import Network

SCHOOL_WRITERS = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
"""Roles that answer for one school; a leader may do what the coordinator may."""

OPEN_FOR_SCHOOLS = frozenset({RoundStatus.COLLECTING, RoundStatus.MEETING})
"""States of a round in which a school corrects its own column by itself."""


def is_secretariat(actor: Actor, round: Round) -> bool:
    """Whether the actor runs the rounds of this round's network."""
    return actor.is_system or actor.has(roles.SECRETARIAT, network_id=round.network_id)


def may_run_round(actor: Actor, round: Round) -> bool:
    """Open, send, move on and close a round; freeze overviews; ask for and use proposals."""
    return is_secretariat(actor, round)


def may_write_board(actor: Actor, round: Round) -> bool:
    """Write on the board at all: the secretariat everywhere, a school in its own column.

    Which cells a school may write, and when, is judged cell by cell (``may_write_cell``).
    """
    return is_secretariat(actor, round) or bool(own_columns(actor))


def own_columns(actor: Actor) -> frozenset[int]:
    """Schools whose column the actor may write."""
    return actor.organisation_ids(*SCHOOL_WRITERS)


def may_write_cell(actor: Actor, round: Round, organisation_id: int) -> bool:
    """The secretariat any cell; a school its own while the round collects or meets."""
    if is_secretariat(actor, round):
        return True
    return organisation_id in own_columns(actor) and round.status in OPEN_FOR_SCHOOLS


def may_comment(actor: Actor, row: RoundCourse) -> bool:
    """Everybody who writes on the board may also comment, in every state of the round."""
    return may_write_board(actor, row.round_fkb.round)


def may_run_row(actor: Actor, row: RoundCourse) -> bool:
    """Agreements outside the circle and courses taken out of the duty: the secretariat."""
    return is_secretariat(actor, row.round_fkb.round)


def may_undo(actor: Actor, change_set: ChangeSet) -> bool:
    """The secretariat every change, others what they did themselves.

    A school that left or was merged is not brought back by undo.
    """
    if change_set.kind in FINAL_CHANGES:
        return False
    if is_secretariat(actor, change_set.round):
        return True
    return actor.person_id is not None and change_set.person_id == actor.person_id


def is_board_open(round: Round, fkb_status: str) -> bool:
    """Whether cells can change: the round is not closed, the FKB's overview not frozen.

    After that a change needs the FKB reopened, and ends in an addendum (R31).
    """
    return round.status != RoundStatus.CLOSED and fkb_status == FkbStatus.OPEN


def approved_in(year: int) -> Q:
    """Condition on ``Approval``: it holds on some day of ``year`` (R4, R22)."""
    return (Q(valid_from__isnull=True) | Q(valid_from__lte=date(year, 12, 31))) & (
        Q(valid_to__isnull=True) | Q(valid_to__gte=date(year, 1, 1))
    )


def may_use_proposal(actor: Actor, proposal: Proposal) -> bool:
    """Use, reject and discard what the planner proposes: the secretariat."""
    return may_run_round(actor, proposal.round)


def may_reopen_form(actor: Actor, form: Form) -> bool:
    """The secretariat gives a handed-in form back to the school."""
    return may_run_round(actor, form.round)


def may_fill_form(actor: Actor, form: Form) -> bool:
    """The school's own people, and the secretariat on the school's behalf."""
    return is_secretariat(actor, form.round) or form.organisation_id in own_columns(actor)


def may_see_form(actor: Actor, round: Round, organisation_id: int) -> bool:
    """Read a school's form with its notes: the school itself and the secretariat.

    What the coordination is about (offers, days, dates) stands on the board for everybody in the
    round; what a school writes beside it in free text does not. A platform administrator keeps
    the archive and the audit trail, in which all of it stands.
    """
    return (
        is_secretariat(actor, round)
        or actor.is_platform_admin
        or organisation_id in actor.organisation_ids()
    )


def may_read_problem(actor: Actor, proposal: Proposal) -> bool:
    """Take the planner's whole problem home as a file: the secretariat."""
    return may_run_round(actor, proposal.round) or actor.is_platform_admin


def may_open_round(actor: Actor, network: Network) -> bool:
    """The secretariat opens the rounds of its network."""
    return actor.is_system or actor.has(roles.SECRETARIAT, network_id=network.pk)


def may_settle_return(actor: Actor, ret: Return) -> bool:
    """Answer, save and undo a returned workbook: whoever may fill in the form."""
    return may_fill_form(actor, ret.form)


def may_settle_matrix(actor: Actor, matrix: MatrixImport) -> bool:
    """Last year's overview is read in by the secretariat."""
    return may_run_round(actor, matrix.round)


def may_run_meeting(actor: Actor, meeting: Meeting) -> bool:
    """Lead the coordination meeting: choose the gap, write down what is decided, end it."""
    return may_run_round(actor, meeting.round)


def may_finish_task(actor: Actor, task: MeetingTask) -> bool:
    """The school that took the task on (or the one that it merged into), and the secretariat."""
    if may_run_meeting(actor, task.meeting):
        return True
    school = task.organisation
    return school is not None and bool({school.pk, school.successor_id} & own_columns(actor))


def is_worker(actor: Actor, obj: object) -> bool:
    """What only the worker does: keep the files it has written."""
    return actor.is_system


def sign_basis(
    actor: Actor, signature: Signature, *, on: date, locked: bool = False
) -> Basis | None:
    """By what the actor may sign at a school's place on a day: as leader or by a mandate (R31)."""
    place = signature.agreement.round_fkb
    return mandates.basis_of(
        actor,
        signature.organisation_id,
        network_id=place.round.network_id,
        fkb_number=place.fkb.number,
        on=on,
        locked=locked,
    )


def may_sign(actor: Actor, signature: Signature) -> bool:
    """Sign or decline for a school: its leader, and whom the leader gave a mandate (R31)."""
    return sign_basis(actor, signature, on=clock.today()) is not None
