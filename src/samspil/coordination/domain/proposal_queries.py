"""What the strip on the board and the page of a proposal show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import rules
from samspil.coordination.domain import round_queries, standing
from samspil.coordination.domain.board import person_name
from samspil.coordination.domain.planning import FAR_KM
from samspil.coordination.domain.proposals import KIND
from samspil.coordination.domain.reasons import sentences
from samspil.coordination.enums import CommitmentRole, LineState, ProposalStatus
from samspil.coordination.models import Proposal, ProposalLine, Round, RoundCourse, RoundFkb
from samspil.kernel import calculations
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound

NAMED_SCHOOLS: Final = 4
NAMED_COURSES: Final = 6
"""A summary with more than so many schools, or courses of one school, counts instead of naming."""

_LARGE: Final = ("problem", "solution")
"""Some hundred kilobytes of JSON that no page shows; read when asked for."""

_SHOWN: Final = (ProposalStatus.QUEUED, ProposalStatus.READY, ProposalStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Take:
    """A school and the numbers of the courses it would hold."""

    school: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """The proposal strip of a board, of one FKB or (``fkb_id`` empty) of the whole round.

    ``status`` is ``none`` when nothing is proposed. ``takes`` is empty when there are too many to
    name; ``takes_words`` says it then. ``facts`` are whole sentences; ``standing`` says how good the
    answer is known to be, ``trouble`` what went wrong and what one can do. ``is_whole``: everything
    was weighed, and every gap can be closed.
    """

    round_id: int
    fkb_id: int | None
    status: str
    headline: str
    proposal_id: int | None = None
    takes: tuple[Take, ...] = ()
    takes_words: str = ""
    facts: tuple[str, ...] = ()
    may_decide: bool = False
    has_lines: bool = False
    is_complete: bool = True
    gaps: int = 0
    standing: str = ""
    trouble: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a proposal's page, with its reasons in words.

    ``is_first``: the first of its course, where number and title stand. ``against``: the facts that
    contradict each other, so that the course stays a gap.
    """

    id: int
    number: str
    title: str
    school: str
    role: str
    role_label: str
    when: str
    reasons: tuple[str, ...]
    helps: tuple[str, ...]
    against: tuple[str, ...]
    state: str
    state_label: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one FKB."""

    fkb: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the page: gaps that would be closed, or joint runs on courses that have a school."""

    key: str
    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that a proposal's page shows."""

    proposal: Proposal
    strip: Strip
    parts: tuple[Part, ...]
    uncovered: tuple[Group, ...]
    has_constructed: bool
    terms: tuple[tuple[str, str], ...]
    made_at: datetime
    is_open: bool
    may_read_problem: bool
    asked_by: str
    fkb_number: str
    running: standing.Running | None = None
    impossible: tuple[str, ...] = ()
    may_ask_what_if: bool = False

    @property
    def fkb_label(self) -> str:
        """``FKB 2222``; empty for the whole round."""
        return f"FKB {self.fkb_number}" if self.fkb_number else ""


@dataclass(slots=True)
class _Sum:
    """What a proposal's open lines come to."""

    takes: dict[str, list[str]] = field(default_factory=dict)
    joint: set[int] = field(default_factory=set)
    extras: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    figures: list[dict[str, int]] = field(default_factory=list)
    lines: int = 0


def get_proposal(actor: Actor, proposal_id: int) -> Proposal:
    """The proposal, for those who see its round. Raises ``NotFound`` otherwise."""
    found = (
        Proposal.objects.filter(pk=proposal_id, round__in=Round.objects.visible_to(actor))
        .select_related("round__network", "round_fkb__fkb")
        .defer(*_LARGE)
        .first()
    )
    if found is None:
        raise NotFound("")
    return found


def get_round_fkb(actor: Actor, round_id: int, round_fkb_id: int | None) -> RoundFkb | None:
    """The FKB of a round that the actor sees; ``None`` for the whole round."""
    if round_fkb_id is None:
        return None
    round = round_queries.get_round(actor, round_id)
    found = RoundFkb.objects.filter(pk=round_fkb_id, round=round).select_related("fkb").first()
    if found is None:
        raise NotFound("")
    return found


def strip(actor: Actor, round: Round, round_fkb: RoundFkb | None = None, *, gaps: int) -> Strip:
    """The strip for the board: the last proposal about the FKB (or round), or the way to ask.

    ``gaps``: how many gaps the board shows now. Three queries, whatever the size.
    """
    may_decide = rules.may_run_round(actor, round) and round.status != "closed"
    about = (
        Q(round_fkb=round_fkb) | Q(round_fkb__isnull=True)
        if round_fkb
        else Q(round_fkb__isnull=True)
    )
    proposal = (
        Proposal.objects.filter(about, round=round, status__in=_SHOWN)
        .defer(*_LARGE)
        .order_by("-created_at", "-pk")
        .first()
    )
    lines: Sequence[ProposalLine] = ()
    if proposal is not None:
        lines = _lines(proposal, round_fkb)
    if proposal is None or (proposal.status == ProposalStatus.READY and not _open(lines)):
        return _nothing(round, round_fkb, gaps=gaps, may_decide=may_decide)
    return _strip(proposal, round_fkb, lines, may_decide=may_decide, gaps=gaps)


