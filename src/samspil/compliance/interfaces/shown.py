"""How agreements stand, as the pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.compliance.domain.queries import ACT, Rate, Story, Tally
from samspil.compliance.domain.words import guarantee_words, reason_words
from samspil.compliance.enums import GuaranteeStanding, Standing
from samspil.compliance.models import FollowUp, FollowUpChange, RoundCheck
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.models import RoundCourse
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun
from samspil.ui.components import Bar, Entry, Figure, Segment
from samspil.ui.templatetags.ui import da_date

TAGS = {
    Standing.KEPT: "ok",
    Standing.LATE: "wait",
    Standing.DRIFTED: "joint",
    Standing.CANCELLED: "gap",
    Standing.MISSING: "gap",
    Standing.PENDING: "plain",
    Standing.UNKNOWN: "plain",
}
GUARANTEE_TAGS = {
    GuaranteeStanding.OPEN: "plain",
    GuaranteeStanding.NOT_GIVEN: "wait",
    GuaranteeStanding.KEPT: "ok",
    GuaranteeStanding.BROKEN: "gap",
}
_BAD = (Standing.MISSING, Standing.CANCELLED, Standing.DRIFTED)


def role_words(row: FollowUp) -> str:
    """What the school does for the course."""
    if row.external:
        return _("Aftale uden for kredsen")
    return str(CommitmentRole(row.role).label)


def is_made_up(row: RoundCourse) -> bool:
    """Whether the course, or what was agreed about it, is a constructed example."""
    return row.course.is_constructed or row.round_fkb.fkb.is_constructed


def percent_words(rate: Rate) -> str:
    """``75 %``; a dash when nothing is decided."""
    percent = rate.percent
    return "–" if percent is None else _("%(percent)s %%") % {"percent": percent}


def cells(tally: Tally) -> SafeString:
    """The numbers of a row, by standing. Joined here: a template takes five times as long for 700."""
    return format_html_join(
        "", '<td class="num">{}</td>', ((tally.of(status),) for status in Standing)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A commitment in a list."""

    row: FollowUp
    tag: str
    role: str
    words: str
    guarantee: str
    guarantee_tag: str
    is_constructed: bool


def line_of(row: FollowUp) -> Line:
    """A commitment in words."""
    return Line(
        row,
        TAGS[Standing(row.status)],
        role_words(row),
        reason_words(row.reason),
        guarantee_words(row),
        GUARANTEE_TAGS.get(GuaranteeStanding(row.guarantee_status), ""),
        is_made_up(row.round_course),
    )


def figures(tally: Tally) -> list[Figure]:
    """The numbers that carry the page."""
    rate = tally.rate
    return [
        Figure(
            tally.of(Standing.KEPT) + tally.of(Standing.LATE),
            _("aftaler er annonceret som aftalt"),
            of=tally.decided,
            tone="good",
        ),
        Figure(
            tally.of(Standing.MISSING),
            _("skulle være annonceret og er det ikke"),
            tone="bad" if tally.of(Standing.MISSING) else "good",
        ),
        Figure(
            tally.of(Standing.DRIFTED) + tally.of(Standing.CANCELLED),
            _("afviger eller er aflyst"),
            tone="bad" if tally.of(Standing.DRIFTED) + tally.of(Standing.CANCELLED) else "good",
        ),
        Figure(
            percent_words(rate),
            _("af garantiholdene er holdt (%(held)s af %(all)s)")
            % {"held": rate.held, "all": rate.held + rate.broken}
            if rate.percent is not None
            else _("intet garantihold er afgjort endnu"),
            tone="" if rate.percent is None else "bad" if rate.broken else "good",
        ),
    ]


def bars(tally: Tally, before: RoundCheck | None) -> list[Bar]:
    """How many stand how; with the change since the check before, when all is shown."""
    return [
        Bar(
            str(status.label),
            tally.of(status),
            tone="bad" if status in _BAD else "good" if status == Standing.KEPT else "",
            note=_since(tally.of(status), before.counts.get(status.value)) if before else "",
        )
        for status in Standing
    ]


