"""What the permission walk needs: an example network, everybody in it, and an object per address.

``PARAMETERS`` says for each parameter of an address which object of the world it means. An
address that needs something of its own stands in ``KWARGS`` under its full name. An address
whose parameter stands in neither fails the walk, with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from samspil.catalogue.models import Approval
from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.network.models import Membership, Person, RoleAssignment
from tests.factories.board import NOW, RoundCase, make_person, make_round

Kwargs = dict[str, Any]


class World:
    """Two networks that know nothing of each other; the addresses are those of the first."""

    def __init__(self) -> None:
        self.inside: RoundCase = make_round(fkb="9222")
        self.outside: RoundCase = make_round(fkb="9333")
        self.school = self.inside.schools[0]

    @cached_property
    def people(self) -> dict[str, Person]:
        """Everybody who walks, by what they are to the first network."""
        network = self.inside.network
        return {
            "secretariat": self.inside.secretariat_person,
            "coordinator": self.inside.people[0],
            "leader": make_person("Leder", roles.SCHOOL_LEADER, organisation=self.school),
            "reader": make_person("Læser", roles.READER, network=network),
            "administrator": make_person("Administrator", roles.PLATFORM_ADMIN),
            "other coordinator": self.inside.people[1],
            "outside secretariat": self.outside.secretariat_person,
            "outside coordinator": self.outside.people[0],
        }

    @cached_property
    def _sessions(self) -> dict[str, str]:
        sessions = {}
        for who, person in self.people.items():
            client = Client()
            client.force_login(person)
            sessions[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return sessions

    def client(self, who: str) -> Client:
        """A browser of its own, signed in as ``who``; nobody ("visitor") is not signed in."""
        client = Client(raise_request_exception=False)
        if who != "visitor":
            client.cookies[settings.SESSION_COOKIE_NAME] = self._sessions[who]
        return client

    @cached_property
    def proposal(self) -> Any:
        from samspil.coordination.models import Proposal

        return Proposal.objects.create(round=self.inside.round, created_at=NOW)

    @cached_property
    def pooling(self) -> Any:
        from samspil.runs.domain.planning import Conditions
        from samspil.runs.domain.poolings import request_pooling
        from tests.factories.runs import make_runs

        course = self.inside.rows[0].course
        make_runs(course, self.inside.schools)
        return request_pooling(
            actor=self.inside.secretariat,
            now=NOW,
            network=self.inside.network,
            course=course,
            conditions=Conditions(),
        )

    @cached_property
    def asked(self) -> Any:
        """What somebody asked 'what if' about, from a proposal with its answer."""
        from samspil.coordination.domain import what_if
        from samspil.coordination.domain.planning import Change, What
        from tests.factories.proposals import ask

        self.inside.intend(self.inside.rows[1], 0, take_on_days=6)
        proposal = ask(self.inside)
        return what_if.ask_what_if(
            actor=self.inside.secretariat,
            now=NOW,
            proposal=proposal,
            change=Change(What.LEAVES, self.school.key),
        )

    @cached_property
    def enrolment(self) -> Any:
        """Somebody with a seat on a run of the first school."""
        from samspil.kernel import clock
        from tests.factories import enrolments as make

        now = clock.now()
        run = make.make_open_run(self.school, self.inside.rows[0].course, now=now)
        return make.sign_up(run, now=now).enrolments.get()

    @cached_property
    def runs(self) -> Any:
        from tests.factories.runs import make_runs

        return make_runs(self.inside.rows[0].course, self.inside.schools)

    @cached_property
    def loan(self) -> Any:
        """A loan that waits for the school's answer."""
        from datetime import date

        from samspil.catalogue.models import Fkb
        from samspil.lending.domain import loans
        from samspil.lending.domain.terms import Terms

        fkb = Fkb.objects.create(number="9266", title="Lånt", is_constructed=True)
        lender, borrower = self.inside.schools[1], self.school
        Approval.objects.create(organisation=lender, fkb=fkb, valid_from=date(2020, 1, 1))
        return loans.propose_loan(
            actor=self.inside.coordinator(1),
            now=NOW,
            by=lender,
            terms=Terms(
                lender=lender,
                borrower=borrower,
                fkb=fkb,
                starts_on=NOW.date(),
                ends_on=NOW.date(),
                grounds=["capacity"],
                reason="Ingen ledige værksteder",
            ),
        )

    @cached_property
    def transfer_note(self) -> Any:
        """A message with a file about people who went from the first school to the second by a plan."""
        from tests.factories.moves import make_transfer

        return make_transfer(self.inside)

    @cached_property
    def bundle(self) -> Any:
        """Plans for several courses, asked for together in the first network."""
        from samspil.enrolment.models import MoveBundle

        return MoveBundle.objects.create(
            network=self.inside.network,
            scope="fkb",
            value="9222",
            label="FKB 9222",
            status="answered",
            conditions={
                "km": 40,
                "days": 28,
                "yes": "all",
                "answer_days": 4,
                "elsewhere": False,
                "held": [],
                "cancelled": [],
            },
            statistics={"courses": 0, "plans": 0, "people": 0, "taught": 0, "alone": 0, "asked": 0},
            asked_by="Prøve",
            created_at=NOW,
        )

    @cached_property
    def dispute(self) -> Any:
        """A disputed line of a statement between the first two schools."""
        from samspil.settlement.domain import disputes
        from tests.factories.settlement import AFTER, drawn_up, transferred

        transferred(self.inside)
        statement = drawn_up(self.inside)
        return disputes.raise_dispute(
            actor=self.inside.coordinator(),
            now=AFTER,
            statement=statement,
            organisation_id=self.school.pk,
            entry_id=statement.entries.get().pk,
            text="Der kom kun en.",
        )

    @cached_property
    def planned_run(self) -> Any:
        """A run of the first school that only it and its secretariat see: it is not announced."""
        from tests.factories.kept_runs import keep_run

        return keep_run(
            self.inside.coordinator(), self.school, self.inside.rows[0].course, announced=False
        )

    @cached_property
    def api_key(self) -> Any:
        from samspil.api.domain.keys import make_key

        return make_key(
            actor=self.inside.coordinator(),
            now=NOW,
            owner=self.school,
            name="Hjemmesiden",
            scopes=["rounds:read"],
            expires_on=NOW.date() + timedelta(days=300),
        ).key

    @cached_property
    def webhook(self) -> Any:
        from samspil.api.domain.webhooks import subscribe

        return subscribe(
            actor=self.inside.coordinator(),
            now=NOW,
            owner=self.school,
            name="Kursussystemet",
            url="https://kursus.example/samspil",
            events=["run.changed"],
        ).webhook

    @cached_property
    def change_set(self) -> Any:
        from samspil.coordination.domain.board import CellChange, set_cell

        made = set_cell(
            actor=self.inside.secretariat,
            now=NOW,
            round=self.inside.round,
            change=CellChange(self.inside.rows[1].pk, self.school.pk, "own", runs=1),
        )
        assert made is not None
        return made

    @cached_property
    def followed(self) -> Any:
        """What the first school agreed on, held against what is announced."""
        from samspil.compliance.domain.checking import check_round
        from samspil.compliance.models import FollowUp

        assert self.frozen
        check_round(actor=Actor.system("tests"), now=NOW, round=self.inside.round)
        return FollowUp.objects.get(round_course__round_fkb=self.frozen, organisation=self.school)

    @cached_property
    def outside_school(self) -> Any:
        """A school outside the circle that the frozen overview has an agreement with."""
        from samspil.compliance.models import FollowUp, OutsideSchool

        FollowUp.objects.create(
            round=self.inside.round,
            round_course=self.inside.rows[0],
            overview=self.followed.overview,
            external="Skolen uden for kredsen",
            role="external",
            due_on=NOW.date(),
            since=NOW.date(),
        )
        return OutsideSchool.objects.create(
            network=self.inside.network,
            folded="skolen uden for kredsen",
            name="Skolen uden for kredsen",
        )

    @cached_property
    def matrix(self) -> Any:
        """Last year's overview as a list: courses down, schools across."""
        from samspil.coordination.interfaces import matrix

        names = [school.short_name for school in self.inside.schools]
        lines = [";".join(["Mål nr.", "Titel", *names])]
        lines += [f"{row.course.number};{row.course.title};x;;2" for row in self.inside.rows]
        return matrix.receive(
            actor=self.inside.secretariat,
            now=NOW,
            round=self.inside.round,
            name="overblik.csv",
            content="\n".join(lines).encode(),
        )

    @cached_property
    def batch(self) -> Any:
        from samspil.kernel.imports.actions import upload

        return upload(
            actor=Actor.system("tests"),
            now=NOW,
            spec="catalogue.fkbs",
            content="nummer;titel;branche\n9555;Prøvens FKB;SOSU\n".encode(),
            name="fkb.csv",
        )

    @cached_property
    def invitation(self) -> Any:
        from samspil.network.domain.people import invite

        return invite(
            actor=self.inside.secretariat,
            now=clock.now(),
            scope=self.inside.network,
            email="ny@example.test",
            name="Ny Læser",
            role=roles.READER,
        )

    @cached_property
    def mandate(self) -> Any:
        """The first school's coordinator may sign for it; a document says why."""
        from samspil.network.domain.actors import actor_for
        from samspil.network.domain.mandates import give_mandate

        return give_mandate(
            actor=actor_for(self.people["leader"], today=clock.today()),
            now=clock.now(),
            organisation=self.school,
            person=self.people["coordinator"],
            valid_from=clock.today(),
            reason="Konstrueret fuldmagt",
            content=b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
            file_name="fuldmagt.pdf",
        )

    @cached_property
    def returned(self) -> Any:
        """A workbook that came back as it went."""
        from samspil.coordination.domain.forms import form_snapshot
        from samspil.coordination.interfaces import returns
        from samspil.coordination.interfaces.form_workbook import write_form
        from samspil.coordination.models import Form

        form = Form.objects.select_related("round__network", "organisation").get(
            round=self.inside.round, organisation=self.school
        )
        return returns.receive(
            actor=self.inside.coordinator(),
            now=NOW,
            form=form,
            name="skema.xlsx",
            content=write_form(form_snapshot(form)),
        )

    @cached_property
    def frozen(self) -> Any:
        """A second FKB of the round, without gaps, its overview frozen."""
        from samspil.coordination.domain import overviews

        place = self.inside.add_fkb("9244", courses=1)
        self.inside.commit(self.inside.rows[-1], 0, "own", runs=1)
        overviews.freeze_overview(actor=self.inside.secretariat, now=NOW, round_fkb=place)
        return place

    @cached_property
    def agreement(self) -> Any:
        from samspil.coordination.domain import agreements

        return agreements.make_agreement(
            actor=self.inside.secretariat, now=NOW, round_fkb=self.frozen
        )

    @cached_property
    def minutes(self) -> Any:
        """A meeting that is over, with a decision and a task."""
        from samspil.coordination.domain import meetings

        lead: dict[str, Any] = {"actor": self.inside.secretariat, "now": NOW}
        # gaps of its own: the others may have been filled by whoever uses this world
        self.inside.add_fkb("9255", courses=2)
        meeting = meetings.begin_meeting(**lead, round=self.inside.round)
        meetings.put_off_gap(
            **lead,
            meeting=meeting,
            row_id=self._gaps[0],
            text="Spørg skolerne i nabokredsen",
            organisation_id=self.school.pk,
            due_on=NOW.date(),
        )
        meeting.refresh_from_db()
        return meetings.end_meeting(
            **lead, meeting=meeting, participants=["Anna"], expected_version=meeting.version
        )

    @cached_property
    def sitting(self) -> Any:
        """A meeting that goes on, after one that is over."""
        from samspil.coordination.domain import meetings

        assert self.minutes.ended_at
        return meetings.begin_meeting(
            actor=self.inside.secretariat, now=NOW, round=self.inside.round
        )

    @cached_property
    def decision(self) -> Any:
        from samspil.coordination.domain import meetings

        return meetings.take_gap(
            actor=self.inside.secretariat,
            now=NOW,
            meeting=self.sitting,
            row_id=self._gaps[1],
            organisation_id=self.school.pk,
        )

    @property
    def _gaps(self) -> list[int]:
        return [r.pk for r in self.inside.rows if r.round_fkb.fkb.number == "9255"]


