"""Check how a round's agreements are kept, write down what changed, and tell those who must act."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.compliance import notifications, rules
from samspil.compliance.domain import judging
from samspil.compliance.domain.agreed import Agreed, commitments_of, has_any, successors
from samspil.compliance.domain.announced import looks_of, runs_of
from samspil.compliance.domain.outside import Meant, settle
from samspil.compliance.domain.words import guarantee_words, reason_words
from samspil.compliance.enums import TO_ACT_ON, UNNAMED, GuaranteeStanding, Standing
from samspil.compliance.models import FollowUp, FollowUpChange, RoundCheck
from samspil.coordination.domain.recipients import secretariat_people
from samspil.coordination.models import Round
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import plain
from samspil.kernel.errors import Conflict
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import send
from samspil.network.domain.recipients import school_people
from samspil.network.models import Organisation

MOST_LINES: Final = 20
_CHUNK: Final = 2_000
_BAD_GUARANTEES: Final = (GuaranteeStanding.NOT_GIVEN, GuaranteeStanding.BROKEN)
_COPIED: Final = (
    "organisation_id", "external", "overview_id", "is_current", "role", "runs", "when_text", "starts_on", "ends_on", "guarantee",
    "due_on", "status", "reason", "guarantee_status", "guaranteed_held", "guaranteed_broken",
    "announced", "run_ids",
)  # fmt: skip


def terms() -> judging.Terms:
    """What this installation counts as in time."""
    return judging.Terms(
        announce=settings.SAMSPIL_ANNOUNCE_DAYS,
        undated=settings.SAMSPIL_ANNOUNCE_UNDATED_DAYS,
        notice=settings.SAMSPIL_ANNOUNCE_NOTICE_DAYS,
        follow=settings.SAMSPIL_ANNOUNCE_FOLLOW_DAYS,
    )


def rounds_to_check(today: date) -> list[Round]:
    """Rounds of this year and the next, and in January of the last: those with a frozen overview."""
    first = today.year - 1 if today.month == 1 else today.year
    rounds = (
        Round.objects.filter(year__gte=first, year__lte=today.year + 1)
        .select_related("network")
        .order_by("pk")
    )
    return [round for round in rounds if has_any(round)]


@action("compliance.check_round", permission=rules.may_check, on="round")
def check_round(*, actor: Actor, now: datetime, round: Round) -> RoundCheck:
    """Judge every commitment of the round by what is announced, and keep what became another.

    Schools and secretariat are told of what is new to act on, once. Done twice, the second time
    changes nothing. Raises ``Conflict`` when nothing of the round is frozen.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    if not has_any(round):
        raise Conflict(_("Der er ingen låst oversigt i runden at kontrollere efter."))
    today = clock.local_date(now)
    wanted = _judged(round, today)
    known = {row.key: row for row in FollowUp.objects.filter(round=round).order_by("pk")}
    made, changed, history = _compare(round, wanted, known, today)
    FollowUp.objects.bulk_create(made, batch_size=_CHUNK)
    _save(changed, [*(name.removesuffix("_id") for name in _COPIED), "since"])
    FollowUpChange.objects.bulk_create(history, batch_size=_CHUNK)
    current = [row for row in [*made, *known.values()] if row.key in wanted]
    counts = Counter(str(row.status) for row in current)
    _tell(round, current, now)
    check, _new = RoundCheck.objects.update_or_create(
        round=round,
        on=today,
        defaults={
            "checked_at": now,
            "counts": {status.value: counts.get(status.value, 0) for status in Standing},
            "changed": len(history),
        },
    )
    record(
        round,
        after={"counts": check.counts, "changed": len(history)},
        summary=_("Aftalerne er kontrolleret: %(all)s i alt, %(changed)s er ændret")
        % {"all": len(current), "changed": len(history)},
        network_id=round.network_id,
    )
    return check


_Key = tuple[int, int | None]
"""``FollowUp.key``: the row, and the school unless it is one outside the circle."""


