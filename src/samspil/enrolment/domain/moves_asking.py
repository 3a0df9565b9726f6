"""Asking people wave by wave, what their answers do, and the move itself: at once or not at all (R29, R77).

An offer holds its seat on the other run from the question until the move. Who says yes keeps the place they
have until then; who says no keeps it for good. When the runs that the plan holds have enough people, one
transaction moves all who said yes. A worker that dies before its commit has done nothing, and the job is done
again; done twice it changes nothing, because the plan is no longer being asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _

from samspil.enrolment import notifications, rules
from samspil.enrolment.domain import employers, moves, planning, tokens
from samspil.enrolment.domain.capacity import (
    fill,
    free_seats,
    held_by_offers,
    hold,
    settle,
)
from samspil.enrolment.domain.moves_transfers import DUE_DAYS, tell_ledger
from samspil.enrolment.domain.offers import answers, end_offer, lock_offer
from samspil.enrolment.enums import (
    ANSWERED_NO,
    ENROLMENT_TRANSITIONS,
    LIVE,
    MOVE_PLAN_TRANSITIONS,
    OFFER_TRANSITIONS,
    EnrolmentStatus,
    MovePlanStatus,
    MoveState,
    OfferReason,
    OfferState,
    RunFate,
)
from samspil.enrolment.models import (
    Enrolment,
    MoveLine,
    MovePlan,
    PlannedRun,
    SeatOffer,
    SignUp,
    Transfer,
)
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.locking import lock_rows
from samspil.kernel.outbox import enqueue, job
from samspil.kernel.transitions import transition, transition_all
from samspil.runs.domain import keeping
from samspil.runs.models import CourseRun

SITTING: Final = (EnrolmentStatus.ENROLLED, EnrolmentStatus.ELSEWHERE)
"""Those who leave a seat of their run, in Samspil or in the school's own system."""
MOVABLE: Final = (*SITTING, EnrolmentStatus.WAITING)
SHORTEST: Final = timedelta(hours=1)


# ---------------------------------------------------------------- asking


def begin_wave(
    plan: MovePlan, wave: int, runs: Mapping[int, CourseRun], *, actor: Actor, now: datetime
) -> int:
    """Ask the people of a wave; the caller has locked the runs and the plan. Returns how many lines were asked.

    A line is asked when its people still are where they were, none of their other lines is open, and the other
    run has seats to hold for them.
    """
    room = {pk: free_seats(run) for pk, run in runs.items()}
    today = clock.local_date(now)
    asked: list[MoveLine] = []
    obsolete: list[int] = []
    lines = _lines_of(plan, wave)
    members = _members_of(lines)
    for line in lines:
        target = runs[line.target_id]
        is_here = line.sign_up_id is None or len(members[line.pk]) >= line.heads
        if (
            not is_here
            or room[target.pk] < line.heads
            or target.status not in ("announced", "confirmed")
            or target.starts_on <= today
            or runs[line.source_id].starts_on <= today
        ):
            obsolete.append(line.pk)
            continue
        room[target.pk] -= line.heads
        asked.append(line)
    MoveLine.objects.filter(pk__in=obsolete).update(state=MoveState.OBSOLETE)
    _give_links(plan, [line for line in asked if line.sign_up_id is None], now=now)
    offers = [
        SeatOffer(
            sign_up=line.order,
            run=runs[line.target_id],
            reason=OfferReason.MOVE,
            seats=line.heads,
            explanation=_("Holdene lægges sammen, så flere bliver gennemført."),
            created_at=now,
            expires_at=_answer_by(plan, runs[line.source_id], runs[line.target_id], now),
        )
        for line in asked
    ]
    members = _members_of(asked)  # those who got a link just now among them
    if offers:
        hold(offers, [members[line.pk] for line in asked], now=now)
    for line, offer in zip(asked, offers, strict=True):
        line.state, line.offer = MoveState.ASKED, offer
    MoveLine.objects.bulk_update(asked, ["state", "offer"], batch_size=500)
    causes = causes_of(asked, members)
    for pk in {line.target_id for line in asked}:
        settle(runs[pk])
    plan.wave = wave
    plan.answer_by = max((offer.expires_at for offer in offers), default=now)
    plan.save(update_fields=["wave", "answer_by"])
    enqueue("enrolment.settle_moves", {"plan": plan.pk}, now=now, run_at=plan.answer_by)
    record(
        plan,
        after={"wave": wave, "lines": len(asked), "answer_by": plan.answer_by},
        summary=_("Gang %(wave)s: %(count)s er spurgt")
        % {"wave": wave, "count": sum(line.heads for line in asked)},
        network_id=plan.network_id,
    )
    notifications.send_all(
        [
            question(line, offer, runs[line.target_id], causes[line.pk])
            for line, offer in zip(asked, offers, strict=True)
        ],
        now=now,
    )
    _tell_schools(plan, asked, now=now)
    return len(asked)


