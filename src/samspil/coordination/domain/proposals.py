"""Proposals that close the round's gaps: asked for, answered, used in whole or in part, put away.

The planner proposes, people decide (R26–R28). What is used becomes cells of the board in one step
that can be undone; a line that is rejected becomes a decided 'no', so that it isn't proposed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import rules
from samspil.coordination.domain import planning
from samspil.coordination.domain.board import CellChange, apply_changes
from samspil.coordination.enums import (
    PROPOSAL_TRANSITIONS,
    ChangeKind,
    CommitmentRole,
    FkbStatus,
    LineState,
    Origin,
    ProposalStatus,
    RoundStatus,
)
from samspil.coordination.models import (
    ChangeSet,
    Commitment,
    ExternalAgreement,
    Intent,
    Proposal,
    ProposalLine,
    Round,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel import calculations
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.kernel.models import Calculation, Failure
from samspil.kernel.outbox import job
from samspil.kernel.transitions import transition

WORK: Final = 2_000_000
"""Steps the planner may take, some minutes of one core; the clock is a setting."""

KIND: Final = "coordination.proposal"
"""What a proposal's calculation is called."""

_PROVIDING: Final = (CommitmentRole.OWN, CommitmentRole.HOLDER)


@dataclass(frozen=True, slots=True)
class Used:
    """What came of using a proposal: the step on the board, cells filled, lines overtaken.

    ``is_done``: no line waits for a decision any more.
    """

    change_set: ChangeSet | None
    taken: int
    stale: int
    is_done: bool


# ---------------------------------------------------------------- ask and answer


@action("coordination.request_proposal", permission=rules.may_run_round, on="round")
def request_proposal(
    *, actor: Actor, now: datetime, round: Round, round_fkb: RoundFkb | None = None
) -> Proposal:
    """Ask the planner to close the gaps of the round, or of one FKB of it.

    The worker lets it be calculated. Earlier proposals for the same are put away; the planner
    starts from the last answer, also from one that was not finished, and stays close to one that
    was still on the table, so that a decision changes little else. Raises ``Conflict`` when
    there is nothing to propose about: no gap, and no course with low activity to join on.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    facts = planning.snapshot(round, round_fkb)
    if round.status == RoundStatus.CLOSED or not facts.asked:
        raise Conflict(_("Der er ingen mål at lave forslag om. Oversigten er låst eller tom."))
    earlier, seen = _put_earlier_away(round, round_fkb, actor=actor, now=now)
    problem = planning.stay_close(facts.problem, seen)
    proposal = Proposal.objects.create(
        round=round,
        round_fkb=round_fkb,
        status=ProposalStatus.QUEUED,
        problem=problem,
        statistics={
            "asked": facts.asked,
            "gaps": facts.gaps,
            "stays_close": bool(problem.get("previous")),
        },
        requested_by_label=actor.label[:200],
        created_at=now,
    )
    calculations.start(
        kind=KIND,
        subject=proposal,
        problem=problem,
        first=planning.start_from(earlier),
        payload=facts.keys.to_json(),
        work=WORK,
        seconds=settings.SAMSPIL_SOLVER_SECONDS,
        then="coordination.answer_proposal",
        now=now,
    )
    with translation.override("da"):
        record(
            proposal,
            after={"gaps": facts.gaps, "courses": facts.asked},
            summary=ngettext(
                "Bad om et forslag til at lukke %(count)s hul.",
                "Bad om et forslag til at lukke %(count)s huller.",
                facts.gaps,
            )
            % {"count": facts.gaps},
            network_id=round.network_id,
        )
    return proposal


def _put_earlier_away(
    round: Round, round_fkb: RoundFkb | None, *, actor: Actor, now: datetime
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Discard what waits for an answer or a decision.

    Returns the last answer, finished or not, and the answer that was on the table, if one was.
    """
    waiting = Proposal.objects.filter(
        round=round,
        round_fkb=round_fkb,
        status__in=(ProposalStatus.QUEUED, ProposalStatus.READY, ProposalStatus.FAILED),
    ).order_by("pk")
    unfinished = seen = None
    for proposal in waiting:
        if proposal.status == ProposalStatus.READY:
            seen = proposal.solution
        transition(proposal, "discard", table=PROPOSAL_TRANSITIONS, actor=actor, now=now)
        unfinished = calculations.drop(proposal, now=now, kind=KIND) or unfinished
        calculations.drop(proposal, now=now)  # and what was asked about it
    if unfinished:
        return unfinished, seen
    last = (
        Proposal.objects.filter(round=round, round_fkb=round_fkb, finished_at__isnull=False)
        .exclude(solution={})
        .order_by("-pk")
        .first()
    )
    return (last.solution if last else None), seen


