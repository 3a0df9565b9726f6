"""The round itself: opened, changed, led from step to step (R32)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.catalogue.models import Approval, CourseActivity, CourseRelation, Fkb
from samspil.coordination import rules
from samspil.coordination.enums import (
    ROUND_TRANSITIONS,
    CommitmentRole,
    IntentSource,
    RoundStatus,
)
from samspil.coordination.models import (
    Commitment,
    Form,
    Intent,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.kernel.transitions import transition
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Network
from samspil.network.models.organisations import valid_on


@dataclass(frozen=True, slots=True)
class RoundDates:
    """When the round's steps are due. All in the year before the round's, by default."""

    forms_due_on: dt.date
    meeting_on: dt.date
    signed_by_on: dt.date

    def check(self, year: int) -> None:
        """Raise ``Invalid`` with the field's name when the dates stand in the wrong order."""
        if self.meeting_on < self.forms_due_on:
            raise Invalid(_("Mødet kan ikke ligge før skemaernes frist."), "meeting_on")
        if self.signed_by_on < self.meeting_on:
            raise Invalid(_("Fristen for underskrift kan ikke ligge før mødet."), "signed_by_on")
        if self.signed_by_on > dt.date(year, 12, 31):
            raise Invalid(_("Runden skal være slut, før dens år er gået."), "signed_by_on")


def default_dates(year: int) -> RoundDates:
    """The source's rhythm: finished by the end of the second quarter of the year before (R32).

    Forms back at the end of February, meeting in the middle of March, signed by 30 June;
    each moved forward to a Monday–Friday.
    """

    def weekday(day: dt.date) -> dt.date:
        return day + dt.timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))

    before = year - 1
    return RoundDates(
        forms_due_on=weekday(dt.date(before, 2, 26)),
        meeting_on=weekday(dt.date(before, 3, 18)),
        signed_by_on=dt.date(before, 6, 30),
    )


def coordinated_fkbs(network: Network, year: int) -> list[Fkb]:
    """The FKBs that members of the network share: approved at two or more of them (ESØ).

    FKBs with one approved member come too; they have the same duty and nobody to share with.
    Those that end before the year begins are left out.
    """
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    members = Membership.objects.filter(
        valid_on(first), network=network, kind=MembershipKind.MEMBER
    ).values("organisation")
    return list(
        Fkb.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=first),
            Q(valid_from__isnull=True) | Q(valid_from__lte=last),
            Q(approvals__valid_from__isnull=True) | Q(approvals__valid_from__lte=last),
            Q(approvals__valid_to__isnull=True) | Q(approvals__valid_to__gte=first),
            approvals__organisation__in=members,
        )
        .select_related("branch_group")
        .distinct()
        .order_by("branch_group__position", "number", "pk")
    )


@action("coordination.open_round", permission=rules.may_open_round, on="network")
def open_round(
    *,
    actor: Actor,
    now: dt.datetime,
    network: Network,
    year: int,
    dates: RoundDates,
    fkb_ids: Collection[int],
    organisation_ids: Collection[int],
    low_activity_below: int = 12,
    copy_from: Round | None = None,
) -> Round:
    """Open a round with its FKBs, schools, courses and one form a school; nothing is sent.

    ``copy_from``: an earlier round of the network; what it ended with becomes the forms' first
    answers. Raises ``Invalid`` when dates, FKBs or schools are missing or wrong, or the
    network has a round for the year already.
    """
    dates.check(year)
    if not fkb_ids:
        raise Invalid(_("Vælg mindst én FKB."), "fkbs")
    if not organisation_ids:
        raise Invalid(_("Vælg mindst én skole."), "schools")
    if Round.objects.filter(network=network, year=year).exists():
        raise Invalid(
            _("%(network)s har allerede en runde for %(year)s.")
            % {"network": network.short_name, "year": year},
            "year",
        )
    if copy_from is not None and copy_from.network_id != network.pk:
        raise Invalid(_("Der kan kun kopieres fra samarbejdets egne runder."), "copy_from")
    round = Round.objects.create(
        network=network,
        year=year,
        forms_due_on=dates.forms_due_on,
        meeting_on=dates.meeting_on,
        signed_by_on=dates.signed_by_on,
        duty_relations=network.duty_relations,
        low_activity_below=low_activity_below,
        copied_from=copy_from,
        created_at=now,
    )
    _add_schools(round, organisation_ids)
    _add_fkbs(round, fkb_ids)
    if copy_from is not None:
        _copy_answers(round, copy_from, now)
    record(
        round,
        after={
            "year": year,
            "fkbs": len(set(fkb_ids)),
            "schools": len(set(organisation_ids)),
            "copied_from": copy_from.year if copy_from else None,
        },
        summary=_("Runde %(year)s oprettet") % {"year": year},
        network_id=network.pk,
    )
    return round


