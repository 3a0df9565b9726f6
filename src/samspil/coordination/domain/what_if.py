"""'Hvad nu hvis …': the answer to a round that has changed, beside the proposal that is on the table.

Nothing of it reaches the board, or the proposal: the changed problem and its answer live in a
calculation of their own (``kernel.calculations``), and what differs is worked out when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import BranchGroup
from samspil.coordination import rules
from samspil.coordination.domain import planning, proposal_queries, standing
from samspil.coordination.domain.planning import Change, Possible, Side, What
from samspil.coordination.domain.proposals import WORK
from samspil.coordination.domain.reasons import days_words, listed
from samspil.coordination.enums import ProposalStatus
from samspil.coordination.models import Proposal
from samspil.kernel import calculations
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.models import Calculation, CalculationStatus

KIND: Final = "coordination.what_if"

AT_ONCE: Final = 3
"""So many questions about one proposal may wait for an answer."""

ASKED_SHOWN: Final = 10

_WITH_ANSWER: Final = (ProposalStatus.READY, ProposalStatus.USED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked, for the list."""

    id: int
    words: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Start:
    """The page where one asks. ``can``: what can be asked about; ``labels``: its names."""

    proposal: Proposal
    can: Possible
    labels: dict[str, str]
    asked: tuple[Asked, ...]
    fkb_number: str


@dataclass(frozen=True, slots=True)
class Term:
    """One objective, before and after. ``better``: ``before``, ``after`` or ``equal``."""

    label: str
    before: str
    after: str
    better: str


@dataclass(frozen=True, slots=True)
class Move:
    """A course that somebody else would have. Empty: nobody."""

    number: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Moves:
    """Courses to which the same would happen."""

    title: str
    is_gap: bool
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """The page of one question: how far it is, or what would differ."""

    id: int
    proposal: Proposal
    words: str
    fkb_number: str
    running: standing.Running | None
    trouble: str
    summary: str
    standing: str
    terms: tuple[Term, ...]
    groups: tuple[Moves, ...]


@action("coordination.ask_what_if", permission=rules.may_use_proposal, on="proposal")
def ask_what_if(*, actor: Actor, now: datetime, proposal: Proposal, change: Change) -> Calculation:
    """Let the worker calculate what a change would mean; nothing on the board changes.

    Raises ``Conflict`` when the proposal has no answer to compare with or enough questions wait,
    ``Invalid`` when the change is about nothing in it.
    """
    proposal = lock_row(Proposal.objects.select_related("round__network"), proposal.pk)
    if proposal.status not in _WITH_ANSWER or not proposal.solution:
        raise Conflict(_("Der er intet forslag at sammenligne med. Bed om et forslag først."))
    waiting = calculations.of(proposal, KIND).filter(status__in=calculations.WAITING).count()
    if waiting >= AT_ONCE:
        raise Conflict(_("Vent, til de spørgsmål, I har stillet, er besvaret."))
    try:
        problem = planning.changed_problem(proposal.problem, change)
    except planning.PlannerFault:
        raise Invalid(_("Vælg noget fra listen."), field="school") from None
    labels = _labels(proposal)
    calculation = calculations.start(
        kind=KIND,
        subject=proposal,
        problem=problem,
        first=planning.start_from(proposal.solution),
        payload={
            "change": change.to_json(),
            "labels": labels,
            "gaps": planning.gaps_of(problem),
        },
        work=WORK,
        seconds=settings.SAMSPIL_SOLVER_SECONDS,
        now=now,
    )
    with translation.override("da"):
        record(
            proposal,
            after={"change": change.to_json()},
            summary=_("Spurgte: %(question)s") % {"question": change_words(change, labels)},
            network_id=proposal.round.network_id,
        )
    return calculation


@action("coordination.stop_what_if", permission=rules.may_use_proposal, on="proposal")
def stop_what_if(*, actor: Actor, now: datetime, proposal: Proposal, calculation_id: int) -> None:
    """Be content with the best answer so far to a question. Nothing happens when it is over already."""
    row = calculations.of(proposal, KIND).filter(pk=calculation_id).first()
    if row is None:
        raise NotFound("")
    if calculations.ask_to_stop(row, now=now):
        with translation.override("da"):
            record(
                proposal,
                after={"calculation": row.pk},
                summary=_("Bad om det bedste svar indtil nu."),
                network_id=proposal.round.network_id,
            )


