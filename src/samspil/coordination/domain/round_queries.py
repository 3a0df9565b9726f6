"""What the pages about rounds show. Every query is scoped by the actor and counts in SQL."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from samspil.catalogue.models import Approval, Fkb
from samspil.coordination import rules
from samspil.coordination.domain.rounds import coordinated_fkbs, default_dates
from samspil.coordination.enums import (
    CommitmentRole,
    FkbStatus,
    FormStatus,
    ReturnStatus,
    RoundStatus,
    SignatureStatus,
)
from samspil.coordination.models import (
    Commitment,
    ExternalAgreement,
    Form,
    Intent,
    Return,
    Round,
    RoundCourse,
    RoundFkb,
    Signature,
)
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.network.enums import MembershipKind, OrganisationKind
from samspil.network.models import Membership, Network, Organisation
from samspil.network.models.organisations import valid_on

OFFERS = (CommitmentRole.OWN, CommitmentRole.HOLDER)


def get_round(actor: Actor, round_id: int) -> Round:
    """The round, if the actor may see it. Raises ``NotFound`` otherwise."""
    found = (
        Round.objects.visible_to(actor)
        .select_related("network", "copied_from")
        .filter(pk=round_id)
        .first()
    )
    if found is None:
        raise NotFound("")
    return found


def get_form(actor: Actor, round_id: int, organisation_id: int) -> Form:
    """A school's form, for those who ``rules.may_see_form``. Raises ``NotFound`` otherwise."""
    round = get_round(actor, round_id)
    form = (
        Form.objects.select_related("organisation", "round__network", "file")
        .filter(round=round, organisation_id=organisation_id)
        .first()
    )
    if form is None or not rules.may_see_form(actor, round, organisation_id):
        raise NotFound("")
    return form


def gap_rows(rows: QuerySet[RoundCourse]) -> QuerySet[RoundCourse]:
    """Those of ``rows`` that are gaps: under the duty, not archived, offered by nobody (R26)."""
    offered = Commitment.objects.filter(round_course=OuterRef("pk"), role__in=OFFERS)
    external = ExternalAgreement.objects.filter(round_course=OuterRef("pk"))
    return rows.filter(~Exists(offered), ~Exists(external), is_duty=True, archived_reason="")


@dataclass(frozen=True, slots=True)
class FkbLine:
    """One FKB of the round in figures."""

    number: str
    title: str
    branch: str
    status: str
    status_label: str
    schools: int
    courses: int
    gaps: int
    low: int
    signed: int
    signers: int
    is_constructed: bool

    @property
    def covered(self) -> int:
        """Courses under the duty that somebody offers."""
        return self.courses - self.gaps


@dataclass(frozen=True, slots=True)
class FormLineState:
    """Where one school's form is."""

    organisation_id: int
    school: str
    is_invited: bool
    left_on: dt.date | None
    status: str
    status_label: str
    answered: int
    offers: int
    sent_at: dt.datetime | None
    returned_at: dt.datetime | None
    reminded_at: dt.datetime | None
    questions: int = 0
    """Open questions in the workbooks that came back for the form."""
    asking: tuple[int, ...] = ()
    """Those workbooks (ids of returns), newest first."""


@dataclass(frozen=True, slots=True)
class RoundOverview:
    """The round on one page."""

    round: Round
    fkbs: list[FkbLine]
    forms: list[FormLineState]

    @property
    def gaps(self) -> int:
        return sum(line.gaps for line in self.fkbs)

    @property
    def courses(self) -> int:
        return sum(line.courses for line in self.fkbs)

    @property
    def low(self) -> int:
        return sum(line.low for line in self.fkbs)

    @property
    def taking_part(self) -> list[FormLineState]:
        return [form for form in self.forms if form.left_on is None]

    @property
    def returned(self) -> int:
        back = {FormStatus.RETURNED, FormStatus.ACCEPTED}
        return sum(form.status in back for form in self.taking_part)

    @property
    def owing(self) -> list[FormLineState]:
        return [form for form in self.taking_part if form.status == FormStatus.SENT]

    @property
    def asking(self) -> list[FormLineState]:
        """Forms whose returned workbooks have questions that nobody has answered."""
        return [form for form in self.taking_part if form.questions]

    @property
    def unsent(self) -> int:
        return sum(form.status == FormStatus.DRAFT for form in self.taking_part)

    @property
    def agreed(self) -> int:
        return sum(line.status == FkbStatus.AGREED for line in self.fkbs)