def _sitting(world: World) -> Kwargs:
    return {"round_id": world.sitting.round_id}


def _version(world: World) -> Kwargs:
    return {
        "round_id": world.inside.round.pk,
        "number": world.frozen.fkb.number,
        "version": 1,
    }


def _asked(world: World) -> Kwargs:
    return {"proposal_id": world.asked.subject_id, "calculation_id": world.asked.pk}


def _ooapi(parameter: str, kind: str, number: Callable[[World], int]) -> Callable[[World], Kwargs]:
    from samspil.api.interfaces.ooapi import uuid_of

    return lambda world: {parameter: uuid_of(kind, number(world))}


OUTSIDE = ("outside secretariat", "outside coordinator")

PARAMETERS: dict[str, Callable[[World], Any]] = {
    "follow_up_id": lambda w: w.followed.pk,
    "round_id": lambda w: w.inside.round.pk,
    "network_id": lambda w: w.inside.network.pk,
    "organisation_id": lambda w: w.school.pk,
    "round_fkb_id": lambda w: w.inside.fkb.pk,
    "row_id": lambda w: w.inside.rows[0].pk,
    "round_course_id": lambda w: w.inside.rows[0].pk,
    "fkb_id": lambda w: w.inside.fkb.fkb_id,
    "fkb_number": lambda w: w.inside.fkb.fkb.number,
    "course_id": lambda w: w.inside.rows[0].course_id,
    "course_number": lambda w: w.inside.rows[0].course.number,
    "proposal_id": lambda w: w.proposal.pk,
    "pooling_id": lambda w: w.pooling.pk,
    "change_set_id": lambda w: w.change_set.pk,
    "return_id": lambda w: w.returned.pk,
    "number": lambda w: w.inside.fkb.fkb.number,
    "invitation_id": lambda w: w.invitation.pk,
    "batch_id": lambda w: w.batch.pk,
    "spec": lambda w: "catalogue.fkbs",
    "approval_id": lambda w: Approval.objects.filter(fkb=w.inside.fkb.fkb).order_by("pk")[0].pk,
    "agreement_id": lambda w: w.agreement.pk,
    "matrix_id": lambda w: w.matrix.pk,
    "meeting_number": lambda w: w.minutes.number,
    "decision_id": lambda w: w.decision.pk,
    "task_id": lambda w: w.minutes.tasks.get().pk,
    "membership_id": lambda w: (
        Membership.objects.get(network=w.inside.network, organisation=w.school).pk
    ),
    "assignment_id": lambda w: RoleAssignment.objects.get(person=w.people["coordinator"]).pk,
    "mandate_id": lambda w: w.mandate.pk,
    "token": lambda w: "no-such-token",
    "year": lambda w: w.inside.round.year,
    "person_id": lambda w: w.people["coordinator"].pk,
    "school_key": lambda w: w.school.key,
    "run_id": lambda w: w.runs[0].pk,
    "enrolment_id": lambda w: w.enrolment.pk,
    "sign_up_id": lambda w: w.enrolment.sign_up_id,
    "offer_id": lambda w: 1,
    "key": lambda w: w.school.key,
    "api_key_id": lambda w: w.api_key.pk,
    "webhook_id": lambda w: w.webhook.pk,
    "note_id": lambda w: w.transfer_note.pk,
    "transfer_id": lambda w: w.transfer_note.transfer_id,
    "plan_id": lambda w: w.transfer_note.transfer.line.plan_id,
    "bundle_id": lambda w: w.bundle.pk,
    "source_id": lambda w: w.transfer_note.transfer.source_id,
    "target_id": lambda w: w.transfer_note.transfer.target_id,
    "statement_id": lambda w: w.dispute.statement_id,
    "entry_id": lambda w: w.dispute.entry_id,
    "dispute_id": lambda w: w.dispute.pk,
    "fact_id": lambda w: w.dispute.entry.transfer_id,
    "loan_id": lambda w: w.loan.pk,
}