def start(actor: Actor, proposal_id: int) -> Start:
    """What can be asked, and what was. Raises ``NotFound`` outside one's rounds and without an answer."""
    proposal = _whole(actor, proposal_id)
    labels = _labels(proposal)
    rows = Calculation.objects.filter(pk__in=calculations.of(proposal, KIND).values("pk"))
    rows = rows.exclude(status=CalculationStatus.DROPPED).only("pk", "payload", "status")
    asked = tuple(
        Asked(
            id=row.pk,
            words=change_words(Change.from_json(row.payload["change"]), row.payload["labels"]),
            is_over=row.is_over,
        )
        for row in rows.order_by("-pk")[:ASKED_SHOWN]
    )
    return Start(
        proposal=proposal,
        can=planning.possible(proposal.problem),
        labels=labels,
        asked=asked,
        fkb_number=proposal.round_fkb.fkb.number if proposal.round_fkb else "",
    )


def answered(actor: Actor, proposal_id: int, calculation_id: int, now: datetime) -> Answered:
    """A question's answer beside the proposal, or how far it is. Raises ``NotFound``."""
    proposal = _whole(actor, proposal_id)
    row = Calculation.objects.filter(
        pk=calculation_id,
        kind=KIND,
        subject_type=proposal._meta.label_lower,
        subject_id=proposal.pk,
    ).first()
    if row is None:
        raise NotFound("")
    labels = row.payload["labels"]
    change = Change.from_json(row.payload["change"])
    running, trouble, summary, how_good = None, "", "", ""
    terms: tuple[Term, ...] = ()
    groups: tuple[Moves, ...] = ()
    if not row.is_over:
        running = standing.running(row, now, row.payload["gaps"])
    elif row.result is None or row.result["status"] == "impossible":
        status = row.result["status"] if row.result else ""
        trouble = standing.failure_words({"failure": row.failure, "status": status})
    else:
        try:
            before = planning.side(proposal.problem, proposal.solution)
            after = planning.side(row.problem, row.result)
        except planning.PlannerFault:
            trouble = standing.failure_words({"failure": "broke_rules"})
        else:
            terms = tuple(_terms(before, after))
            groups = tuple(_moves(before, after, labels))
            summary = _summary(before, after)
            how_good = standing.standing_words(after.numbers)
    return Answered(
        id=row.pk,
        proposal=proposal,
        words=change_words(change, labels),
        fkb_number=proposal.round_fkb.fkb.number if proposal.round_fkb else "",
        running=running,
        trouble=trouble,
        summary=summary,
        standing=how_good,
        terms=terms,
        groups=groups,
    )


def change_words(change: Change, labels: dict[str, str]) -> str:
    """``Tradium forlader samarbejdet``: a change without the 'what if' before it."""
    school = labels.get(change.school, change.school)
    if change.what == What.LEAVES:
        return _("%(school)s forlader samarbejdet") % {"school": school}
    if change.what == What.LOSES:
        return _("%(school)s mister godkendelsen til FKB %(fkb)s") % {
            "school": school,
            "fkb": change.fkb,
        }
    return _("%(school)s har %(days)s til andre i %(group)s") % {
        "school": school,
        "days": days_words(change.days),
        "group": labels.get(f"group:{change.group}", change.group),
    }


def _whole(actor: Actor, proposal_id: int) -> Proposal:
    proposal = proposal_queries.get_proposal(actor, proposal_id)
    proposal.refresh_from_db(fields=["problem", "solution"])
    if proposal.status not in _WITH_ANSWER or not proposal.solution:
        raise NotFound("")
    return proposal