def _tell_schools(plan: MovePlan, asked: Iterable[MoveLine], *, now: datetime) -> None:
    """Schools with people whom only their own system knows have to ask these themselves."""
    counts: dict[int, int] = {}
    schools = {}
    for line in asked:
        if line.is_elsewhere:
            schools[line.source.organisation_id] = line.source.organisation
            counts[line.source.organisation_id] = counts.get(line.source.organisation_id, 0) + 1
    for pk, school in sorted(schools.items()):
        moves.tell(
            notifications.MoveAskYours,
            plan,
            school,
            now=now,
            count=counts[pk],
            ask_url=notifications.elsewhere_url(plan),
        )


def question(
    line: MoveLine, offer: SeatOffer, target: CourseRun, cause: str = ""
) -> notifications.Mail:
    """The mail that asks somebody about another run."""
    return (
        line.order,
        notifications.MoveAsked,
        {
            "run": target,
            "line": line,
            "offer": offer,
            "source": line.source,
            "cause": cause or cause_of(line),
            # goes after the personal link
            "answer": f"flytning/{offer.pk}/",
        },
    )


def _give_links(plan: MovePlan, lines: Sequence[MoveLine], *, now: datetime) -> None:
    """Give those whom only their school's own system knows a sign-up without a name, and by it a link.

    Their seat stays the one that the school's system counts. All lines of the same person get it.
    """
    if not lines:
        return
    made: list[SignUp] = []
    for line in lines:
        nonce, token_hash = tokens.new_link()
        made.append(
            SignUp(
                run_id=line.source_id,
                school_id=line.source.organisation_id,
                status="confirmed",
                is_elsewhere=True,
                token_nonce=nonce,
                token_hash=token_hash,
                created_at=now,
                confirmed_at=now,
            )
        )
    SignUp.objects.bulk_create(made, batch_size=500)
    rows = Enrolment.objects.bulk_create(
        [
            Enrolment(
                sign_up=order,
                run_id=order.run_id,
                origin_id=order.school_id,
                status=EnrolmentStatus.ELSEWHERE,
                queued_at=now,
            )
            for order in made
        ],
        batch_size=500,
    )
    through = MoveLine.enrolments.through
    links = []
    for line, order, row in zip(lines, made, rows, strict=True):
        line.sign_up = order
        same = plan.lines.filter(is_elsewhere=True, source=line.source_id, unit=line.unit)
        same.update(sign_up=order)
        links += [
            through(moveline_id=pk, enrolment_id=row.pk)
            for pk in same.order_by("pk").values_list("pk", flat=True)
        ]
    through.objects.bulk_create(links, batch_size=500)