def page(actor: Actor, proposal_id: int, now: datetime) -> Page:
    """A proposal with every line and its reasons, or how far its calculation is.

    Raises ``NotFound`` outside one's rounds.
    """
    proposal = get_proposal(actor, proposal_id)
    running = None
    if proposal.status == ProposalStatus.QUEUED:
        gaps = int(proposal.statistics.get("gaps", 0))
        running = standing.running(calculations.of(proposal, KIND).first(), now, gaps)
    lines = _lines(proposal, None)
    held = {line.round_course_id for line in lines if line.role == CommitmentRole.HOLDER}
    closing = [line for line in lines if line.organisation_id and line.round_course_id in held]
    joint = [line for line in lines if line.organisation_id and line.round_course_id not in held]
    parts = (
        Part("closing", _("Huller, der kan lukkes"), _groups(closing)),
        Part("joint", _("Fælles hold for mål med lav aktivitet"), _groups(joint)),
    )
    may_decide = rules.may_use_proposal(actor, proposal)
    return Page(
        proposal=proposal,
        strip=_strip(proposal, proposal.round_fkb, lines, may_decide=may_decide),
        parts=tuple(part for part in parts if part.groups),
        uncovered=_groups([line for line in lines if not line.organisation_id]),
        has_constructed=any(line.round_course.course.is_constructed for line in lines),
        terms=tuple(_terms(proposal.statistics)),
        made_at=proposal.finished_at or proposal.created_at,
        is_open=proposal.status == ProposalStatus.READY and may_decide,
        may_read_problem=rules.may_read_problem(actor, proposal),
        asked_by=person_name(proposal.requested_by_label),
        fkb_number=proposal.round_fkb.fkb.number if proposal.round_fkb else "",
        running=running,
        may_ask_what_if=may_decide
        and proposal.status in (ProposalStatus.READY, ProposalStatus.USED),
        impossible=tuple(sentences(proposal.statistics.get("impossible", ()))),
    )


def _lines(proposal: Proposal, round_fkb: RoundFkb | None) -> list[ProposalLine]:
    lines = proposal.lines.select_related(
        "round_course__course", "round_course__round_fkb__fkb", "organisation"
    )
    if round_fkb is not None:
        lines = lines.filter(round_course__round_fkb=round_fkb)
    # Holder before follower; courses as on the board.
    return sorted(
        lines.order_by("pk"),
        key=lambda line: (
            line.round_course.round_fkb.fkb.number,
            line.round_course.course.number,
            line.role != CommitmentRole.HOLDER,
            line.organisation.label if line.organisation else "",
        ),
    )


def _open(lines: Iterable[ProposalLine]) -> list[ProposalLine]:
    return [line for line in lines if line.state == LineState.OPEN and line.organisation_id]


def _nothing(round: Round, round_fkb: RoundFkb | None, *, gaps: int, may_decide: bool) -> Strip:
    headline = (
        ngettext("%(count)s mål mangler en udbyder", "%(count)s mål mangler en udbyder", gaps)
        % {"count": gaps}
        if gaps
        else _("Alle mål har en udbyder")
    )
    return Strip(
        round_id=round.pk,
        fkb_id=round_fkb.pk if round_fkb else None,
        status="none",
        headline=headline,
        may_decide=may_decide,
        gaps=gaps,
    )


def _sum(lines: Sequence[ProposalLine]) -> _Sum:
    found = _Sum()
    open_lines = _open(lines)
    found.lines = len(open_lines)
    held = {line.round_course_id for line in open_lines if line.role == CommitmentRole.HOLDER}
    for line in open_lines:
        number = line.round_course.course.number
        if line.role == CommitmentRole.HOLDER and line.organisation:
            found.takes.setdefault(line.organisation.label, []).append(number)
            found.figures.append(line.reason.get("figures", {}))
        elif line.role == CommitmentRole.OWN:
            found.extras.append(number)
        elif line.round_course_id not in held:
            found.joint.add(line.round_course_id)
    found.uncovered = [
        line.round_course.course.number for line in lines if not line.organisation_id
    ]
    return found


