"""The shapes of the API as its OpenAPI document tells them."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Fault(Schema):
    """A faulty value: where it stands, and what is wrong."""

    where: str
    da: str
    en: str


class Problem(Schema):
    """Problem details (RFC 9457), in Danish and English."""

    type: str
    title: str
    title_en: str
    status: int
    detail: str
    detail_en: str
    errors: list[Fault] | None = None


class FkbRef(Schema):
    """An FKB of a course, and how the course belongs to it."""

    number: str
    kind: str = Field(description="core, linked or common")


class CourseOut(Schema):
    """A course in use (AMU-uddannelse)."""

    number: str = Field(description="Målnummer, five digits, text")
    title: str
    duration_days: float | None
    level: str
    valid_from: date | None
    valid_to: date | None
    fkbs: list[FkbRef]
    is_constructed: bool = Field(description="Invented for the example, stands in no register")
    url: Url
    page: Url = Field(description="The public page of the course")


class CourseList(Schema):
    """A page of courses."""

    items: list[CourseOut]
    next: Url | None
    searched_for: str | None = Field(
        None, description="The spelling that was searched for, when another was meant"
    )


class FkbOut(Schema):
    """A joint competence description (fælles kompetencebeskrivelse)."""

    number: str
    title: str
    committee: str
    valid_from: date | None
    valid_to: date | None
    is_constructed: bool
    url: Url


class FkbList(Schema):
    """A page of FKBs."""

    items: list[FkbOut]
    next: Url | None


class FkbCourse(Schema):
    """A course of an FKB."""

    number: str
    title: str
    kind: str
    url: Url


class FkbDetail(FkbOut):
    """An FKB with its courses in use."""

    courses: list[FkbCourse]


class SchoolOut(Schema):
    """An open school."""

    key: str
    name: str
    short_name: str
    street: str
    postcode: str
    city: str
    lat: float | None
    lon: float | None
    institution_number: str
    website: str
    url: Url


class SchoolList(Schema):
    """A page of schools."""

    items: list[SchoolOut]
    next: Url | None


class SchoolRef(Schema):
    """A school in short."""

    key: str
    name: str
    url: Url


class ApprovalOut(Schema):
    """A school's right and duty to offer the courses of an FKB (R4, R44)."""

    fkb: str
    school: SchoolRef
    valid_from: date | None
    valid_to: date | None


class ApprovalList(Schema):
    """A page of approvals."""

    items: list[ApprovalOut]
    next: Url | None


class CourseRef(Schema):
    """A course in short."""

    number: str
    title: str
    url: Url


class RunOut(Schema):
    """An announced run (hold) that has not begun."""

    id: int
    kviknummer: str = Field(description="The run's public key; empty until it has one")
    course: CourseRef
    school: SchoolRef
    held_by: str = Field(description="The school where it is held, when another announces it")
    title: str
    status: Literal["planned", "announced", "confirmed", "cancelled", "held"]
    starts_on: date
    ends_on: date
    deadline_on: date | None
    duration_days: float | None
    hours: str
    teaching_form: str
    street: str
    postcode: str
    city: str
    capacity: int
    free: int
    is_guaranteed: bool
    takes_sign_up: bool = Field(description="One can sign up here, on Samspil's page of the run")
    price: float | None = Field(description="Kroner per participant in all")
    link: str
    seen_on: date = Field(description="The day that dates and numbers are from")
    url: Url


class RunList(Schema):
    """A page of runs."""

    items: list[RunOut]
    next: Url | None


class CommitmentOut(Schema):
    """Who has agreed to offer a course, as the frozen overview says."""

    course: str
    fkb: str
    network: str
    year: int
    role: Literal["own", "holder", "follower", "external"]
    school: str
    school_key: str
    runs: int | None
    when: str
    starts_on: date | None
    ends_on: date | None
    guarantee: bool
    is_signed: bool


class CommitmentList(Schema):
    """A page of commitments."""

    items: list[CommitmentOut]
    next: Url | None