def _lines_of(plan: MovePlan, wave: int) -> list[MoveLine]:
    """The lines of a wave that are due: nobody of the unit has said yes, or is still asked."""
    rows = list(
        plan.lines.select_related(
            "sign_up",
            "source__course",
            "source__organisation",
            "target__course",
            "target__organisation",
        ).order_by("pk")
    )
    open_units = {
        (row.sign_up_id, row.source_id, row.unit)
        for row in rows
        if row.wave < wave and row.state not in ANSWERED_NO | {MoveState.OBSOLETE}
    }
    return [
        row
        for row in rows
        if row.wave == wave
        and row.state == MoveState.WAITS
        and (row.sign_up_id, row.source_id, row.unit) not in open_units
    ]


def cause_of(line: MoveLine) -> str:
    """Why they are asked: they wait (``waits``), their run can do without them (``gives``), or it is too small."""
    if line.enrolments.filter(status=EnrolmentStatus.WAITING).exists():
        return "waits"
    is_held = PlannedRun.objects.filter(plan=line.plan_id, run=line.source_id, fate=RunFate.HELD)
    return "gives" if is_held.exists() else "small"


def causes_of(
    lines: Sequence[MoveLine], members: Mapping[int, Sequence[Enrolment]]
) -> dict[int, str]:
    """``cause_of`` for many lines of one plan, whose people are known. One query."""
    held = set(
        PlannedRun.objects.filter(
            plan__in={line.plan_id for line in lines}, fate=RunFate.HELD
        ).values_list("run_id", flat=True)
    )
    found = {}
    for line in lines:
        waits = any(row.status == EnrolmentStatus.WAITING for row in members[line.pk])
        found[line.pk] = "waits" if waits else "gives" if line.source_id in held else "small"
    return found


def _members_of(lines: Sequence[MoveLine]) -> dict[int, list[Enrolment]]:
    """By line, its people who still are where they were asked from. Two queries."""
    through = MoveLine.enrolments.through
    links = list(
        through.objects.filter(moveline__in=[line.pk for line in lines])
        .order_by("enrolment_id")
        .values_list("moveline_id", "enrolment_id")
    )
    rows = (
        Enrolment.objects.filter(status__in=MOVABLE)
        .select_related("learner")
        .in_bulk(sorted({row for _line, row in links}))
    )
    found: dict[int, list[Enrolment]] = {line.pk: [] for line in lines}
    where = {line.pk: line.source_id for line in lines}
    for line_id, row_id in links:
        row = rows.get(row_id)
        if row is not None and row.run_id == where[line_id]:
            found[line_id].append(row)
    return found


def _answer_by(plan: MovePlan, source: CourseRun, target: CourseRun, now: datetime) -> datetime:
    """The plan's days, at noon, but before either run is settled or begins; at least an hour."""
    last = clock.local_date(now) + timedelta(days=plan.conditions["answer_days"])
    for run in (source, target):
        for day in (run.decision_on, run.deadline_on, run.starts_on):
            if day is not None and day > clock.local_date(now):
                last = min(last, day)
    return max(clock.start_of(last, 12), now + SHORTEST)


# ---------------------------------------------------------------- answers


@action("enrolment.answer_move", permission=rules.may_answer, on="offer")
def answer_move(
    *,
    actor: Actor,
    now: datetime,
    offer: SeatOffer,
    verb: str,
    special_needs: str = "",
    has_consent: bool = False,
) -> MoveLine:
    """Say yes (``accept``), no (``decline``) or 'ask me about others' (``others``) to another run.

    A yes can become a no until the move happens. ``special_needs`` travel to the other school only with
    ``has_consent``. Raises ``Conflict`` when the time is up or the offer is over.
    """
    if verb not in ("accept", "decline", "others"):
        raise ValueError(verb)
    if verb == "accept" and offer.expires_at <= now:
        raise Conflict(_("Fristen er gået, og pladsen er gået videre."))
    return _answer(
        actor,
        now,
        offer,
        verb,
        special_needs=special_needs if has_consent else "",
        has_consent=has_consent and bool(special_needs.strip()),
    )


@answers(OfferReason.MOVE)
def _to_a_move(actor: Actor, now: datetime, offer: SeatOffer, verb: str) -> None:
    _answer(actor, now, offer, verb)


