"""What pages ask about sign-ups. Everything with people in it is scoped by the actor's schools."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.domain.capacity import Place, place_of
from samspil.enrolment.enums import LIVE, SEATED, EnrolmentStatus, Orderer
from samspil.enrolment.models import Enrolment, LearnerCpr, SeatOffer, SignUp
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import AuditEvent, StatusChange
from samspil.network.models import Organisation
from samspil.network.models import Person as Colleague
from samspil.runs.models import CourseRun


def my_schools(actor: Actor) -> list[Organisation]:
    """The schools whose sign-ups the actor works with, the one acted for first."""
    rows = list(Organisation.objects.filter(pk__in=rules.schools_of(actor)).order_by("name", "pk"))
    return sorted(rows, key=lambda row: row.pk != actor.organisation_id)


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run with its numbers: people with a seat, waiting, offered, and not confirmed yet."""

    run: CourseRun
    seated: int
    waiting: int
    offered: int
    pending: int

    @property
    def used(self) -> int:
        return self.run.used


@dataclass(frozen=True, slots=True)
class RunWanted:
    """Which runs: words, and ``coming``, ``past`` or ``all``."""

    text: str = ""
    when: str = "coming"


def runs(
    actor: Actor, wanted: RunWanted, *, today: date, page: str | int = 1, size: int = 40
) -> tuple[Page[CourseRun], list[RunLine]]:
    """A page of the actor's schools' runs that take sign-ups or have some, and of others' runs with people whom
    they took in. Three queries."""
    own = rules.schools_of(actor)
    rows = CourseRun.objects.filter(
        Q(
            organisation__in=own,
            takes_sign_up=True,
            status__in=("announced", "confirmed"),
            follows__isnull=True,
        )
        | Q(organisation__in=own, pk__in=Enrolment.objects.values("run"))
        | Q(pk__in=Enrolment.objects.filter(origin__in=own).values("run"))
    ).select_related("course", "organisation")
    if wanted.when == "coming":
        rows = rows.filter(ends_on__gte=today).order_by("starts_on", "pk")
    elif wanted.when == "past":
        rows = rows.filter(ends_on__lt=today).order_by("-starts_on", "-pk")
    else:
        rows = rows.order_by("-starts_on", "-pk")
    for word in wanted.text.split()[:6]:
        rows = rows.filter(
            Q(course__title__icontains=word)
            | Q(course__number__startswith=word)
            | Q(city__icontains=word)
            | Q(kviknummer__icontains=word)
        )
    found = Paginator(rows, size).get_page(page)
    return found, lines(list(found.object_list))


def lines(rows: Collection[CourseRun]) -> list[RunLine]:
    """The numbers of some runs. One query."""
    counts = {
        item["run"]: item
        for item in Enrolment.objects.filter(run__in=[row.pk for row in rows])
        .order_by()
        .values("run")
        .annotate(
            seated=Count("pk", filter=Q(status__in=SEATED)),
            waiting=Count("pk", filter=Q(status=EnrolmentStatus.WAITING)),
            offered=Count("pk", filter=Q(status=EnrolmentStatus.OFFERED)),
            pending=Count("pk", filter=Q(status=EnrolmentStatus.RESERVED)),
        )
    }
    found = []
    for row in rows:
        own = counts.get(row.pk)
        found.append(
            RunLine(row, own["seated"], own["waiting"], own["offered"], own["pending"])
            if own
            else RunLine(row, 0, 0, 0, 0)
        )
    return found