@job("coordination.answer_proposal")
def answer_when_calculated(payload: dict[str, Any], *, now: datetime) -> None:
    """Make a proposal of what was calculated; done twice it changes nothing."""
    calculation = Calculation.objects.get(pk=payload["calculation"])
    proposal = (
        Proposal.objects.select_related("round__network", "round_fkb")
        .filter(pk=calculation.subject_id, status=ProposalStatus.QUEUED)
        .first()
    )
    if proposal is not None:
        actor = Actor.system("planner")
        answer_proposal(actor=actor, now=now, proposal=proposal, calculation=calculation)


def _only_the_system(actor: Actor, proposal: Proposal) -> bool:
    return actor.is_system


@action("coordination.answer_proposal", permission=_only_the_system, on="proposal")
def answer_proposal(
    *, actor: Actor, now: datetime, proposal: Proposal, calculation: Calculation
) -> Proposal:
    """Keep what was calculated for a proposal that waits, as lines to decide on.

    A calculation that went wrong, facts that contradict each other, or an answer that breaks a rule
    leave the proposal as failed, with nothing to use. A proposal that was discarded stays so.
    """
    proposal = lock_row(Proposal.objects.select_related("round__network", "round_fkb"), proposal.pk)
    if proposal.status != ProposalStatus.QUEUED:
        return proposal
    written = calculation.result
    reason = calculation.failure
    proposal.finished_at = now
    numbers = {"seconds": calculation.progress.get("seconds"), "failure": reason}
    answer = None
    if written is not None:
        try:
            answer = planning.read_answer(proposal.problem, written)
        except planning.PlannerFault as fault:
            reason = str(fault)
            numbers["failure"] = Failure.BROKE_RULES
    keys = planning.Keys.from_json(calculation.payload)
    if answer is not None:
        proposal.solution = written
        numbers = {**answer.statistics, **numbers}
        if (whole := answer.contradictions.get("")) is not None:
            numbers["impossible"] = _contradiction(whole, keys)["facts"]
    proposal.statistics = {**proposal.statistics, **numbers}
    proposal.save(update_fields=["solution", "statistics", "finished_at"])
    is_possible = answer is not None and answer.statistics["status"] != "impossible"
    transition(
        proposal,
        "answer" if is_possible else "fail",
        table=PROPOSAL_TRANSITIONS,
        actor=actor,
        now=now,
        reason=reason if is_possible else reason or "impossible",
    )
    if answer is not None:
        ProposalLine.objects.bulk_create(_lines(proposal, keys, answer), batch_size=500)
    with translation.override("da"):
        record(
            proposal,
            after={"status": proposal.status, **proposal.statistics},
            summary=_("Forslaget er beregnet.")
            if is_possible
            else _("Forslaget kunne ikke beregnes."),
            network_id=proposal.round.network_id,
        )
    calculations.clear(calculation)
    return proposal


@action("coordination.stop_proposal", permission=rules.may_use_proposal, on="proposal")
def stop_proposal(*, actor: Actor, now: datetime, proposal: Proposal) -> bool:
    """End the calculation of a proposal; its best answer so far becomes the proposal.

    Returns False when the answer came first, or somebody has stopped it already. Raises
    ``Conflict`` when the proposal waits for no answer.
    """
    proposal = lock_row(Proposal.objects.select_related("round__network"), proposal.pk)
    calculation = calculations.of(proposal, KIND).first()
    if proposal.status != ProposalStatus.QUEUED or calculation is None:
        raise Conflict(_("Forslaget er allerede beregnet."))
    is_asked = calculations.ask_to_stop(calculation, now=now)
    with translation.override("da"):
        record(
            proposal,
            after={"is_asked": is_asked},
            summary=_("Bad om det bedste forslag indtil nu."),
            network_id=proposal.round.network_id,
        )
    return is_asked