def _answer(
    actor: Actor,
    now: datetime,
    offer: SeatOffer,
    verb: str,
    *,
    special_needs: str = "",
    has_consent: bool = False,
) -> MoveLine:
    found = MoveLine.objects.filter(offer=offer.pk).order_by("pk").first()
    if found is None:
        raise NotFound(_("Tilbuddet findes ikke."))
    fresh, runs = lock_offer(offer, found.source_id)
    plan = moves.locked(found.plan_id)
    line = MoveLine.objects.select_related("sign_up", "source", "target__organisation").get(
        pk=found.pk
    )
    is_late = plan.status == MovePlanStatus.CARRIED_OUT
    if plan.status != MovePlanStatus.ASKING and not is_late:
        raise Conflict(_("Planen er slut, og du beholder din plads."))
    if verb == "accept" and line.state == MoveState.YES:
        return line
    if verb == "expire" and line.state == MoveState.YES:
        return line
    states = {
        "accept": MoveState.YES,
        "decline": MoveState.NO,
        "others": MoveState.OTHERS,
        "expire": MoveState.SILENT,
    }
    was, line.state, line.answered_at = line.state, states[verb], now
    line.special_needs, line.has_consent = special_needs.strip()[:1000], has_consent
    line.save(update_fields=["state", "answered_at", "special_needs", "has_consent"])
    if verb == "accept":
        # the seat stays held until the move, which happens at the plan's last deadline at the latest
        until = max(fresh.expires_at, plan.answer_by or now) + timedelta(days=30)
        SeatOffer.objects.filter(pk=fresh.pk).update(expires_at=until)
    else:
        end_offer(fresh, "expire" if verb == "expire" else "decline", actor=actor, now=now)
    record(
        line.order,
        before={"move": was},
        after={"move": line.state, "line": line.pk},
        summary=_("Om at flytte til et andet hold: %(state)s")
        % {"state": MoveState(line.state).label},
        organisation_id=line.target.organisation_id,
    )
    if verb != "accept":
        fill(runs[line.target_id], actor=actor, now=now)
        _stay([line], runs, now=now)
    if is_late and verb == "accept":
        moved = _move([line], plan, runs, actor=actor, now=now)
        _tell_moved(moved, now=now)
    elif not is_late:
        enqueue("enrolment.settle_moves", {"plan": plan.pk}, now=now)
    return line


# ---------------------------------------------------------------- at once or not at all


@job("enrolment.settle_moves")
def on_settle(payload: dict[str, Any], *, now: datetime) -> None:
    """Somebody answered, or the time is up. Done twice it changes nothing."""
    plan = MovePlan.objects.filter(pk=payload["plan"]).order_by("pk").first()
    if plan is not None and plan.status == MovePlanStatus.ASKING:
        settle_moves(actor=Actor.system("enrolment.settle_moves"), now=now, plan=plan)


@dataclass(frozen=True)
class Tally:
    """What the answers say now. ``reached``: runs with enough, all of them counted together.

    ``going``: those of ``yes`` who move now; nobody leaves a run that would fall below its minimum by it.
    """

    yes: tuple[MoveLine, ...]
    going: tuple[MoveLine, ...]
    asked: int
    wanted: frozenset[int]
    reached: frozenset[int]
    heads: dict[int, int]