def _since(now: int, then: int | None) -> str:
    if then is None or then == now:
        return ""
    return f"({now - then:+d})".replace("-", "−")


def states(tally: Tally, text: str, chosen: str) -> list[Segment]:
    """The filter of a school's list, with how many each choice has."""
    choices = [
        ("", _("Alle"), tally.all),
        (ACT, _("Kræver noget"), tally.to_act_on + tally.not_given),
    ]
    choices += [(s.value, str(s.label), tally.of(s)) for s in Standing if tally.of(s)]
    return [
        Segment(label, _query(vis=value, q=text), count=count, current=value == chosen)
        for value, label, count in choices
    ]


def _query(**values: str) -> str:
    return f"?{urlencode({key: value for key, value in values.items() if value})}"


def course_states(counts: dict[str, int], text: str, chosen: str) -> list[Segment]:
    """The filter of the list of courses."""
    labels = {"": _("Alle"), ACT: _("Kræver noget"), "guarantee": _("Med garanti")}
    return [
        Segment(label, _query(vis=value, q=text), count=counts[value], current=value == chosen)
        for value, label in labels.items()
    ]


@dataclass(frozen=True, slots=True)
class RunLine:
    """An announced run beside a commitment: since when, and what became of it."""

    run: CourseRun
    place: str
    since: str
    state: str
    tag: str


def run_lines(runs: Sequence[CourseRun]) -> list[RunLine]:
    """The runs that a commitment was judged by."""
    return [_run_line(run) for run in runs]


def _run_line(run: CourseRun) -> RunLine:
    trace = getattr(run, "trace", None)
    if run.status == RunStatus.CANCELLED:
        state, tag = str(RunStatus.CANCELLED.label), "gap"
    elif trace is not None and trace.gone_on is not None and not run.is_own:
        state, tag = _("Væk fra søgningen %(day)s") % {"day": da_date(trace.gone_on)}, "wait"
    else:
        state, tag = str(run.get_status_display()), "ok"
    return RunLine(
        run,
        ", ".join(part for part in (run.street, f"{run.postcode} {run.city}".strip()) if part),
        da_date(trace.first_seen_on) if trace else da_date(run.seen_on),
        state,
        tag,
    )


def entries(story: Story) -> list[Entry]:
    """What happened to a commitment and its runs, the newest first."""
    found: list[tuple[date, int, Entry]] = []
    for change in story.history:
        found.append((change.on, 1, _entry(change)))
    for run in story.run_changes:
        text = _("Hold %(start)s: %(kind)s") % {
            "start": da_date(run.starts_on),
            "kind": str(run.get_kind_display()).lower(),
        }
        fields = ngettext("%(count)s felt", "%(count)s felter", len(run.fields)) % {
            "count": len(run.fields)
        }
        entry = Entry(
            run.on,
            _("Den landsdækkende søgning"),
            text,
            detail=fields if run.fields else "",
            url=f"{reverse('runs:changes')}?q={run.kviknummer}&dage=400",
        )
        found.append((run.on, 0, entry))
    found.sort(key=lambda item: (item[0], item[1]), reverse=True)
    return [entry for _day, _kind, entry in found]


def _entry(change: FollowUpChange) -> Entry:
    after = Standing(change.after)
    if change.before and change.before != change.after:
        text = _("%(before)s → %(after)s") % {
            "before": change.get_before_display(),
            "after": change.get_after_display(),
        }
    elif change.before:
        text = str(change.get_guarantee_after_display())
    else:
        text = str(change.get_after_display())
    return Entry(
        change.on,
        _("Kontrol"),
        text,
        detail=reason_words(change.reason),
        tone="good" if after == Standing.KEPT else "bad" if after in _BAD else "",
    )