def round_overview(actor: Actor, round_id: int) -> RoundOverview:
    """The round with its FKBs and forms in figures: a fixed number of queries at any size."""
    round = get_round(actor, round_id)
    return RoundOverview(round=round, fkbs=_fkb_lines(round), forms=_form_lines(round))


def _fkb_lines(round: Round) -> list[FkbLine]:
    rows = RoundCourse.objects.filter(round_fkb__round=round).order_by()
    duty = rows.filter(is_duty=True, archived_reason="")
    courses = _count(duty)
    gaps = _count(gap_rows(rows))
    low = _count(duty.filter(activity__lt=round.low_activity_below))
    schools = dict(
        Approval.objects.filter(
            rules.approved_in(round.year),
            fkb__rounds__round=round,
            organisation__round_places__round=round,
            organisation__round_places__left_on__isnull=True,
        )
        .order_by()
        .values_list("fkb")
        .annotate(Count("organisation", distinct=True))
    )
    signatures = {
        fkb: (signed, total)
        for fkb, signed, total in Signature.objects.filter(
            agreement__round_fkb__round=round,
        )
        .exclude(agreement__status="withdrawn")
        .order_by()
        .values_list("agreement__round_fkb")
        .annotate(signed=Count("pk", filter=Q(status=SignatureStatus.SIGNED)), total=Count("pk"))
    }
    lines = []
    for row in RoundFkb.objects.filter(round=round).select_related("fkb__branch_group"):
        signed, total = signatures.get(row.pk, (0, 0))
        lines.append(
            FkbLine(
                number=row.fkb.number,
                title=row.fkb.title,
                branch=row.fkb.branch_group.name if row.fkb.branch_group else "",
                status=row.status,
                status_label=row.get_status_display(),
                schools=schools.get(row.fkb_id, 0),
                courses=courses.get(row.pk, 0),
                gaps=gaps.get(row.pk, 0),
                low=low.get(row.pk, 0),
                signed=signed,
                signers=total,
                is_constructed=row.fkb.is_constructed,
            )
        )
    return lines


def _count(rows: QuerySet[RoundCourse]) -> dict[int, int]:
    return dict(rows.values_list("round_fkb").annotate(Count("pk")))