def tally(plan: MovePlan, runs: Mapping[int, CourseRun]) -> Tally:
    """Count the answers. A run that is to be held is reached when it has its minimum with those who said yes.

    People who would leave for a run that isn't reached stay; that may bring their own run up, or the other
    down, so it is counted until nothing changes.
    """
    lines = list(
        plan.lines.filter(
            state__in=(MoveState.YES, MoveState.ASKED), offer__state=OfferState.PENDING
        )
        .select_related("sign_up", "source", "target", "offer")
        .order_by("pk")
    )
    valid = _members_of([line for line in lines if line.state == MoveState.YES])
    yes = [line for line in lines if line.state == MoveState.YES and valid[line.pk]]
    fates = {row.run_id: row for row in plan.runs.order_by("pk")}
    targets = {
        line.target_id for line in plan.lines.exclude(state=MoveState.OBSOLETE).order_by("pk")
    }
    wanted = frozenset(
        pk for pk in targets if pk in runs and fates.get(pk) and fates[pk].fate == RunFate.HELD
    )
    gone = planning.gone_elsewhere(runs.values())
    here = {pk: run.used - held_by_offers(run) - gone[pk] for pk, run in runs.items()}
    seated = {line.pk: sum(row.status in SITTING for row in valid[line.pk]) for line in yes}
    reached = wanted
    while True:
        heads, going = dict(here), []
        for line in yes:
            source = runs[line.source_id]
            stays_enough = (
                fates[source.pk].fate != RunFate.HELD
                or source.is_promised
                or not here[source.pk] >= source.minimum > heads[source.pk] - seated[line.pk]
            )
            if line.target_id in reached and stays_enough:
                heads[line.target_id] += len(valid[line.pk])
                heads[line.source_id] -= seated[line.pk]
                going.append(line)
        still = frozenset(
            pk
            for pk in reached
            if runs[pk].status in ("announced", "confirmed")
            and (runs[pk].is_promised or heads[pk] >= runs[pk].minimum)
        )
        if still == reached:
            return Tally(
                tuple(yes),
                tuple(going),
                sum(line.state == MoveState.ASKED for line in lines),
                wanted,
                reached,
                heads,
            )
        reached = still


