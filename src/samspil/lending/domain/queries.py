"""What pages and other contexts ask about loans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.catalogue.models import Approval, Course, Fkb
from samspil.kernel import audit, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import Task, task_source
from samspil.lending import rules
from samspil.lending.domain.loans import WARN_BEFORE
from samspil.lending.enums import LoanKind, LoanStatus
from samspil.lending.models import Loan, LoanSignature
from samspil.network.domain import mandates
from samspil.network.domain.mandates import Basis
from samspil.network.enums import OrganisationKind
from samspil.network.models import Membership, Organisation
from samspil.network.models.organisations import valid_on

_WITH = ("lender", "borrower", "fkb", "proposed_by")


@dataclass(frozen=True, slots=True)
class Listed:
    """The loans an actor sees, by what is to be done about them. ``today`` splits the signed ones."""

    negotiated: list[Loan]
    running: list[Loan]
    coming: list[Loan]
    over: list[Loan]


def loans(actor: Actor, *, today: date) -> Listed:
    """What the actor sees: what is negotiated, what runs, what comes, what is over (newest first)."""
    rows = list(
        Loan.objects.visible_to(actor)
        .select_related(*_WITH)
        .prefetch_related("courses")
        .order_by("starts_on", "pk")
    )
    signed = [(row, row.state_on(today)) for row in rows if row.status == LoanStatus.SIGNED]
    closed = [row for row in rows if row.status in (LoanStatus.DECLINED, LoanStatus.WITHDRAWN)]
    over = [row for row, state in signed if state == "over"] + closed
    return Listed(
        negotiated=[r for r in rows if r.status in (LoanStatus.PROPOSED, LoanStatus.SIGNING)],
        running=[row for row, state in signed if state == "running"],
        coming=[row for row, state in signed if state == "coming"],
        over=sorted(over, key=lambda row: (row.ends_on, row.pk), reverse=True),
    )


def get_loan(actor: Actor, loan_id: int) -> Loan:
    """A loan that the actor sees. Raises ``NotFound``."""
    found = (
        Loan.objects.visible_to(actor)
        .select_related(*_WITH, "document", "pdf")
        .filter(pk=loan_id)
        .first()
    )
    if found is None:
        raise NotFound(_("Udlånet findes ikke."))
    return found


def load_loan(loan_id: int) -> Loan:
    """A loan for the worker."""
    return Loan.objects.select_related(*_WITH, "document").get(pk=loan_id)


def signatures_of(loan: Loan) -> list[LoanSignature]:
    """The places of both schools, the lender's first."""
    return list(loan.signatures.select_related("organisation", "proof").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Place:
    """A school's place on a loan that waits for the actor, and by what the actor may fill it."""

    signature: LoanSignature
    basis: Basis


def places_of(actor: Actor, loan: Loan, *, on: date) -> list[Place]:
    """The places of a loan that the actor may sign at, signed ones too."""
    found = []
    for row in signatures_of(loan):
        basis = rules.sign_basis(actor, loan, row.organisation_id, on=on)
        if basis is not None:
            found.append(Place(row, basis))
    return found


def place_to_sign(
    actor: Actor, loan: Loan, *, on: date, organisation_id: int | None = None
) -> Place | None:
    """The first place that waits for the actor, or that of one school; ``None`` when there is none."""
    if loan.status != LoanStatus.SIGNING:
        return None
    return next(
        (
            place
            for place in places_of(actor, loan, on=on)
            if place.signature.acted_at is None
            and organisation_id in (None, place.signature.organisation_id)
        ),
        None,
    )


def history_of(loan: Loan) -> list[AuditEvent]:
    """What happened to a loan, newest first."""
    return audit.history(loan)


def own_schools(actor: Actor) -> QuerySet[Organisation]:
    """The schools the actor can propose for."""
    return Organisation.objects.filter(
        pk__in=actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    ).order_by("name", "pk")


def get_own_school(actor: Actor, pk: int) -> Organisation:
    """One of them. Raises ``NotFound``."""
    found = own_schools(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Skolen findes ikke."))
    return found


def schools(today: date) -> QuerySet[Organisation]:
    """Every open school: whom one can lend to or borrow from."""
    return Organisation.objects.filter(valid_on(today), kind=OrganisationKind.SCHOOL).order_by(
        "name", "pk"
    )


def approved_fkbs(organisation: Organisation, today: date) -> QuerySet[Fkb]:
    """The FKBs a school is approved for today."""
    mine = Approval.objects.filter(valid_on(today), organisation=organisation)
    return Fkb.objects.filter(pk__in=mine.values("fkb_id")).order_by("number", "pk")


def all_fkbs(today: date) -> QuerySet[Fkb]:
    """Every FKB that is in force."""
    return Fkb.objects.filter(valid_on(today)).order_by("number", "pk")


def courses_by_number(numbers: list[str]) -> tuple[list[Course], list[str]]:
    """The courses of these numbers, and the numbers that none has."""
    found = list(Course.objects.filter(number__in=numbers).order_by("number", "pk"))
    known = {course.number for course in found}
    return found, [number for number in numbers if number not in known]


# ---------------------------------------------------------------- what a school may hold


@dataclass(frozen=True, slots=True)
class Right:
    """On what a school may hold a course in a period. Without a right, ``why_not`` is a sentence."""

    approved: bool = False
    loan: Loan | None = None
    why_not: str = ""

    @property
    def holds(self) -> bool:
        """Whether it may."""
        return self.approved or self.loan is not None


def right_to_hold(organisation: Organisation, course: Course, first: date, last: date) -> Right:
    """On what ``organisation`` may hold ``course`` from ``first`` to ``last`` (R4, R48–R51).

    Its own approval for one of the course's FKBs that is valid when the run begins (a run that has begun is
    finished), else a signed loan with a ground that covers all days. A course that stands in no FKB
    is nobody's to refuse.
    """
    fkbs = list(course.relations.order_by("pk").values_list("fkb_id", flat=True))
    if not fkbs:
        return Right(approved=True)
    if Approval.objects.filter(
        valid_on(first), organisation=organisation, fkb_id__in=fkbs
    ).exists():
        return Right(approved=True)
    rows = list(
        Loan.objects.signed()
        .filter(Q(courses=None) | Q(courses=course))
        .filter(borrower=organisation, kind=LoanKind.LENDING, fkb_id__in=fkbs)
        .select_related("lender", "fkb")
        .order_by("-ends_on", "pk")
        .distinct()
    )
    for row in rows:
        if row.starts_on <= first and last <= row.ends_on and row.grounds:
            return Right(loan=row)
    name = organisation.name
    if not rows:
        return Right(
            why_not=_("%(school)s er ikke godkendt til målet og har ikke lånt det.")
            % {"school": name}
        )
    near = rows[0]
    return Right(
        why_not=_(
            "%(school)s har lånt målet af %(lender)s fra %(first)s til %(last)s. Hele holdet skal ligge i den periode."
        )
        % {
            "school": name,
            "lender": near.lender.name,
            "first": f"{near.starts_on:%d-%m-%Y}",
            "last": f"{near.ends_on:%d-%m-%Y}",
        }
    )


def public_loans(organisation: Organisation, *, today: date) -> list[Loan]:
    """What a school must show on its site (R42): its signed loans and contracts that run or come."""
    return list(
        Loan.objects.signed()
        .filter(Q(lender=organisation) | Q(borrower=organisation), ends_on__gte=today)
        .select_related("lender", "borrower", "fkb")
        .prefetch_related("courses")
        .order_by("kind", "starts_on", "pk")
    )


def all_public_loans(*, today: date) -> list[Loan]:
    """Every signed loan and contract that runs or comes: the public list."""
    return list(
        Loan.objects.signed()
        .filter(ends_on__gte=today)
        .select_related("lender", "borrower", "fkb")
        .prefetch_related("courses")
        .order_by("lender__name", "starts_on", "pk")
    )


# ---------------------------------------------------------------- my tasks


def _to_sign(actor: Actor, rows: list[Loan], *, on: date) -> set[int]:
    """The loans that wait for the actor's signature. Three queries, however many loans."""
    waiting = LoanSignature.objects.filter(
        loan__in=[loan.pk for loan in rows if loan.status == LoanStatus.SIGNING], acted_at=None
    ).values_list("loan_id", "organisation_id")
    led = actor.organisation_ids(roles.SCHOOL_LEADER)
    own = list(mandates.holding(on).filter(person_id=actor.person_id)) if actor.person_id else []
    found = {loan for loan, school in waiting if school in led}
    mine = [(loan, m) for loan, school in waiting for m in own if m.organisation_id == school]
    if not mine:
        return found
    by_pk = {loan.pk: loan for loan in rows}
    networks: dict[int, set[int]] = {}
    for school, network in Membership.objects.filter(
        valid_on(on),
        organisation_id__in={
            party for pk, _m in mine for party in (by_pk[pk].lender_id, by_pk[pk].borrower_id)
        },
    ).values_list("organisation_id", "network_id"):
        networks.setdefault(school, set()).add(network)
    for pk, mandate in mine:
        loan = by_pk[pk]
        shared = networks.get(loan.lender_id, set()) & networks.get(loan.borrower_id or 0, set())
        if mandates.covers(mandate, shared, loan.fkb.number):
            found.add(pk)
    return found


@task_source("lending.loans")
def loan_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: what to answer, sign and register, and what runs out."""
    own = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    if not own:
        return
    rows = (
        Loan.objects.filter(Q(lender_id__in=own) | Q(borrower_id__in=own))
        .filter(status__in=[LoanStatus.PROPOSED, LoanStatus.SIGNING, LoanStatus.SIGNED])
        .exclude(status=LoanStatus.SIGNED, ends_on__lt=today)
        .select_related(*_WITH)
        .order_by("starts_on", "pk")
    )
    to_sign = _to_sign(actor, list(rows), on=today)
    for loan in rows:
        title = ""
        due = loan.starts_on
        if loan.status == LoanStatus.PROPOSED and rules.may_answer(actor, loan):
            title = _("Svar på et forslag om udlån af FKB %(fkb)s")
        elif loan.pk in to_sign:
            title = _("Underskriv udlånet af FKB %(fkb)s")
        elif loan.status == LoanStatus.SIGNED and loan.lender_id in own:
            if loan.registered_on is None and not loan.is_contract:
                title = _("Registrér udlånet af FKB %(fkb)s")
        if not title and loan.status == LoanStatus.SIGNED and loan.ends_on - WARN_BEFORE <= today:
            title, due = _("Udlånet af FKB %(fkb)s løber ud"), loan.ends_on
            if loan.is_contract:
                title = _("Kontrakten om FKB %(fkb)s løber ud")
        if title:
            yield Task(
                title=title % {"fkb": loan.fkb.number},
                url=reverse("lending:loan", args=[loan.pk]),
                context=_("Udlån"),
                due_on=due,
                detail=f"{loan.lender.name} → {loan.other_name}",
            )