def _judged(round: Round, today: date) -> dict[_Key, dict[str, Any]]:
    """Every commitment as it stands, by row and school: the columns of a ``FollowUp``."""
    agreed = commitments_of(round)
    meant = settle(round.network_id, [item for item in agreed if item.external])
    courses = {item.course_id for item in agreed}
    seen = runs_of(courses, round.year, successors())
    looks = looks_of(courses)
    within = terms()
    return {
        item.key: _columns(
            item, round, seen, looks, within, today, meant[item.external] if item.external else None
        )
        for item in agreed
    }


def _columns(
    item: Agreed,
    round: Round,
    seen: Mapping[tuple[int, int], Sequence[judging.Seen]],
    looks: Mapping[int, date],
    within: judging.Terms,
    today: date,
    meant: Meant | None,
) -> dict[str, Any]:
    school_id = meant.organisation_id if meant else item.organisation_id
    promise = judging.Promise(
        role=item.role,
        year=round.year,
        runs=item.runs,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        guarantee=item.guarantee,
        days=item.days,
    )
    verdict = _unknown(meant) or judging.judge(
        promise,
        seen.get((item.course_id, school_id), ()) if school_id else (),
        today=today,
        looked_on=looks.get(item.course_id),
        terms=within,
        holder=seen.get((item.course_id, item.holder_id), ()) if item.holder_id else (),
        holder_runs=item.holder_runs,
    )
    return {
        "organisation_id": school_id,
        "external": item.external,
        "overview_id": item.overview_id,
        "is_current": True,
        "role": item.role,
        "runs": item.runs,
        "when_text": item.when,
        "starts_on": item.starts_on,
        "ends_on": item.ends_on,
        "guarantee": item.guarantee,
        "due_on": judging.due_on(promise, within),
        "status": verdict.status.value,
        "reason": plain({"code": verdict.code, **verdict.values}),
        "guarantee_status": verdict.guarantee.value,
        "guaranteed_held": verdict.held,
        "guaranteed_broken": verdict.broken,
        "announced": verdict.announced,
        "run_ids": list(verdict.runs),
    }


def _unknown(meant: Meant | None) -> judging.Verdict | None:
    """What is said of an agreement when nobody knows which school's runs to look for."""
    if meant is None or meant.organisation_id is not None:
        return None
    values = {"count": meant.count} if meant.code == "school_several" else {}
    return judging.Verdict(Standing.UNKNOWN, meant.code, values)


def _compare(
    round: Round,
    wanted: Mapping[_Key, dict[str, Any]],
    known: Mapping[_Key, FollowUp],
    today: date,
) -> tuple[list[FollowUp], list[FollowUp], list[FollowUpChange]]:
    """What is new, what is another than before, and the history of it."""
    made: list[FollowUp] = []
    changed: list[FollowUp] = []
    history: list[FollowUpChange] = []
    for key, columns in wanted.items():
        row = known.get(key)
        if row is None:
            row = FollowUp(round=round, round_course_id=key[0], since=today, **columns)
            made.append(row)
            history.append(_change(row, today, "", ""))
            continue
        if all(getattr(row, name) == value for name, value in columns.items()):
            continue
        before, guarantee = row.status, row.guarantee_status
        for name, value in columns.items():
            setattr(row, name, value)
        changed.append(row)
        if before != row.status or guarantee != row.guarantee_status:
            if before != row.status:
                row.since = today
            history.append(_change(row, today, before, guarantee))
    for key, row in known.items():
        if key not in wanted and row.is_current:
            row.is_current = False
            changed.append(row)
    return made, changed, history


def _change(row: FollowUp, today: date, before: str, guarantee: str) -> FollowUpChange:
    return FollowUpChange(
        follow_up=row,
        on=today,
        before=before,
        after=row.status,
        guarantee_before=guarantee,
        guarantee_after=row.guarantee_status,
        reason=row.reason,
    )