@action("enrolment.settle_moves", permission=moves.only_the_system, on="plan")
def settle_moves(*, actor: Actor, now: datetime, plan: MovePlan) -> MovePlan:
    """Move all who said yes when that is enough; ask the next wave, or give it up, when all have answered.

    Nothing happens while too few have said yes and somebody still can. One transaction.
    """
    plan, runs = lock_with_offers(plan)
    if plan.status != MovePlanStatus.ASKING:
        return plan
    counted = tally(plan, runs)
    is_all = bool(counted.wanted) and counted.reached == counted.wanted
    if is_all and counted.going:
        return _carry_out(plan, runs, counted, actor=actor, now=now)
    is_open = counted.asked and plan.answer_by is not None and plan.answer_by > now
    if is_open:
        return plan
    _silence(plan, runs, actor=actor, now=now)
    last = max(plan.lines.order_by("pk").values_list("wave", flat=True), default=0)
    while plan.wave < last:
        if begin_wave(plan, plan.wave + 1, runs, actor=actor, now=now):
            return plan
    if counted.going:
        return _carry_out(plan, runs, counted, actor=actor, now=now)
    transition(plan, "lapse", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
    withdraw_offers(plan, runs, actor=actor, now=now)
    moves.end(plan, now=now, because=_("Ikke nok sagde ja."))
    record(
        plan,
        after={"status": plan.status},
        summary=_("Ikke nok sagde ja. Alle beholder den plads, de har"),
        network_id=plan.network_id,
    )
    for row in plan.approvals.select_related("organisation").order_by("pk"):
        moves.tell(
            notifications.MovePlanOver,
            plan,
            row.organisation,
            now=now,
            text=_("Ikke nok sagde ja. Ingen er flyttet, og alle beholder den plads, de har."),
        )
    return plan


def lock_with_offers(plan: MovePlan) -> tuple[MovePlan, dict[int, CourseRun]]:
    """Runs, then the plan's pending offers, then the plan."""
    from samspil.runs.domain.seats import lock_runs

    touched = {
        pk
        for pair in plan.lines.order_by("pk").values_list("source_id", "target_id")
        for pk in pair
    } | set(plan.runs.order_by("pk").values_list("run_id", flat=True))
    runs = lock_runs(sorted(touched))
    lock_rows(SeatOffer.objects.filter(move_line__plan=plan, state=OfferState.PENDING))
    return moves.locked(plan.pk), runs


def _silence(plan: MovePlan, runs: Mapping[int, CourseRun], *, actor: Actor, now: datetime) -> None:
    """Whoever has not answered in time has said nothing; their seats go on."""
    rows = plan.lines.filter(state=MoveState.ASKED).select_related("offer").order_by("pk")
    for line in rows:
        if line.offer is not None and line.offer.state == OfferState.PENDING:
            end_offer(line.offer, "expire", actor=actor, now=now)
    plan.lines.filter(state=MoveState.ASKED).update(state=MoveState.SILENT, answered_at=now)
    for pk in {line.target_id for line in rows}:
        fill(runs[pk], actor=actor, now=now)
    _stay(rows, runs, now=now)


def _stay(lines: Iterable[MoveLine], runs: Mapping[int, CourseRun], *, now: datetime) -> None:
    """Whoever does not move stays; where their own run was cancelled meanwhile, they are told now."""
    for pk in sorted({line.source_id for line in lines if runs[line.source_id].is_cancelled}):
        enqueue("enrolment.run_cancelled", {"run_id": pk, "verb": "cancel"}, now=now)


def withdraw_offers(
    plan: MovePlan, runs: Mapping[int, CourseRun], *, actor: Actor, now: datetime
) -> None:
    """End every offer of a plan that comes to nothing. The people keep what they have, and are told."""
    lines = list(
        plan.lines.filter(offer__state=OfferState.PENDING)
        .select_related("offer", "sign_up", "source__course", "source__organisation")
        .order_by("pk")
    )
    let_go(lines, runs, actor=actor, now=now)


def let_go(
    lines: Sequence[MoveLine],
    runs: Mapping[int, CourseRun],
    *,
    actor: Actor,
    now: datetime,
    why: str = "",
) -> None:
    """End pending offers about other runs; all is locked. The people keep what they have, and are told, and why."""
    for line in lines:
        assert line.offer is not None
        end_offer(line.offer, "withdraw", actor=actor, now=now)
        MoveLine.objects.filter(pk=line.pk).update(state=MoveState.OBSOLETE)
    for pk in sorted({line.target_id for line in lines}):
        fill(runs[pk], actor=actor, now=now)
    _stay(lines, runs, now=now)
    notifications.send_all(
        [
            (
                line.order,
                notifications.MoveOff,
                {"run": line.source, "source": line.source, "why": why},
            )
            for line in lines
        ],
        now=now,
    )


def _carry_out(
    plan: MovePlan, runs: dict[int, CourseRun], counted: Tally, *, actor: Actor, now: datetime
) -> MovePlan:
    going = counted.going
    staying = [line for line in counted.yes if line not in going]
    transition(plan, "carry_out", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
    done = _move(going, plan, runs, actor=actor, now=now)
    for line in staying:
        assert line.offer is not None
        end_offer(line.offer, "withdraw", actor=actor, now=now)
        MoveLine.objects.filter(pk=line.pk).update(state=MoveState.OBSOLETE)
    _stay(staying, runs, now=now)
    for pk in sorted({line.target_id for line in going} & counted.reached):
        _promise(runs[pk], actor=actor, now=now)
    for pk in sorted({line.source_id for line in going} - counted.reached):
        _close_if_empty(runs[pk], plan, actor=actor, now=now)
    moves.end(plan, now=now)
    record(
        plan,
        after={"status": plan.status, "moved": sum(t.heads for t in done)},
        summary=_("%(count)s er flyttet") % {"count": sum(m.heads for m in done)},
        network_id=plan.network_id,
    )
    _tell_moved(done, now=now)
    notifications.send_all(
        [
            (
                line.order,
                notifications.MoveOff,
                {"run": line.source, "source": line.source, "why": ""},
            )
            for line in staying
        ],
        now=now,
    )
    for row in plan.approvals.select_related("organisation").order_by("pk"):
        moves.tell(
            notifications.MovePlanOver,
            plan,
            row.organisation,
            now=now,
            text=_(
                "Nok sagde ja, og de er flyttet. Se, hvad I skal gøre for dem, under Overførsler."
            ),
        )
    return plan


@dataclass(frozen=True)
class Moved:
    """People who were moved by a line. ``transfer`` is None when both runs are the same school's."""

    line: MoveLine
    heads: int
    transfer: Transfer | None


def _move(
    lines: Iterable[MoveLine],
    plan: MovePlan,
    runs: Mapping[int, CourseRun],
    *,
    actor: Actor,
    now: datetime,
) -> list[Moved]:
    """Move these lines' people now. Runs, offers and plan are locked, and the seats are held.

    Written in bulk, so that a plan with many people holds its locks briefly. Whoever has gone another way
    meanwhile is left out with their line.
    """
    going = _going([line for line in lines if line.offer_id is not None])
    if not going:
        return []
    offers = SeatOffer.objects.in_bulk([line.offer_id for line, _people in going])
    transition_all(
        list(offers.values()),
        "accept",
        table=OFFER_TRANSITIONS,
        actor=actor,
        now=now,
        field="state",
        answered_at=now,
    )
    left = [row for _line, people in going for row in people]
    arrived = Enrolment.objects.bulk_create(
        [
            Enrolment(
                sign_up_id=row.sign_up_id,
                learner_id=row.learner_id,
                run=runs[line.target_id],
                origin_id=row.origin_id,
                status=EnrolmentStatus.ENROLLED,
                queued_at=row.queued_at,
                seated_at=now,
                previous=row,
            )
            for line, people in going
            for row in people
        ],
        batch_size=500,
    )
    transition_all(
        left,
        "transfer",
        table=ENROLMENT_TRANSITIONS,
        actor=actor,
        now=now,
        reason=_("Sagde ja til at flytte til et andet hold."),
        ended_at=now,
    )
    _follow_their_people(going)
    MoveLine.objects.filter(pk__in=[line.pk for line, _people in going]).update(
        state=MoveState.MOVED
    )
    for line, people in going:
        record(
            line.order,
            before={"run": line.source_id},
            after={"run": line.target_id, "heads": len(people)},
            summary=_("Flyttet til et andet hold. Det koster intet gebyr."),
            network_id=plan.network_id,
            organisation_id=runs[line.target_id].organisation_id,
        )
    here = iter(arrived)
    made = [(line, list(islice(here, len(people)))) for line, people in going]
    transfers = _transfer(made, plan, runs, now=now)
    for pk in sorted({pk for line, _people in going for pk in (line.source_id, line.target_id)}):
        fill(runs[pk], actor=actor, now=now)
    return [Moved(line, len(people), transfers.get(line.pk)) for line, people in going]


def _going(lines: Sequence[MoveLine]) -> list[tuple[MoveLine, list[Enrolment]]]:
    """The lines with their people who still are where they were asked from; nobody goes twice."""
    members = _members_of(lines)
    gone: set[int] = set()
    going = []
    for line in lines:
        people = [row for row in members[line.pk] if row.pk not in gone]
        if people:
            going.append((line, people))
            gone |= {row.pk for row in people}
    return going


def _follow_their_people(going: Sequence[tuple[MoveLine, list[Enrolment]]]) -> None:
    """A sign-up stands on the run where all of its people are now; one whose people are in two stays."""
    where: dict[int, set[int]] = {}
    orders = {line.order.pk for line, _people in going}
    for order, run in Enrolment.objects.filter(sign_up__in=orders, status__in=LIVE).values_list(
        "sign_up_id", "run_id"
    ):
        where.setdefault(order, set()).add(run)
    to: dict[int, list[int]] = {}
    for order in orders:
        match sorted(where.get(order, ())):
            case [run]:
                to.setdefault(run, []).append(order)
    for run, pks in sorted(to.items()):
        SignUp.objects.filter(pk__in=pks).update(run=run, is_elsewhere=False)


def _transfer(
    made: Sequence[tuple[MoveLine, list[Enrolment]]],
    plan: MovePlan,
    runs: Mapping[int, CourseRun],
    *,
    now: datetime,
) -> dict[int, Transfer]:
    """The transfers of those who came to another school, by line, and the ledger told of them."""
    today = clock.local_date(now)
    between = [
        (line, people, runs[line.source_id], runs[line.target_id])
        for line, people in made
        if runs[line.source_id].organisation_id != runs[line.target_id].organisation_id
    ]
    transfers = Transfer.objects.bulk_create(
        [
            Transfer(
                network_id=plan.network_id,
                line=line,
                sign_up_id=line.order.pk,
                source=source,
                target=target,
                origin_id=source.organisation_id,
                holder_id=target.organisation_id,
                heads=len(people),
                special_needs=line.special_needs if line.has_consent else "",
                has_consent=line.has_consent,
                due_on=max(today, min(today + timedelta(days=DUE_DAYS), target.starts_on)),
                created_at=now,
            )
            for line, people, source, target in between
        ],
        batch_size=500,
    )
    through = Transfer.enrolments.through
    through.objects.bulk_create(
        [
            through(transfer_id=transfer.pk, enrolment_id=row.pk)
            for transfer, (_line, people, _source, _target) in zip(transfers, between, strict=True)
            for row in people
        ],
        batch_size=500,
    )
    tell_ledger(
        [
            (transfer, target)
            for transfer, (_line, _people, _source, target) in zip(transfers, between, strict=True)
        ],
        now=now,
    )
    return {
        line.pk: transfer
        for transfer, (line, _people, _source, _target) in zip(transfers, between, strict=True)
    }


def _promise(run: CourseRun, *, actor: Actor, now: datetime) -> None:
    """The run is held (R37). One that another system keeps is told about by mail and task."""
    run.refresh_from_db()
    if run.is_own and run.status == "announced":
        keeping.confirm_run(actor=actor, now=now, run=run, version=run.version)


def _close_if_empty(run: CourseRun, plan: MovePlan, *, actor: Actor, now: datetime) -> None:
    """Cancel a run that everybody has left. Where somebody stays, its school decides."""
    run.refresh_from_db()
    has_people = Enrolment.objects.filter(run=run, status__in=LIVE).exists()
    if run.is_own and not run.used and not has_people and run.status in ("announced", "confirmed"):
        keeping.cancel_run(
            actor=actor,
            now=now,
            run=run,
            version=run.version,
            reason=_("Holdet er lagt sammen med et andet."),
        )


def _tell_moved(done: Iterable[Moved], *, now: datetime) -> None:
    done = list(done)
    orders = SignUp.objects.select_related("run__course", "run__organisation").in_bulk(
        [item.line.order.pk for item in done]
    )
    runs = CourseRun.objects.select_related("course", "organisation").in_bulk(
        sorted({pk for item in done for pk in (item.line.source_id, item.line.target_id)})
    )
    mails: list[notifications.Mail] = []
    for item in done:
        sign_up, source = orders[item.line.order.pk], runs[item.line.source_id]
        mails.append(
            (
                sign_up,
                notifications.MoveDone,
                {
                    "run": runs[item.line.target_id],
                    "source": source,
                    "count": item.heads,
                    "is_other_school": item.transfer is not None,
                    "is_employer": sign_up.orderer == "company",
                },
            )
        )
    lines = {item.line.pk: item.line for item in done}
    links = MoveLine.enrolments.through.objects.filter(
        moveline__in=list(lines), enrolment__learner__is_employed=True
    )
    for link in links.select_related("enrolment__learner", "enrolment__sign_up").order_by("pk"):
        line = lines[link.moveline_id]
        employers.tell_moved([link.enrolment], runs[line.source_id], runs[line.target_id], now=now)
    notifications.send_all(mails, now=now)