class ChangeOut(Schema):
    """One thing and its newest change."""

    seq: int
    kind: Literal["course", "run", "commitment", "cell", "agreement"]
    id: str
    change: Literal["created", "changed", "gone"]
    at: datetime
    url: Url | None


class ChangeList(Schema):
    """What changed since a cursor, each thing once with its newest change."""

    items: list[ChangeOut]
    since: str = Field(description="Ask with this cursor the next time")
    next: Url | None = Field(description="There is more already")


class Index(Schema):
    """Where things are."""

    version: str
    documentation: Url
    openapi: Url
    courses: Url
    fkbs: Url
    schools: Url
    approvals: Url
    runs: Url
    commitments: Url
    changes: Url
    ooapi: Url
    files: dict[str, Url]


class Me(Schema):
    """What the key that was sent is good for."""

    name: str
    owner: str
    scopes: list[str]
    expires_at: datetime


class RoundOut(Schema):
    """A network's round of a year, in figures."""

    id: int
    network: str
    year: int
    status: str
    forms_due_on: date
    meeting_on: date
    signed_by_on: date
    courses: int
    gaps: int
    forms_returned: int
    schools: int
    url: Url


class RoundList(Schema):
    """A page of rounds."""

    items: list[RoundOut]
    next: Url | None


class CellOut(Schema):
    """A school's part in a course of the board, as it stands now."""

    fkb: str
    course: str
    title: str
    is_duty: bool
    is_gap: bool
    school_key: str | None
    school: str | None
    role: Literal["own", "holder", "follower", "external"] | None
    runs: int | None
    when: str
    starts_on: date | None
    ends_on: date | None
    guarantee: bool


class CellList(Schema):
    """A page of the board."""

    items: list[CellOut]
    next: Url | None


class OwnRunOut(RunOut):
    """A run of one's own school, whatever its state."""

    minimum: int
    enrolled: int
    signed_up_here: int
    version: int


class OwnRunList(Schema):
    """A page of one's own school's runs."""

    items: list[OwnRunOut]
    next: Url | None


Count = Annotated[int, Field(ge=0, le=32_000)]


class PeriodIn(Schema):
    """Days of a run: single dates, or weekdays between two dates without Danish holidays."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["dates", "pattern"] = "pattern"
    first_on: date | None = None
    last_on: date | None = None
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field([1, 2, 3, 4, 5], max_length=7)
    dates: list[date] = Field([], max_length=400, description="The days, or those left out")
    starts_at: time | None = None
    ends_at: time | None = None


class RunFields(Schema):
    """What may be said of a run beside its course and days."""

    model_config = ConfigDict(extra="forbid")

    minimum: Count = 1
    title: Annotated[str, Field(max_length=250, pattern=r"^[^\x00]*$")] = ""
    kviknummer: Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")] = ""
    duration_days: (
        Annotated[Decimal, Field(gt=0, lt=1000, max_digits=5, decimal_places=1)] | None
    ) = None
    deadline_on: date | None = None
    decision_on: date | None = None
    is_guaranteed: bool = False
    is_evening: bool = False
    is_remote: bool = False
    street: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    postcode: Annotated[str, Field(pattern=r"^([0-9]{4})?$")] = ""
    city: Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")] = ""
    takes_sign_up: bool = False
    link: Annotated[str, Field(max_length=400, pattern=r"^(https?://[^\s\x00]+)?$")] = ""


class RunIn(RunFields):
    """A run to plan."""

    course: Annotated[str, Field(pattern=r"^[0-9]{5}$")]
    capacity: Count
    periods: Annotated[list[PeriodIn], Field(min_length=1, max_length=20)]


class RunChange(RunFields):
    """What is to be said otherwise; what is left out stays. ``version`` is the one that was seen."""

    version: Count
    course: Annotated[str, Field(pattern=r"^[0-9]{5}$")] | None = None
    capacity: Count | None = None
    periods: Annotated[list[PeriodIn], Field(min_length=1, max_length=20)] | None = None


class Seen(Schema):
    """The version that was seen."""

    model_config = ConfigDict(extra="forbid")

    version: Count


class Cancelled(Seen):
    """Why a run is cancelled; people who have signed up are told."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