KWARGS: dict[str, Callable[[World], Kwargs]] = {
    "coordination:meeting": _sitting,
    "coordination:watch_meeting": _sitting,
    "coordination:meeting_now": _sitting,
    "coordination:show_gap": _sitting,
    "coordination:add_meeting_task": _sitting,
    "coordination:end_meeting": _sitting,
    "coordination:overview_pdf": _version,
    "coordination:version_xlsx": _version,
    "coordination:what_if": lambda w: {"proposal_id": w.asked.subject_id},
    "coordination:what_if_answer": _asked,
    "coordination:stop_what_if": _asked,
    **dict.fromkeys(
        (
            f"runs:{name}"
            for name in (
                "run",
                "edit",
                "move",
                "series",
                "announce",
                "confirm",
                "cancel",
                "reopen",
                "hold",
                "follow",
                "link",
                "adopt",
                "take_over",
            )
        ),
        lambda w: {"run_id": w.planned_run.pk},
    ),
    "api:course": lambda w: {"number": w.inside.rows[0].course.number},
    "api:ooapi_course": _ooapi(
        "course_id", "course", lambda w: int(w.inside.rows[0].course.number)
    ),
    "api:ooapi_course_offerings": _ooapi(
        "course_id", "course", lambda w: int(w.inside.rows[0].course.number)
    ),
    "api:ooapi_organization": _ooapi("organization_id", "school", lambda w: w.school.pk),
    "api:ooapi_organization_offerings": _ooapi("organization_id", "school", lambda w: w.school.pk),
    "api:ooapi_offering": _ooapi("offering_id", "run", lambda w: w.runs[0].pk),
    "api:course_jsonld": lambda w: {"number": w.inside.rows[0].course.number},
    "compliance:round": lambda w: {"round_id": w.followed.round_id},
    "compliance:check": lambda w: {"round_id": w.followed.round_id},
    "compliance:export": lambda w: {"round_id": w.followed.round_id},
    "compliance:courses": lambda w: {"round_id": w.followed.round_id},
    "compliance:course": lambda w: {
        "round_id": w.followed.round_id,
        "row_id": w.followed.round_course_id,
    },
    "compliance:outside": lambda w: {
        "round_id": w.followed.round_id,
        "outside_id": w.outside_school.pk,
    },
    "compliance:school": lambda w: {
        "round_id": w.followed.round_id,
        "organisation_id": w.followed.organisation_id,
    },
    "runs:export": lambda w: {"kind": "csv"},
    # the sign-in library
    "account_confirm_email": lambda w: {"key": "x"},
    "account_reset_password_from_key": lambda w: {"uidb36": "1", "key": "x"},
    "mfa_remove_webauthn": lambda w: {"pk": 0},
    "mfa_edit_webauthn": lambda w: {"pk": 0},
}