def _add_schools(round: Round, organisation_ids: Collection[int]) -> None:
    members = set(
        Membership.objects.filter(
            network=round.network, kind=MembershipKind.MEMBER, organisation__in=organisation_ids
        ).values_list("organisation_id", flat=True)
    )
    wanted = sorted(set(organisation_ids))
    RoundSchool.objects.bulk_create(
        [
            RoundSchool(round=round, organisation_id=pk, is_invited=pk not in members)
            for pk in wanted
        ]
    )
    Form.objects.bulk_create([Form(round=round, organisation_id=pk) for pk in wanted])


def _add_fkbs(round: Round, fkb_ids: Collection[int]) -> None:
    """Take FKBs with their courses into the round, as the catalogue has them now (R5, R24)."""
    round_fkbs = {
        row.fkb_id: row
        for row in RoundFkb.objects.bulk_create(
            [RoundFkb(round=round, fkb_id=pk) for pk in sorted(set(fkb_ids))]
        )
    }
    first = dt.date(round.year, 1, 1)
    relations = list(
        CourseRelation.objects.filter(fkb__in=round_fkbs, kind__in=round.duty_relations)
        .exclude(course__valid_to__lt=first)
        .select_related("course")
        .order_by("fkb_id", "course__number", "pk")
    )
    course_ids = {relation.course_id for relation in relations}
    activity, activity_year = _activity(course_ids, before=round.year)
    RoundCourse.objects.bulk_create(
        [
            RoundCourse(
                round_fkb=round_fkbs[relation.fkb_id],
                course=relation.course,
                relation=relation.kind,
                is_duty=not relation.course.is_archived,
                archived_reason=(
                    (relation.course.archived_reason or _("Arkiveret i kataloget"))
                    if relation.course.is_archived
                    else ""
                ),
                activity=(
                    activity.get(relation.course_id, 0) if activity_year is not None else None
                ),
                activity_year=activity_year,
            )
            for relation in relations
        ],
        batch_size=500,
    )


def _activity(course_ids: Iterable[int], *, before: int) -> tuple[dict[int, int], int | None]:
    """Learners per course in the newest year before ``before`` that has any, and that year."""
    rows = CourseActivity.objects.filter(course__in=list(course_ids), year__lt=before)
    year = rows.order_by("-year").values_list("year", flat=True).first()
    if year is None:
        return {}, None
    learners = (
        rows.filter(year=year).order_by("course_id").values_list("course_id")
        .annotate(Sum("learners"))
    )  # fmt: skip
    return dict(learners), year


def _copy_answers(round: Round, source: Round, now: dt.datetime) -> None:
    """Let last year's board be this year's first answers; dates are not taken over."""
    schools = dict(round.forms.order_by("pk").values_list("organisation_id", "pk"))
    rows = {
        (fkb, course): pk
        for pk, fkb, course in RoundCourse.objects.filter(round_fkb__round=round)
        .order_by("pk")
        .values_list("pk", "round_fkb__fkb_id", "course_id")
    }
    old = (
        Commitment.objects.filter(round_course__round_fkb__round=source)
        .exclude(role=CommitmentRole.NONE)
        .select_related("round_course__round_fkb")
        .order_by("pk")
    )
    intents = []
    for commitment in old:
        key = (
            commitment.round_course.round_fkb.fkb_id,
            commitment.round_course.course_id,
        )
        form_id = schools.get(commitment.organisation_id)
        if form_id is None or key not in rows:
            continue
        follows = commitment.role == CommitmentRole.FOLLOWER
        intents.append(
            Intent(
                form_id=form_id,
                round_course_id=rows[key],
                offers=None if follows else True,
                runs=None if follows else commitment.runs,
                guarantee=commitment.guarantee,
                will_follow=follows,
                source=IntentSource.COPY,
                updated_at=now,
            )
        )
    Intent.objects.bulk_create(intents, batch_size=500)