def _lines(proposal: Proposal, keys: planning.Keys, answer: planning.Answer) -> list[ProposalLine]:
    when = {
        (intent.round_course_id, intent.form.organisation_id): intent.when_text
        for intent in Intent.objects.filter(form__round=proposal.round)
        .exclude(when_text="")
        .select_related("form")
    }
    found = []
    for line in answer.lines:
        row = keys.rows[line.course]
        school = keys.schools[line.school] if line.school else None
        provides = line.role in _PROVIDING
        written = when.get((row, school), "") if provides and school else ""
        reason: dict[str, Any] = {
            "guarantee": line.guarantee,
            "figures": line.figures,
            "messages": [_named(message, keys) for message in line.messages],
        }
        if provides and line.quarter:
            reason["quarter"] = line.quarter
            written = written or quarter_words(line.quarter)
        if line.course in answer.contradictions and school is None:
            reason["contradiction"] = _contradiction(answer.contradictions[line.course], keys)
        found.append(
            ProposalLine(
                proposal=proposal,
                round_course_id=row,
                organisation_id=school,
                role=line.role,
                when_text=written,
                expected_version=keys.versions.get((row, school), 0) if school else 0,
                reason=reason,
            )
        )
    return found


def quarter_words(quarter: int) -> str:
    """What stands in the cell when a school that told no time gets a quarter, as schools write it."""
    return f"{quarter}. kvartal"


def _contradiction(told: dict[str, Any], keys: planning.Keys) -> dict[str, Any]:
    facts = [_named(fact, keys) for fact in told["facts"]]
    return {"facts": facts, "is_smallest": told["is_smallest"]}


def _named(message: dict[str, Any], keys: planning.Keys) -> dict[str, Any]:
    """The message with the names that schools, courses and branch groups had when it was made."""
    named = dict(message)
    for name in ("school", "other", "holder", "lender"):
        if name in named:
            named[name] = keys.labels.get(named[name], named[name])
    for name in ("schools", "others"):
        if name in named:
            named[name] = [keys.labels.get(key, key) for key in named[name]]
    if "course" in named:
        named["course"] = keys.labels.get(f"course:{named['course']}", named["course"])
    if "courses" in named:
        named["courses"] = [keys.labels.get(f"course:{key}", key) for key in named["courses"]]
    if "group" in named:
        named["group"] = keys.labels.get(f"group:{named['group']}", named["group"])
    return named


# ---------------------------------------------------------------- decide


@action("coordination.use_proposal", permission=rules.may_use_proposal, on="proposal")
def use_proposal(
    *,
    actor: Actor,
    now: datetime,
    proposal: Proposal,
    line_ids: Collection[int] | None = None,
    only_fkb: RoundFkb | None = None,
) -> Used:
    """Put a proposal's open lines on the board, all (``None``) or those chosen, as one step.

    ``only_fkb``: of a proposal for the whole round, the lines of one FKB. A line that the board
    has overtaken is marked as such and left out. Raises ``Conflict`` when the proposal isn't
    open any more or the board changes meanwhile, ``Invalid`` when nothing is chosen, or a
    school is to follow where nobody holds the course.
    """
    proposal = _open(proposal)
    lines = _chosen(proposal, line_ids, only_fkb)
    board = _Board(proposal.round, lines)
    live = board.usable(lines)
    changes = board.changes(live)
    taken = {line.pk for line in live}
    stale = {line.pk for line in lines} - taken
    change_set = None
    if changes:
        change_set = apply_changes(
            actor=actor,
            now=now,
            round=proposal.round,
            changes=changes,
            kind=ChangeKind.PROPOSAL,
            summary=_used_words(live),
        )
    _mark(proposal, taken, LineState.TAKEN)
    _mark(proposal, stale, LineState.STALE)
    _close_when_done(proposal, actor=actor, now=now)
    with translation.override("da"):
        record(
            proposal,
            after={"taken": len(taken), "stale": len(stale), "status": proposal.status},
            summary=_used_words(live),
            network_id=proposal.round.network_id,
        )
    return Used(
        change_set=change_set,
        taken=len(taken),
        stale=len(stale),
        is_done=proposal.status == ProposalStatus.USED,
    )