def _form_lines(round: Round) -> list[FormLineState]:
    places = {place.organisation_id: place for place in round.schools.order_by("pk")}
    answered = {
        form: (count, offers)
        for form, count, offers in Intent.objects.filter(form__round=round)
        .order_by()
        .values_list("form")
        .annotate(
            count=Count("pk", filter=Q(offers__isnull=False)),
            yes=Count("pk", filter=Q(offers=True)),
        )
    }
    asking: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for form_id, pk, questions in (
        Return.objects.filter(
            form__round=round,
            questions__gt=0,
            status__in=[ReturnStatus.PREVIEW, ReturnStatus.APPLIED],
        )
        .order_by("-received_at", "-pk")
        .values_list("form", "pk", "questions")
    ):
        asking[form_id].append((pk, questions))
    lines = []
    for form in round.forms.select_related("organisation").order_by("organisation__name", "pk"):
        place = places.get(form.organisation_id)
        count, offers = answered.get(form.pk, (0, 0))
        lines.append(
            FormLineState(
                organisation_id=form.organisation_id,
                school=form.organisation.name,
                is_invited=place.is_invited if place else False,
                left_on=place.left_on if place else None,
                status=form.status,
                status_label=form.get_status_display(),
                answered=count,
                offers=offers,
                sent_at=form.sent_at,
                returned_at=form.returned_at,
                reminded_at=form.reminded_at,
                questions=sum(count for _pk, count in asking[form.pk]),
                asking=tuple(pk for pk, _count in asking[form.pk]),
            )
        )
    return lines


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round in the list of rounds."""

    round: Round
    gaps: int
    courses: int
    returned: int
    schools: int


def rounds_of(actor: Actor) -> list[RoundLine]:
    """The rounds the actor sees, newest year first, each with its figures."""
    rounds = list(
        Round.objects.visible_to(actor)
        .select_related("network")
        .order_by("-year", "network__name", "pk")
    )
    rows = RoundCourse.objects.filter(round_fkb__round__in=rounds).order_by()

    def per_round(found: QuerySet[RoundCourse]) -> dict[int, int]:
        return dict(found.values_list("round_fkb__round").annotate(Count("pk")))

    courses = per_round(rows.filter(is_duty=True, archived_reason=""))
    gaps = per_round(gap_rows(rows))
    forms = {
        pk: (back, total)
        for pk, back, total in Form.objects.filter(round__in=rounds)
        .order_by()
        .values_list("round")
        .annotate(
            back=Count("pk", filter=Q(status__in=[FormStatus.RETURNED, FormStatus.ACCEPTED])),
            total=Count("pk"),
        )
    }
    return [
        RoundLine(
            round=round,
            gaps=gaps.get(round.pk, 0),
            courses=courses.get(round.pk, 0),
            returned=forms.get(round.pk, (0, 0))[0],
            schools=forms.get(round.pk, (0, 0))[1],
        )
        for round in rounds
    ]


def networks_to_open(actor: Actor) -> list[Network]:
    """Networks in which the actor may open a round."""
    return list(
        Network.objects.filter(pk__in=actor.network_ids(roles.SECRETARIAT)).order_by("name", "pk")
    )


def own_form(actor: Actor, round: Round) -> Form | None:
    """The form of the school that the actor acts for, once it has been sent."""
    if round.status == RoundStatus.DRAFT or actor.organisation_id is None:
        return None
    return (
        Form.objects.select_related("organisation")
        .filter(round=round, organisation_id=actor.organisation_id)
        .first()
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """What can be chosen when a round is opened."""

    network: Network
    year: int
    years: list[int]
    earlier: list[Round]
    fkbs: list[Fkb]
    schools: list[Organisation]
    member_ids: frozenset[int]
    initial: dict[str, Any]


def opening(actor: Actor, network_id: int, year: str | None, today: dt.date) -> Opening:
    """Choices for a new round of the network; raises ``NotFound`` for other people's networks.

    ``year``: what the user asked for, as text; anything unusable gives the first year from
    next year on that has no round.
    """
    network = next((n for n in networks_to_open(actor) if n.pk == network_id), None)
    if network is None:
        raise NotFound("")
    earlier = list(Round.objects.filter(network=network).order_by("-year", "pk"))
    taken = {round.year for round in earlier}
    years = [y for y in range(today.year, today.year + 4) if y not in taken]
    first = next((y for y in years if y > today.year), today.year + 1)
    chosen = next((y for y in years if str(y) == year), first)
    members = Membership.objects.filter(
        valid_on(dt.date(chosen, 1, 1)), network=network
    ).select_related("organisation")
    schools = sorted(
        (m for m in members if m.organisation.kind == OrganisationKind.SCHOOL),
        key=lambda m: (m.kind != MembershipKind.MEMBER, m.organisation.name),
    )
    fkbs = coordinated_fkbs(network, chosen)
    dates = default_dates(chosen)
    last = next((round for round in earlier if round.year < chosen), None)
    return Opening(
        network=network,
        year=chosen,
        years=years,
        earlier=earlier,
        fkbs=fkbs,
        schools=[m.organisation for m in schools],
        member_ids=frozenset(m.organisation_id for m in schools if m.kind == MembershipKind.MEMBER),
        initial={
            "forms_due_on": dates.forms_due_on,
            "meeting_on": dates.meeting_on,
            "signed_by_on": dates.signed_by_on,
            "low_activity_below": last.low_activity_below if last else 12,
            "copy_from": last.pk if last else None,
            "fkbs": [fkb.pk for fkb in fkbs],
            "schools": [m.organisation_id for m in schools],
        },
    )


def more_for(round: Round) -> tuple[list[Fkb], list[Organisation]]:
    """FKBs and schools that could be taken into the round and are not in it (R123).

    FKBs that end before the year are left out; schools are all that belong to the network.
    """
    first = dt.date(round.year, 1, 1)
    fkbs = (
        Fkb.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=first),
            approvals__organisation__memberships__network=round.network_id,
        )
        .exclude(rounds__round=round)
        .distinct()
        .order_by("number", "pk")
    )
    schools = (
        Organisation.objects.filter(
            valid_on(first),
            kind=OrganisationKind.SCHOOL,
            memberships__network=round.network_id,
            memberships__valid_to__isnull=True,
        )
        .exclude(round_places__round=round)
        .distinct()
        .order_by("name", "pk")
    )
    return list(fkbs), list(schools)