@action("coordination.change_round", permission=rules.may_run_round, on="round")
def change_round(
    *,
    actor: Actor,
    now: dt.datetime,
    round: Round,
    dates: RoundDates,
    low_activity_below: int,
    expected_version: int,
) -> Round:
    """Change the round's dates and its line for low activity (learners a year).

    Raises ``Conflict`` when the round is closed or was changed since ``expected_version``.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    _check_version(round, expected_version)
    dates.check(round.year)
    before, after = changes(
        round,
        {
            "forms_due_on": dates.forms_due_on,
            "meeting_on": dates.meeting_on,
            "signed_by_on": dates.signed_by_on,
            "low_activity_below": low_activity_below,
        },
    )
    if after:
        round.version += 1
        round.save(update_fields=[*after, "version"])
        record(
            round,
            before=before,
            after=after,
            summary=_("Rundens datoer ændret"),
            network_id=round.network_id,
        )
    return round


@action("coordination.add_to_round", permission=rules.may_run_round, on="round")
def add_to_round(
    *,
    actor: Actor,
    now: dt.datetime,
    round: Round,
    fkb_ids: Collection[int] = (),
    organisation_ids: Collection[int] = (),
) -> None:
    """Take more FKBs or schools into a round that is not yet being signed (R123).

    A school that comes in after the forms went out has a form that can be sent to it alone.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    if round.status in {RoundStatus.SIGNING, RoundStatus.CLOSED}:
        raise Conflict(_("Runden er til underskrift. Gå tilbage til mødet først."))
    new_fkbs = set(fkb_ids) - set(round.fkbs.values_list("fkb_id", flat=True))
    new_schools = set(organisation_ids) - set(
        round.schools.values_list("organisation_id", flat=True)
    )
    _add_schools(round, new_schools)
    _add_fkbs(round, new_fkbs)
    if new_fkbs or new_schools:
        record(
            round,
            after={"fkbs": sorted(new_fkbs), "schools": sorted(new_schools)},
            summary=_("%(fkbs)s FKB'er og %(schools)s skoler føjet til runden")
            % {"fkbs": len(new_fkbs), "schools": len(new_schools)},
            network_id=round.network_id,
        )


@action("coordination.remove_fkb", permission=rules.may_run_round, on="round")
def remove_fkb(*, actor: Actor, now: dt.datetime, round: Round, number: str) -> None:
    """Take an FKB out of a round that has not been sent. Later it stays: people have answered."""
    round = lock_row(Round.objects.select_related("network"), round.pk)
    if round.status != RoundStatus.DRAFT:
        raise Conflict(_("Skemaerne er sendt, så FKB'en kan ikke tages ud."))
    gone = RoundFkb.objects.select_related("fkb").filter(round=round, fkb__number=number).first()
    if gone is None:
        return
    label = str(gone.fkb)
    gone.delete()
    record(
        round,
        before={"fkb": label},
        summary=_("%(fkb)s taget ud af runden") % {"fkb": label},
        network_id=round.network_id,
    )


_SUMMARIES = {
    "start_meeting": gettext_lazy("Mødet er i gang"),
    "reopen_collecting": gettext_lazy("Skemaerne er åbnet igen"),
    "start_signing": gettext_lazy("Runden er til underskrift"),
    "reopen_meeting": gettext_lazy("Tilbage til mødet"),
}


@action("coordination.move_round", permission=rules.may_run_round, on="round")
def move_round(*, actor: Actor, now: dt.datetime, round: Round, verb: str) -> Round:
    """Lead the round to another step: a verb of ``ROUND_TRANSITIONS`` that sends nothing.

    Raises ``Conflict`` when the round does not stand where the verb starts.
    """
    if verb not in _SUMMARIES:
        raise Invalid(_("Det trin findes ikke."))
    round = lock_row(Round.objects.select_related("network"), round.pk)
    before = transition(round, verb, table=ROUND_TRANSITIONS, actor=actor, now=now)
    record(
        round,
        before={"status": before},
        after={"status": round.status},
        summary=str(_SUMMARIES[verb]),
        network_id=round.network_id,
    )
    return round


def _check_version(round: Round, expected: int) -> None:
    if round.status == RoundStatus.CLOSED:
        raise Conflict(_("Runden er afsluttet."))
    if round.version != expected:
        raise Conflict(
            _("En anden har ændret runden, mens du skrev. Hent siden igen, før du gemmer.")
        )


def approved_school_ids(round: Round) -> dict[int, list[int]]:
    """For each FKB (id) of the round: its approved schools in the round, by id."""
    first, last = dt.date(round.year, 1, 1), dt.date(round.year, 12, 31)
    rows = (
        Approval.objects.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=last),
            Q(valid_to__isnull=True) | Q(valid_to__gte=first),
            fkb__rounds__round=round,
            organisation__round_places__round=round,
            organisation__round_places__left_on__isnull=True,
        )
        .order_by("fkb_id", "organisation_id")
        .values_list("fkb_id", "organisation_id")
        .distinct()
    )
    found: dict[int, list[int]] = defaultdict(list)
    for fkb, organisation in rows:
        found[fkb].append(organisation)
    return found