def _save(rows: Sequence[FollowUp], names: Iterable[str]) -> None:
    """Save some columns of many rows in few statements: an upsert that always finds its row."""
    FollowUp.objects.bulk_create(
        list(rows),
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=sorted(set(names)),
        batch_size=_CHUNK,
    )


# ---------------------------------------------------------------- telling


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a mail. Its words are made when the mail is written, in its reader's language."""

    follow_up: FollowUp
    number: str
    title: str
    school: str

    @property
    def status(self) -> str:
        if _is_to_act_on(self.follow_up):
            return str(self.follow_up.get_status_display())
        return str(self.follow_up.get_guarantee_status_display())

    @property
    def words(self) -> str:
        told = [reason_words(self.follow_up.reason)] if _is_to_act_on(self.follow_up) else []
        if self.follow_up.guarantee_status in _BAD_GUARANTEES:
            told.append(guarantee_words(self.follow_up))
        return " ".join(told)


def _is_to_act_on(row: FollowUp) -> bool:
    return row.status in TO_ACT_ON or row.reason.get("code") in UNNAMED


def needs_somebody(row: FollowUp) -> bool:
    """Whether somebody has to act on it, or a guarantee was broken."""
    return _is_to_act_on(row) or row.guarantee_status in _BAD_GUARANTEES


def _tell(round: Round, current: Collection[FollowUp], now: datetime) -> None:
    """Mail what is new to act on, to each school its own and to the secretariat all of it.

    A school outside the circle gets none: it is not ours to remind; the secretariat speaks with it.
    What a school was told of isn't told again before it has become something else.
    """
    fresh: list[FollowUp] = []
    settled: list[FollowUp] = []
    for row in current:
        told = f"{row.status}/{row.guarantee_status}" if needs_somebody(row) else ""
        if row.told != told:
            row.told = told
            (fresh if told else settled).append(row)
    _save([*fresh, *settled], ["told"])
    if not fresh:
        return
    lines = _lines(fresh)
    by_school: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        school_id = line.follow_up.organisation_id
        if school_id is not None and not line.follow_up.external:
            by_school[school_id].append(line)
    open_ones = [row for row in current if needs_somebody(row)]
    waiting = Counter(row.organisation_id for row in open_ones if not row.external)
    schools = Organisation.objects.in_bulk(by_school)
    on = clock.local_date(now)
    for school_id, own in sorted(by_school.items()):
        school = schools[school_id]
        path = reverse("compliance:school", args=[round.pk, school_id])
        for person in school_people(school, on=on):
            send(
                notifications.SchoolDigest(
                    round=round,
                    school=school,
                    person=person,
                    url=f"{settings.BASE_URL}{path}?vis=act",
                    open=waiting[school_id],
                    **_cut(own),
                ),
                to=person.email,
                now=now,
                subject_of=round,
                network_id=round.network_id,
                organisation_id=school_id,
                language=person.language,
            )
    path = reverse("compliance:round", args=[round.pk])
    for person in secretariat_people(round, on=on):
        send(
            notifications.SecretariatDigest(
                round=round,
                person=person,
                url=f"{settings.BASE_URL}{path}",
                open=len(open_ones),
                outside=any(line.follow_up.external for line in lines),
                **_cut(lines),
            ),
            to=person.email,
            now=now,
            subject_of=round,
            network_id=round.network_id,
            language=person.language,
        )


def _lines(rows: Sequence[FollowUp]) -> list[Line]:
    found = {
        row.pk: row
        for row in FollowUp.objects.filter(pk__in=[row.pk for row in rows]).select_related(
            "round_course__course", "organisation"
        )
    }
    lines = [
        Line(
            row,
            found[row.pk].round_course.course.number,
            found[row.pk].round_course.course.title,
            found[row.pk].school_label,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: (line.school, line.number, line.follow_up.pk))


def _cut(lines: Sequence[Line]) -> dict[str, Any]:
    """As many lines as a mail holds, and how many more there are."""
    return {
        "lines": lines[:MOST_LINES],
        "more": max(0, len(lines) - MOST_LINES),
        "new": len(lines),
    }