def _strip(
    proposal: Proposal,
    round_fkb: RoundFkb | None,
    lines: Sequence[ProposalLine],
    *,
    may_decide: bool,
    gaps: int | None = None,
) -> Strip:
    """``gaps``: the board's gaps now; ``None`` on the proposal's page, which tells of its own time."""
    total = _sum(lines)
    takes = tuple(Take(school, tuple(courses)) for school, courses in total.takes.items())
    is_short = len(takes) <= NAMED_SCHOOLS and all(len(t.numbers) <= NAMED_COURSES for t in takes)
    is_ready = proposal.status == ProposalStatus.READY
    return Strip(
        round_id=proposal.round_id,
        fkb_id=round_fkb.pk if round_fkb else None,
        proposal_id=proposal.pk,
        status=proposal.status,
        headline=_headline(proposal, total, round_fkb, gaps),
        takes=takes if is_short and is_ready else (),
        takes_words="" if is_short else _takes_words(takes),
        facts=tuple(_facts(total)) if is_ready else (),
        may_decide=may_decide,
        has_lines=total.lines > 0,
        is_complete=not total.uncovered,
        gaps=len(total.uncovered) + sum(len(t.numbers) for t in takes),
        standing=standing.standing_words(proposal.statistics) if is_ready else "",
        trouble=_trouble(proposal),
        is_whole=not total.uncovered and proposal.statistics.get("status") != "stopped",
    )


def _trouble(proposal: Proposal) -> str:
    if proposal.status == ProposalStatus.FAILED:
        return standing.failure_words(proposal.statistics)
    if proposal.status == ProposalStatus.READY:
        return standing.went_wrong_words(proposal.statistics)
    return ""


def _headline(
    proposal: Proposal, total: _Sum, round_fkb: RoundFkb | None, now_gaps: int | None
) -> str:
    status = proposal.status
    if status == ProposalStatus.QUEUED:
        return _("Forslaget beregnes")
    if status == ProposalStatus.FAILED:
        return _("Forslaget kunne ikke beregnes")
    if status == ProposalStatus.USED:
        return _("Forslaget er brugt")
    if status == ProposalStatus.DISCARDED:
        return _("Forslaget er forkastet")
    closed = sum(len(courses) for courses in total.takes.values())
    gaps = closed + len(total.uncovered)
    if not gaps and total.extras and not total.joint:
        return ngettext(
            "Forslag: %(count)s ekstra udbud", "Forslag: %(count)s ekstra udbud", len(total.extras)
        ) % {"count": len(total.extras)}
    if not gaps and total.joint:
        return ngettext(
            "Forslag: %(count)s fælles hold", "Forslag: %(count)s fælles hold", len(total.joint)
        ) % {"count": len(total.joint)}
    if not gaps:
        return _("Forslag: intet at ændre")
    if not total.uncovered and (now_gaps is None or closed >= now_gaps):
        duty = _duty_courses(proposal, round_fkb)
        return ngettext(
            "Forslag: målet kan dækkes", "Forslag: alle %(count)s mål kan dækkes", duty
        ) % {"count": duty}
    gaps = max(gaps, now_gaps or 0)
    if not closed:
        return ngettext(
            "Forslag: hullet kan ikke lukkes",
            "Forslag: ingen af de %(count)s huller kan lukkes",
            gaps,
        ) % {"count": gaps}
    return _("Forslag: %(closed)s af %(gaps)s huller kan lukkes") % {"closed": closed, "gaps": gaps}


def _duty_courses(proposal: Proposal, round_fkb: RoundFkb | None) -> int:
    """Courses under the duty that the strip is about."""
    rows = RoundCourse.objects.filter(
        round_fkb__round=proposal.round_id, is_duty=True, archived_reason=""
    )
    if round_fkb is not None:
        rows = rows.filter(round_fkb=round_fkb)
    return rows.count()


def _takes_words(takes: Sequence[Take]) -> str:
    courses = sum(len(take.numbers) for take in takes)
    return _("%(schools)s skoler tager %(courses)s mål.") % {
        "schools": len(takes),
        "courses": courses,
    }