def _labels(proposal: Proposal) -> dict[str, str]:
    """What the problem's schools and branch groups are called."""
    groups = BranchGroup.objects.filter(fkbs__rounds__round=proposal.round_id).distinct()
    return {
        **planning.possible(proposal.problem).labels,
        **{f"group:{group.key}": group.name for group in groups.order_by("position", "pk")},
    }


def _summary(before: Side, after: Side) -> str:
    """The change in one sentence: gaps that stay open."""
    left_before = before.gaps - int(before.numbers["covered"])
    left_after = after.gaps - int(after.numbers["covered"])
    more = left_after - left_before
    if more > 0:
        return ngettext(
            "%(count)s mål mere ville mangle en udbyder.",
            "%(count)s flere mål ville mangle en udbyder.",
            more,
        ) % {"count": more}
    if more < 0:
        return ngettext(
            "%(count)s mål mere ville få en udbyder.",
            "%(count)s flere mål ville få en udbyder.",
            -more,
        ) % {"count": -more}
    if left_after:
        return _("Der ville mangle udbydere til lige så mange mål som nu.")
    return _("Alle mål kunne stadig få en udbyder.")


def _terms(before: Side, after: Side) -> Iterator[Term]:
    """Objectives in their order, in figures that people read; those that nothing is known of are left out."""

    def courses(value: int) -> str:
        return ngettext("%(count)s mål", "%(count)s mål", value) % {"count": value}

    def km(value: int) -> str:
        return _("%(km)s km") % {"km": number_format(value, 0, force_grouping=True)}

    def plain(value: int) -> str:
        return number_format(value, 0, force_grouping=True)

    yield _term(_("Huller"), before.gaps, after.gaps, courses, less_is_better=True)
    open_before, open_after = (s.gaps - int(s.numbers["covered"]) for s in (before, after))
    label = _("Huller, der ikke kan lukkes")
    yield _term(label, open_before, open_after, courses, less_is_better=True)
    # Of more gaps more are closed in any way, so the last three are neither better nor worse.
    shown: tuple[tuple[str, str, Callable[[int], str], bool | None], ...] = (
        ("max_extra_courses", _("Flest ekstra mål til én skole"), courses, True),
        ("far", _("Kursister langt fra et hold"), plain, True),
        ("longest_km", _("Længste vej fra en godkendt skole"), km, True),
        ("kept", _("Mål med samme udbyder som sidste år"), courses, None),
        ("joint", _("Fælles hold på mål, der manglede en udbyder"), courses, None),
        ("guarantees", _("Garantihold"), courses, None),
    )
    for name, label, words, less in shown:
        values = [side.numbers.get(name) for side in (before, after)]
        if name == "far" and not any(values):
            continue
        if values[0] is not None and values[1] is not None:
            yield _term(label, int(values[0]), int(values[1]), words, less_is_better=less)


def _term(
    label: str,
    before: int,
    after: int,
    words: Callable[[int], str],
    *,
    less_is_better: bool | None,
) -> Term:
    better = "equal"
    if before != after and less_is_better is not None:
        better = "after" if (after < before) == less_is_better else "before"
    return Term(label, words(before), words(after), better)


def _moves(before: Side, after: Side, labels: dict[str, str]) -> Iterator[Moves]:
    """What would happen to courses: nobody would have them, somebody else, or fewer or more schools."""

    def who(schools: tuple[str, ...]) -> str:
        names = (labels.get(key, key) if key else _("aftale uden for runden") for key in schools)
        return listed(names)

    lost: list[Move] = []
    other: list[Move] = []
    fewer: list[Move] = []
    for key, now in sorted(after.held.items(), key=lambda item: item[0].rpartition("/")[2]):
        was = before.held.get(key, ())
        if now == was:
            continue
        move = Move(key.rpartition("/")[2], after.titles[key], who(was), who(now))
        stays = set(was) & set(now)
        (lost if not now else fewer if stays else other).append(move)
    for title, is_gap, moves in (
        (_("Mål, som ingen ville have"), True, lost),
        (_("Mål, som en anden ville have"), False, other),
        (_("Mål med færre eller flere skoler"), False, fewer),
    ):
        if moves:
            yield Moves(title, is_gap, tuple(moves))