def get_run(actor: Actor, run_id: int) -> CourseRun:
    """A run of the actor's schools, or one that they have people on. Raises ``NotFound``."""
    own = rules.schools_of(actor)
    found = (
        CourseRun.objects.filter(pk=run_id)
        .filter(
            Q(organisation__in=own)
            | Q(pk__in=Enrolment.objects.filter(origin__in=own).values("run"))
        )
        .select_related("course", "organisation", "follows")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Holdet findes ikke hos jer."))
    return found


def get_own_run(actor: Actor, run_id: int) -> CourseRun:
    """A run that the actor's school holds. Raises ``NotFound``."""
    found = get_run(actor, run_id)
    if not rules.may_run(actor, found):
        raise NotFound(_("Holdet findes ikke hos jer."))
    return found


def get_run_to_enter(actor: Actor, run_id: int) -> CourseRun:
    """A run that the actor may sign people up for: announced, or one's own. Raises ``NotFound``."""
    found = (
        CourseRun.objects.filter(pk=run_id)
        .filter(~Q(status="planned") | Q(organisation__in=rules.schools_of(actor)))
        .select_related("course", "organisation", "follows__organisation")
        .order_by("pk")
        .first()
    )
    if found is None or not rules.may_enter(actor, found):
        raise NotFound(_("Holdet findes ikke hos jer."))
    return found


def get_sign_up(actor: Actor, sign_up_id: int) -> SignUp:
    """A sign-up within the actor's schools. Raises ``NotFound``."""
    found = (
        SignUp.objects.visible_to(actor)
        .filter(pk=sign_up_id)
        .select_related("run__course", "run__organisation", "school")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Tilmeldingen findes ikke hos jer."))
    return found


def get_enrolment(actor: Actor, enrolment_id: int) -> Enrolment:
    """An enrolment within the actor's schools. Raises ``NotFound``."""
    found = (
        Enrolment.objects.visible_to(actor)
        .filter(pk=enrolment_id)
        .select_related("learner", "sign_up", "run__course", "run__organisation", "origin")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Personen findes ikke hos jer."))
    return found


def person_of(sign_up: SignUp, enrolment_id: int) -> Enrolment:
    """A person of a sign-up, for the holder of its link. Raises ``NotFound``."""
    found = (
        Enrolment.objects.filter(sign_up=sign_up, pk=enrolment_id)
        .select_related("learner", "sign_up", "run__course", "run__organisation")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Personen findes ikke på tilmeldingen."))
    return found


def people_of(sign_up: SignUp) -> list[Enrolment]:
    """Everybody on a sign-up, first those that something can still become of."""
    rows = list(
        Enrolment.objects.filter(sign_up=sign_up)
        .select_related("learner", "sign_up", "run__course", "run__organisation")
        .order_by("pk")
    )
    return sorted(rows, key=lambda row: row.status not in LIVE)


def places(rows: Iterable[Enrolment]) -> dict[int, Place]:
    """The places in the queue of those of a sign-up who wait. A query per run and time of coming."""
    groups: dict[tuple[int, int, object], list[Enrolment]] = {}
    for row in rows:
        if row.status == EnrolmentStatus.WAITING:
            groups.setdefault((row.run_id, row.priority, row.queued_at), []).append(row)
    found: dict[int, Place] = {}
    for group in groups.values():
        group.sort(key=lambda row: row.pk)
        first = place_of(group[0])
        for i, row in enumerate(group):
            found[row.pk] = Place(
                number=first.number + i,
                earlier=first.earlier + i,
                first=first.first,
                same_sign_up=first.same_sign_up + i,
            )
    return found


def pending_offers(sign_up: SignUp) -> list[SeatOffer]:
    """Offers of a sign-up that want an answer."""
    return list(
        SeatOffer.objects.pending()
        .filter(sign_up=sign_up)
        .select_related("run__course", "run__organisation")
        .order_by("expires_at", "pk")
    )


def with_cpr(sign_up: SignUp) -> frozenset[int]:
    """The enrolments of a sign-up whose run's school has their CPR number."""
    return frozenset(
        Enrolment.objects.filter(
            sign_up=sign_up, learner__cprs__organisation=F("run__organisation")
        ).values_list("pk", flat=True)
    )


def has_cpr(enrolment: Enrolment) -> bool:
    """Whether the school of the enrolment's run has the CPR number."""
    return LearnerCpr.objects.filter(
        learner=enrolment.learner_id, organisation=enrolment.run.organisation_id
    ).exists()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a run as the actor may see it. ``name`` is empty without a name, or when it is
    hidden: then ``is_hidden``. ``place``: number in the queue, 0 for those who don't wait."""

    enrolment: Enrolment
    name: str
    email: str
    phone: str
    postcode: str
    contact: str
    contact_email: str
    is_hidden: bool
    place: int
    needs: tuple[str, ...] = field(default=())

    @property
    def sign_up(self) -> SignUp:
        return self.enrolment.sign_up


def is_contact_protected(sign_up: SignUp, rows: Iterable[Enrolment]) -> bool:
    """Whether the contact is himself a protected person: then the sign-up's name is one too."""
    if sign_up.orderer not in (Orderer.PRIVATE, Orderer.SELF_EMPLOYED):
        return False
    return any(row.learner is not None and row.learner.is_protected for row in rows)


def roster(actor: Actor, run: CourseRun, *, text: str = "", state: str = "live") -> list[Person]:
    """People on a run that the actor may see, those with a seat first, then the queue in its order.

    ``state``: ``live``, ``seated``, ``waiting``, ``ended`` or ``all``. A search never finds a name
    that is hidden. Three queries.
    """
    rows = list(
        Enrolment.objects.visible_to(actor)
        .filter(run=run)
        .exclude(
            sign_up__is_elsewhere=True
        )  # they have no name here, and stand in the school's list
        .select_related("learner", "sign_up", "run", "origin")
        .order_by("queued_at", "pk")
    )
    numbers = {
        pk: i
        for i, pk in enumerate(
            Enrolment.objects.queued().filter(run=run).values_list("pk", flat=True), start=1
        )
    }
    may_see = rules.protected_schools(actor)
    people = [_person(row, rows, may_see, numbers) for row in rows]
    chosen = {
        "live": LIVE | SEATED,
        "seated": SEATED,
        "waiting": {EnrolmentStatus.WAITING, EnrolmentStatus.OFFERED},
        "ended": {EnrolmentStatus.CANCELLED, EnrolmentStatus.TRANSFERRED},
    }.get(state)
    words = text.casefold().split()
    found = [
        person
        for person in people
        if (chosen is None or person.enrolment.status in chosen)
        and all(word in _searched(person) for word in words)
    ]
    return sorted(found, key=_order)


def _order(person: Person) -> tuple[int, int, bool, str, int]:
    status = person.enrolment.status
    group = 0 if status in SEATED else 1 if status in LIVE else 2
    return (
        group, person.place or 10**6, not person.name, person.name.casefold(), person.enrolment.pk
    )  # fmt: skip


def _searched(person: Person) -> str:
    sign_up = person.sign_up
    return " ".join(
        (
            person.name, person.email, person.contact, person.contact_email, person.phone,
            sign_up.company_name, sign_up.cvr, str(sign_up.pk),
        )
    ).casefold()  # fmt: skip


def _person(
    row: Enrolment, rows: Iterable[Enrolment], may_see: Collection[int], numbers: dict[int, int]
) -> Person:
    sign_up, learner = row.sign_up, row.learner
    sees = row.run.organisation_id in may_see or row.origin_id in may_see
    hidden = bool(learner and learner.is_protected and not sees)
    contact_hidden = not sees and is_contact_protected(
        sign_up, [other for other in rows if other.sign_up_id == sign_up.pk]
    )
    return Person(
        enrolment=row,
        name="" if hidden or learner is None else learner.name,
        email="" if hidden or learner is None else learner.email,
        phone="" if hidden or learner is None else learner.phone,
        postcode="" if hidden or learner is None else learner.postcode,
        contact="" if contact_hidden else sign_up.contact_name,
        contact_email="" if contact_hidden else sign_up.contact_email,
        is_hidden=hidden,
        place=numbers.get(row.pk, 0),
    )


def people_shown(actor: Actor, sign_up: SignUp) -> list[Person]:
    """Everybody on a sign-up as the actor may see them."""
    rows = people_of(sign_up)
    may_see = rules.protected_schools(actor)
    numbers = {pk: place.number for pk, place in places(rows).items()}
    return [_person(row, rows, may_see, numbers) for row in rows]


def history(sign_up: SignUp) -> list[AuditEvent]:
    """What happened to a sign-up and its people, newest first: no names stand in it."""
    people = [str(pk) for pk in sign_up.enrolments.order_by("pk").values_list("pk", flat=True)]
    offers = [str(pk) for pk in sign_up.offers.order_by("pk").values_list("pk", flat=True)]
    return list(
        AuditEvent.objects.filter(
            Q(subject_type=SignUp._meta.label_lower, subject_id=str(sign_up.pk))
            | Q(subject_type=Enrolment._meta.label_lower, subject_id__in=people)
            | Q(subject_type=SeatOffer._meta.label_lower, subject_id__in=offers)
        ).order_by("-at", "-seq", "-pk")[:100]
    )


def steps_of(enrolment: Enrolment) -> list[StatusChange]:
    """The states that an enrolment went through, oldest first."""
    return list(
        StatusChange.objects.filter(
            subject_type=Enrolment._meta.label_lower, subject_id=enrolment.pk
        ).order_by("at", "pk")
    )


def is_contact_hidden(actor: Actor, sign_up: SignUp) -> bool:
    """Whether the contact is a protected person whom the actor may not see (R95)."""
    schools = {sign_up.school_id, sign_up.run.organisation_id}
    return not (schools & rules.protected_schools(actor)) and is_contact_protected(
        sign_up, people_of(sign_up)
    )


def get_school(actor: Actor, organisation_id: int) -> Organisation:
    """A school that the actor works at. Raises ``NotFound``."""
    if organisation_id not in rules.schools_of(actor):
        raise NotFound(_("Skolen findes ikke hos jer."))
    return Organisation.objects.get(pk=organisation_id)


def get_colleague(organisation: Organisation, person_id: int) -> Colleague:
    """A person with a role at the school. Raises ``NotFound``."""
    found = (
        Colleague.objects.filter(pk=person_id, role_assignments__organisation=organisation)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Personen findes ikke på skolen."))
    return found