def _facts(total: _Sum) -> Iterable[str]:
    if total.takes:
        most = max((f["extra"] for f in total.figures if "extra" in f), default=1)
        yield ngettext(
            "Ingen skole får mere end %(count)s pligtmål ud over eget udbud.",
            "Ingen skole får mere end %(count)s pligtmål ud over eget udbud.",
            most,
        ) % {"count": most}
        after = max((f["km"] for f in total.figures if "km" in f), default=None)
        known = [f["km_before"] for f in total.figures if "km_before" in f]
        # A comparison needs the way before for each of the courses.
        before = max(known) if len(known) == len(total.figures) else 0
        if after is not None and before > after:
            yield _("Længste afstand til et hold falder fra %(before)s til %(after)s km.") % {
                "before": before,
                "after": after,
            }
        elif after is not None:
            yield _("Længste afstand til et hold er %(after)s km.") % {"after": after}
    if total.takes and total.joint:
        yield ngettext(
            "Desuden bliver %(count)s mål med lav aktivitet et fælles hold.",
            "Desuden bliver %(count)s mål med lav aktivitet fælles hold.",
            len(total.joint),
        ) % {"count": len(total.joint)}
    if total.extras:
        yield ngettext(
            "Et mål får desuden et ekstra udbud tættere på dem, der har langt: %(numbers)s.",
            "%(count)s mål får desuden et ekstra udbud tættere på dem, der har langt: %(numbers)s.",
            len(total.extras),
        ) % {"count": len(total.extras), "numbers": ", ".join(total.extras)}
    if total.uncovered:
        shown = ", ".join(total.uncovered[:NAMED_COURSES])
        if len(total.uncovered) > NAMED_COURSES:
            yield _("%(count)s mål kan ikke dækkes; begrundelsen siger, hvad der kan hjælpe.") % {
                "count": len(total.uncovered)
            }
        else:
            yield _("Kan ikke dækkes: %(numbers)s. Begrundelsen siger, hvad der kan hjælpe.") % {
                "numbers": shown
            }


def _groups(lines: Sequence[ProposalLine]) -> tuple[Group, ...]:
    """Lines in the board's order, by FKB."""
    found = []
    for _fkb, members in groupby(lines, key=lambda line: line.round_course.round_fkb_id):
        told: list[Line] = []
        row = 0
        for line in members:
            told.append(_told(line, is_first=line.round_course_id != row))
            row = line.round_course_id
            fkb = line.round_course.round_fkb.fkb
        found.append(Group(fkb=fkb.number, title=fkb.title, lines=tuple(told)))
    return tuple(found)


def _told(line: ProposalLine, *, is_first: bool) -> Line:
    messages = line.reason.get("messages", [])
    against = line.reason.get("contradiction", {})
    helps = [m for m in messages if m["code"].startswith("help_")]
    reasons = [m for m in messages if not m["code"].startswith("help_")]
    course = line.round_course.course
    return Line(
        id=line.pk,
        number=course.number,
        title=course.title,
        school=line.organisation.label if line.organisation else "",
        role=line.role,
        role_label=line.get_role_display() if line.role else "",
        when=line.when_text,
        reasons=tuple(sentences(reasons)),
        helps=tuple(sentences(helps)),
        against=tuple(sentences(against.get("facts", ()))),
        state=line.state,
        state_label=line.get_state_display(),
        is_first=is_first,
    )


def _terms(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """The objectives in their order, each with what it came to; those that were not asked for are left out."""
    if "covered" not in numbers:
        return []
    return [
        (f"{place}. {label}", words)
        for place, (label, words) in enumerate(_weighed(numbers), start=1)
    ]


def _weighed(numbers: dict[str, Any]) -> Iterable[tuple[str, str]]:
    covered = _("%(covered)s af %(gaps)s") % {
        "covered": numbers["covered"],
        "gaps": numbers["gaps"],
    }
    most = numbers["best_possible"]
    if numbers["covered"] == numbers["gaps"] or most is None:
        yield _("Huller lukket"), covered
    elif numbers["is_most"]:
        yield (
            _("Huller lukket"),
            _("%(covered)s; det er bevist, at flere ikke kan lukkes") % {"covered": covered},
        )
    else:
        yield (
            _("Huller lukket"),
            _("%(covered)s; højst %(most)s kan lukkes") % {"covered": covered, "most": most},
        )
    if numbers.get("stays_close"):
        yield (
            _("Så få ændringer siden det forrige forslag som muligt"),
            _courses(numbers.get("changed", 0)),
        )
    yield (
        _("Pligten delt jævnt"),
        ngettext(
            "højst %(count)s mål ekstra til én skole",
            "højst %(count)s mål ekstra til én skole",
            numbers["max_extra_courses"],
        )
        % {"count": numbers["max_extra_courses"]},
    )
    if numbers.get("far_learners") or numbers.get("extras"):
        yield (
            _("Få kursister langt fra ethvert hold"),
            ngettext(
                "%(count)s har mere end %(km)s km", "%(count)s har mere end %(km)s km",
                numbers["far_learners"],
            )
            % {"count": numbers["far_learners"], "km": FAR_KM},
        )  # fmt: skip
    if numbers["longest_km"] is not None:
        yield (
            _("Kort afstand"),
            _("højst %(km)s km at køre fra en godkendt skole") % {"km": numbers["longest_km"]},
        )
    yield _("Samme udbyder som sidste år"), _courses(numbers["kept"])
    if "joint" in numbers:
        yield _("Fælles hold på mål med lav aktivitet"), _courses(numbers["joint"])
    yield _("Garantihold"), _courses(numbers["guarantees"])


def _courses(count: int) -> str:
    return ngettext("%(count)s mål", "%(count)s mål", count) % {"count": count}