@action("coordination.reject_proposal_lines", permission=rules.may_use_proposal, on="proposal")
def reject_proposal_lines(
    *, actor: Actor, now: datetime, proposal: Proposal, line_ids: Collection[int]
) -> int:
    """Say no to lines: each becomes a decided 'no' that later proposals keep to (a pin).

    One step on the board that can be undone. Returns how many. Errors as ``use_proposal``.
    """
    proposal = _open(proposal)
    lines = _chosen(proposal, line_ids, None)
    board = _Board(proposal.round, lines)
    live = [line for line in lines if not board.has_overtaken(line)]
    with translation.override("da"):
        summary = _("Sagt nej til %(lines)s fra et forslag.") % {"lines": _numbers(live)}
    if live:
        apply_changes(
            actor=actor,
            now=now,
            round=proposal.round,
            changes=[
                CellChange(
                    round_course_id=line.round_course_id,
                    organisation_id=_school(line),
                    role=CommitmentRole.NONE,
                    expected_version=line.expected_version,
                    origin=Origin.PROPOSAL,
                    is_pinned=True,
                )
                for line in live
            ],
            kind=ChangeKind.PROPOSAL,
            summary=summary,
        )
    rejected = {line.pk for line in live}
    # Who would have followed a rejected holder has nobody to follow.
    courses = {line.round_course_id for line in live if line.role == CommitmentRole.HOLDER}
    orphans = set(
        proposal.lines.filter(
            round_course__in=courses, role=CommitmentRole.FOLLOWER, state=LineState.OPEN
        ).values_list("pk", flat=True)
    )
    _mark(proposal, rejected, LineState.REJECTED)
    _mark(proposal, ({line.pk for line in lines} | orphans) - rejected, LineState.STALE)
    _close_when_done(proposal, actor=actor, now=now)
    record(
        proposal,
        after={"rejected": len(rejected), "status": proposal.status},
        summary=summary,
        network_id=proposal.round.network_id,
    )
    return len(rejected)


@action("coordination.discard_proposal", permission=rules.may_use_proposal, on="proposal")
def discard_proposal(*, actor: Actor, now: datetime, proposal: Proposal) -> Proposal:
    """Put a proposal away unused; nothing on the board changes. ``Conflict`` when it is closed."""
    before = transition(proposal, "discard", table=PROPOSAL_TRANSITIONS, actor=actor, now=now)
    calculations.drop(proposal, now=now)
    with translation.override("da"):
        record(
            proposal,
            before={"status": before},
            after={"status": proposal.status},
            summary=_("Forslaget er forkastet."),
            network_id=proposal.round.network_id,
        )
    return proposal


def _open(proposal: Proposal) -> Proposal:
    proposal = lock_row(Proposal.objects.select_related("round__network"), proposal.pk)
    if proposal.status != ProposalStatus.READY:
        raise Conflict(_("Forslaget er allerede brugt eller forkastet."))
    return proposal


def _chosen(
    proposal: Proposal, line_ids: Collection[int] | None, only_fkb: RoundFkb | None
) -> list[ProposalLine]:
    lines = (
        proposal.lines.filter(state=LineState.OPEN, organisation__isnull=False)
        .select_related("round_course__course", "round_course__round_fkb", "organisation")
        .order_by("round_course__course__number", "round_course_id", "pk")
    )
    if line_ids is not None:
        lines = lines.filter(pk__in=list(line_ids))
    if only_fkb is not None:
        lines = lines.filter(round_course__round_fkb=only_fkb)
    found = list(lines)
    if not found:
        raise Invalid(_("Vælg mindst én linje."), field="lines")
    return found


def _mark(proposal: Proposal, line_ids: Collection[int], state: str) -> None:
    if line_ids:
        proposal.lines.filter(pk__in=line_ids).update(state=state)