# The catalogue, the lists read into it, and announced runs are common to all networks: nobody is outside their
# scope, and what a role may change is judged by right alone.
COMMON_TO_ALL = (
    "catalogue:",
    "runs:export",
    "runs:runs",
    "runs:course",
    "runs:ask",
    "enrolment:propose",
    "enrolment:waiting_course",
    "runs:changes",
    "runs:fetch_now",
    "runs:fetched_file",
    "enrolment:enter",  # any school may sign people up for an announced run
)


@dataclass(frozen=True)
class Address:
    """One address of the system."""

    name: str
    route: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]

    @property
    def is_library(self) -> bool:
        return self.view.__module__.startswith(tuple(settings.VIEWS_WITH_OWN_RULES))

    @property
    def needs(self) -> str:
        return "library" if self.is_library else getattr(self.view, "samspil_requires", "")

    @property
    def is_for_machines(self) -> bool:
        """A key is asked for, or nothing: no session and no cookie counts there."""
        return self.route.startswith(("api/v1/", "api/ooapi/"))

    @property
    def is_for_everybody(self) -> bool:
        """A page of the public site (no session, language in the address), or open data: the same
        for whoever asks."""
        return self.name.startswith(("web:public_", "web:en_", "web:embed", "web:offer")) or (
            self.is_for_machines and self.needs == "public"
        )

    def kwargs(self, world: World) -> Kwargs:
        if self.name in KWARGS:
            return KWARGS[self.name](world)
        missing = [p for p in self.parameters if p not in PARAMETERS]
        assert not missing, (
            f"{self.name}: say in tests/support/walk.py which object {missing} of /{self.route} means"
        )
        return {p: PARAMETERS[p](world) for p in self.parameters}


def furnished(world: World) -> World:
    """The world, with the object of every address made."""
    assert world.client("reader")
    for address in addresses():
        if address.name and not address.name.endswith(":"):
            address.kwargs(world)
    return world


def addresses() -> Iterator[Address]:
    """Every named address of the resolver. A view without a name is met by its route alone."""

    def walk(
        patterns: Iterable[Any], prefix: str, names: str, parameters: tuple[str, ...]
    ) -> Iterator[Address]:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            found = (*parameters, *entry.pattern.regex.groupindex)
            if isinstance(entry, URLResolver):
                inner = f"{names}{entry.namespace}:" if entry.namespace else names
                yield from walk(entry.url_patterns, route, inner, found)
            elif isinstance(entry, URLPattern):
                yield Address(f"{names}{entry.name or ''}", route, entry.callback, found)

    yield from walk(get_resolver().url_patterns, "", "", ())