def _close_when_done(proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    left = proposal.lines.filter(state=LineState.OPEN, organisation__isnull=False)
    if not left.exists():
        transition(proposal, "use", table=PROPOSAL_TRANSITIONS, actor=actor, now=now)


def _school(line: ProposalLine) -> int:
    if line.organisation_id is None:  # lines without a school are never chosen
        raise Invalid(_("Vælg mindst én linje."), field="lines")
    return line.organisation_id


def _numbers(lines: Iterable[ProposalLine]) -> str:
    numbers = list(dict.fromkeys(line.round_course.course.number for line in lines))
    return ", ".join(numbers[:8]) + (" …" if len(numbers) > 8 else "")


def _used_words(lines: Sequence[ProposalLine]) -> str:
    """``Forslag brugt: 90131, 90132``: the step's name on the board and in the history."""
    with translation.override("da"):
        if not lines:
            return _("Ingen linjer kunne bruges; oversigten er ændret siden.")
        return _("Forslag brugt: %(numbers)s") % {"numbers": _numbers(lines)}


class _Board:
    """The rows that a proposal's lines are about, as the board has them now."""

    def __init__(self, round: Round, lines: Sequence[ProposalLine]) -> None:
        self.year = round.year
        rows = {line.round_course_id for line in lines}
        self.cells: dict[tuple[int, int], Commitment] = {}
        self.providers: dict[int, list[Commitment]] = {row: [] for row in rows}
        for cell in Commitment.objects.filter(round_course__in=rows).order_by("pk"):
            self.cells[cell.round_course_id, cell.organisation_id] = cell
            if cell.role in _PROVIDING:
                self.providers[cell.round_course_id].append(cell)
        self.schools = set(
            RoundSchool.objects.filter(round=round, left_on__isnull=True).values_list(
                "organisation_id", flat=True
            )
        )
        self.intents = {
            (intent.round_course_id, intent.form.organisation_id): intent
            for intent in Intent.objects.filter(round_course__in=rows)
            .exclude(when_text="")
            .select_related("form")
        }
        self.external = set(
            ExternalAgreement.objects.filter(round_course__in=rows).values_list(
                "round_course_id", flat=True
            )
        )

    def has_overtaken(self, line: ProposalLine) -> bool:
        """Whether the line can't be used any more.

        Its cell was changed since, its school has left (R62), its overview was frozen, or the
        course to be held got a school otherwise.
        """
        cell = self.cells.get((line.round_course_id, line.organisation_id or 0))
        if (cell.version if cell else 0) != line.expected_version:
            return True
        if line.organisation_id not in self.schools:
            return True
        if line.round_course.round_fkb.status != FkbStatus.OPEN:
            return True
        return line.role == CommitmentRole.HOLDER and bool(
            self.providers[line.round_course_id] or line.round_course_id in self.external
        )

    def usable(self, lines: Sequence[ProposalLine]) -> list[ProposalLine]:
        """Lines that still hold; a follower falls with the holder that it was to follow."""
        live = [line for line in lines if not self.has_overtaken(line)]
        fallen = {
            line.round_course_id
            for line in lines
            if line.role == CommitmentRole.HOLDER and line not in live
        }
        return [
            line
            for line in live
            if line.role != CommitmentRole.FOLLOWER
            or line.round_course_id not in fallen
            or self._can_be_followed(line.round_course_id)
        ]

    def _can_be_followed(self, row: int) -> bool:
        """Somebody holds the course, or one school alone offers it and can become its holder."""
        providers = self.providers[row]
        return len(providers) == 1 or any(c.role == CommitmentRole.HOLDER for c in providers)

    def changes(self, lines: Sequence[ProposalLine]) -> list[CellChange]:
        """Cells for the lines, and for the one school that is followed where it held alone.

        Raises ``Invalid`` when a school is to follow where nobody holds.
        """
        held = {line.round_course_id for line in lines if line.role == CommitmentRole.HOLDER}
        found = [self._change(line) for line in lines]
        followed = dict.fromkeys(
            line.round_course_id for line in lines if line.role == CommitmentRole.FOLLOWER
        )
        for row in followed:
            if row in held or any(c.role == CommitmentRole.HOLDER for c in self.providers[row]):
                continue
            if not self._can_be_followed(row):
                number = next(
                    line.round_course.course.number for line in lines if line.round_course_id == row
                )
                raise Invalid(
                    _("Ingen kan følge %(number)s uden en udbydende skole. Vælg også den linje.")
                    % {"number": number},
                    field="lines",
                )
            found.append(_as_holder(self.providers[row][0]))
        return found

    def _change(self, line: ProposalLine) -> CellChange:
        if line.role == CommitmentRole.FOLLOWER:
            return CellChange(
                round_course_id=line.round_course_id,
                organisation_id=_school(line),
                role=CommitmentRole.FOLLOWER,
                expected_version=line.expected_version,
                origin=Origin.PROPOSAL,
            )
        intent = self.intents.get((line.round_course_id, _school(line)))
        starts_on, ends_on = None, None
        quarter = line.reason.get("quarter")
        if intent is not None and intent.when_text == line.when_text:
            starts_on, ends_on = intent.starts_on, intent.ends_on
        elif quarter and line.when_text == quarter_words(quarter):
            starts_on, ends_on = planning.quarter_dates(self.year, quarter)
        return CellChange(
            round_course_id=line.round_course_id,
            organisation_id=_school(line),
            role=line.role,
            runs=1,
            when_text=line.when_text,
            starts_on=starts_on,
            ends_on=ends_on,
            guarantee=bool(line.reason.get("guarantee")),
            expected_version=line.expected_version,
            origin=Origin.PROPOSAL,
        )


def _as_holder(cell: Commitment) -> CellChange:
    """An own offer that others will follow: the same offer, its school now the holder (R28)."""
    return CellChange(
        round_course_id=cell.round_course_id,
        organisation_id=cell.organisation_id,
        role=CommitmentRole.HOLDER,
        runs=cell.runs,
        when_text=cell.when_text,
        starts_on=cell.starts_on,
        ends_on=cell.ends_on,
        guarantee=cell.guarantee,
        expected_version=cell.version,
        origin=cell.origin,
    )
