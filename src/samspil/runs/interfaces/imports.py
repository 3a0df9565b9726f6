"""The list of announced runs, as the national search gives it and as student systems write it out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.catalogue.models import Course
from samspil.kernel.actor import Actor
from samspil.kernel.imports import values
from samspil.kernel.imports.declare import (
    Column,
    ImportSpec,
    PlanContext,
    Row,
    register,
)
from samspil.kernel.spreadsheets.reader import CellValue
from samspil.network.domain.queries import OrganisationIndex
from samspil.network.models import Organisation
from samspil.runs import rules
from samspil.runs.domain import kept
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun

_SEATS = values.whole(0, 30_000)


def course_in_link(value: CellValue) -> str | None:
    """The course number inside the address of a run's page in the national search."""
    found = re.search(r"subject_code=(\d{5})\b", values.text(value) or "")
    return found[1] if found else None


@register
class CourseRuns(ImportSpec):
    """Runs by kviknummer (R19). Reading the same list twice changes nothing."""

    key = "runs.course_runs"
    title = gettext_lazy("Hold")
    lede = gettext_lazy(
        "Annoncerede hold: kviknummer, mål, skole, sted, datoer, pladser og tilmeldte."
    )
    models = ("runs.CourseRun",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "kviknummer",
            gettext_lazy("Kviknummer"),
            values.max_text(40),
            ("kviknr", "kvik", "holdnummer", "holdkode"),
            required=True,
            is_key=True,
        ),
        Column(
            "course",
            gettext_lazy("Fagnummer"),
            values.course_number,
            (
                "mål",
                "målnr",
                "fagnr",
                "skolefag",
                "fag",
                "uvm-fag",
                "uddannelsesnummer",
                "subject_code",
                "amu",
                "amu-nummer",
                "uddannelse",
            ),
        ),
        Column("title", gettext_lazy("Titel"), values.max_text(250), ("holdtitel", "holdtitle")),
        Column(
            "school",
            gettext_lazy("Skole"),
            values.max_text(200),
            ("institution", "udbyder", "skolenavn", "uddannelsessted"),
            required=True,
            is_key=True,
        ),
        Column(
            "starts_on",
            gettext_lazy("Start"),
            values.danish_date,
            ("startdato", "startdate", "fra", "første dag"),
            required=True,
        ),
        Column(
            "ends_on",
            gettext_lazy("Slut"),
            values.danish_date,
            ("slutdato", "enddate", "til", "sidste dag"),
        ),
        Column(
            "deadline_on",
            gettext_lazy("Tilmeldingsfrist"),
            values.danish_date,
            ("frist", "tilmeldingsfrist"),
        ),
        Column(
            "duration_days", gettext_lazy("Dage"), values.duration_days, ("varighed", "duration")
        ),
        Column(
            "hours",
            gettext_lazy("Tidspunkt"),
            values.max_text(120),
            ("undervisningstidspunkt", "tid", "klokkeslæt"),
        ),
        Column(
            "teaching_form",
            gettext_lazy("Undervisningsform"),
            values.max_text(60),
            ("form",),
        ),
        Column("street", gettext_lazy("Adresse"), values.max_text(120), ("gade", "lokationgade")),
        Column(
            "postcode",
            gettext_lazy("Postnummer"),
            values.digits(4, gettext_lazy("postnummer")),
            ("postnr", "lokationpostnr"),
        ),
        Column("city", gettext_lazy("By"), values.max_text(80), ("sted", "lokationsted")),
        Column(
            "capacity",
            gettext_lazy("Pladser"),
            _SEATS,
            ("kapacitet", "participantcapacity", "maks", "max deltagere"),
            required=True,
        ),
        Column(
            "minimum",
            gettext_lazy("Mindst"),
            _SEATS,
            ("minimum", "minimumparticipants", "min deltagere", "minimumsantal"),
        ),
        Column(
            "enrolled",
            gettext_lazy("Tilmeldte"),
            _SEATS,
            ("tilmeldt", "currentparticipantamount", "antal tilmeldte", "deltagere"),
        ),
        Column(
            "is_guaranteed",
            gettext_lazy("Garanti"),
            values.yes_no,
            ("garantikursus", "garantihold"),
        ),
        Column("is_cancelled", gettext_lazy("Aflyst"), values.yes_no),
        Column("price", gettext_lazy("Pris"), values.decimal, ("normpris", "deltagerbetaling")),
        Column("link", gettext_lazy("Link"), values.max_text(400), ("url",)),
        Column(
            "seen_on",
            gettext_lazy("Tal pr."),
            values.danish_date,
            ("opgjort", "hentet", "dato for udtræk"),
        ),
    )

    def may_run(self, actor: Actor) -> bool:
        """Keepers of the common registers."""
        return rules.may_read_runs_in(actor)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by kviknummer. The course is in its column, else in the run's link."""
        index = OrganisationIndex.load()
        courses = {row.number: row for row in Course.objects.order_by("pk")}
        numbers = {row.get("kviknummer") for row in rows if row.is_usable}
        known = {
            run.kviknummer: run
            for run in CourseRun.objects.filter(kviknummer__in=numbers).order_by("pk")
        }
        schools_kept = self.schools_of(context.actor)
        first: dict[str, int] = {}
        schools: dict[str, list[Any]] = {}
        for row in rows:
            if not row.is_usable:
                continue
            number = row.get("kviknummer")
            row.label = f"{number} {row.get('starts_on')}"
            if number in first:
                row.error(
                    "kviknummer",
                    _("Kviknummer %(number)s står også i række %(row)s.")
                    % {"number": number, "row": first[number]},
                )
                continue
            first[number] = row.row + 1
            written = row.get("school")
            if written not in schools:
                schools[written] = self.find(index, written, schools_kept)
            existing = known.get(number)
            if not self.may_write(row, schools[written], existing, schools_kept):
                continue
            self._plan_row(row, context, existing, schools[written], courses)

    def schools_of(self, actor: Actor) -> list[Organisation] | None:
        """The schools that the list may be about; ``None`` means all."""
        return None

    def find(
        self, index: OrganisationIndex, written: str | None, own: list[Organisation] | None
    ) -> list[Any]:
        """The schools that a cell may mean."""
        return index.find(written or "")

    def may_write(
        self,
        row: Row,
        found: list[Any],
        existing: CourseRun | None,
        own: list[Organisation] | None,
    ) -> bool:
        """Whether the row is about a run that the list may change; says so on the row if not."""
        return True

    @staticmethod
    def _plan_row(
        row: Row,
        context: PlanContext,
        existing: CourseRun | None,
        found: list[Any],
        courses: dict[str, Course],
    ) -> None:
        number = row.get("course") or course_in_link(row.get("link"))
        course = courses.get(number or "")
        if course is None:
            row.error(
                "course" if "course" in row.columns else "link",
                _("Målet %(number)s findes ikke i kataloget.") % {"number": number}
                if number
                else _("Rækken siger ikke, hvilket mål holdet er på. Skriv fagnummeret."),
            )
            return
        if len(found) != 1:
            row.error(
                "school",
                _("Skolen »%(name)s« kender vi ikke. Opret den, eller læs skolelisten ind først.")
                % {"name": row.get("school")}
                if not found
                else _("»%(name)s« kan være flere skoler: %(found)s.")
                % {
                    "name": row.get("school"),
                    "found": ", ".join(item.name for item in found[:4]),
                },
            )
            return
        starts, ends = row.get("starts_on"), row.get("ends_on")
        if ends and ends < starts:
            row.error("ends_on", _("Slutdatoen ligger før startdatoen."))
            return
        minimum, capacity = row.get("minimum"), row.get("capacity")
        if minimum is not None and minimum > capacity:
            row.warn(
                "minimum",
                _("Holdet skal have mindst %(minimum)s, men har kun %(capacity)s pladser.")
                % {"minimum": minimum, "capacity": capacity},
            )
        if row.get("is_guaranteed") and (minimum or 0) > 5:
            row.warn(  # R18
                "minimum",
                _("Et garantihold må højst have et minimum på 5. Her står %(minimum)s.")
                % {"minimum": minimum},
            )
        if (row.get("enrolled") or 0) > capacity:
            row.warn(
                "enrolled",
                _("Der er flere tilmeldte (%(enrolled)s) end pladser (%(capacity)s).")
                % {"enrolled": row.get("enrolled"), "capacity": capacity},
            )
        if existing is not None and existing.is_own:
            _from_own_system(row, context, existing, found[0], course)
            return
        length = row.get("duration_days")
        wanted: dict[str, Any] = {
            name: row.get(name)
            for name in (
                "title",
                "starts_on",
                "deadline_on",
                "duration_days",
                "hours",
                "teaching_form",
                "street",
                "postcode",
                "city",
                "capacity",
                "minimum",
                "enrolled",
                "is_guaranteed",
                "price",
                "link",
            )
        }
        form = (row.get("teaching_form") or "").casefold()
        if form:
            wanted |= {"is_evening": "aften" in form, "is_remote": "fjern" in form}
        cancelled = row.get("is_cancelled")
        if cancelled is not None and (existing is None or existing.is_cancelled != cancelled):
            wanted["status"] = RunStatus.CANCELLED if cancelled else RunStatus.ANNOUNCED
        row.put(
            context,
            "runs.CourseRun",
            row.get("kviknummer"),
            existing,
            wanted
            | {
                "course": course,
                "organisation": found[0],
                "ends_on": ends or (_last_day(starts, length) if existing is None else None),
                "seen_on": row.get("seen_on") or (context.today if existing is None else None),
            },
            label=row.label,
            main=True,
            on_create={"kviknummer": row.get("kviknummer"), "source": context.source},
        )


_OWN_COLUMNS = tuple(
    replace(column, required=False, is_key=False)
    if column.key == "school"
    else replace(column, is_key=True)
    if column.key == "course"
    else column
    for column in CourseRuns.columns
)


@register
class SchoolRuns(CourseRuns):
    """A school's own runs, as its student system writes them out. Other schools' are refused."""

    key = "runs.school_runs"
    title = gettext_lazy("Skolens egne hold")
    lede = gettext_lazy(
        "Hold, som jeres eget system skriver dem ud. Vælg, hvad hver kolonne er; næste gang huskes det. Andre skolers hold bliver ikke rørt."
    )
    columns: ClassVar[tuple[Column, ...]] = _OWN_COLUMNS
    is_private = True

    def may_run(self, actor: Actor) -> bool:
        """Whoever keeps the runs of a school."""
        return bool(rules.kept_schools(actor))

    def schools_of(self, actor: Actor) -> list[Organisation] | None:
        return kept.keepable_schools(actor)

    def find(
        self, index: OrganisationIndex, written: str | None, own: list[Organisation] | None
    ) -> list[Any]:
        """A cell left empty means the school that the actor acts for."""
        if written:
            return index.find(written)
        return list(own[:1]) if own else []

    def may_write(
        self,
        row: Row,
        found: list[Any],
        existing: CourseRun | None,
        own: list[Organisation] | None,
    ) -> bool:
        keys = {school.pk for school in own or ()}
        if len(found) == 1 and found[0].pk not in keys:
            row.error(
                "school",
                _("%(school)s er ikke jeres skole. Her læser I kun jeres egne hold ind.")
                % {"school": found[0].name},
            )
            return False
        if existing is not None and existing.organisation_id not in keys:
            row.error("kviknummer", _("Kviknummeret hører til en anden skoles hold."))
            return False
        return True


def _from_own_system(
    row: Row, context: PlanContext, run: CourseRun, school: Organisation, course: Course
) -> None:
    """A run that is kept here: the list says how many are enrolled, and is told where it differs."""
    if (run.organisation_id, run.course_id) != (school.pk, course.pk):
        row.error(
            "kviknummer",
            _("Kviknummeret hører til %(run)s, som passes i Samspil.") % {"run": run},
        )
        return
    for name, what in (
        ("starts_on", _("startdatoen")),
        ("ends_on", _("slutdatoen")),
        ("capacity", _("antallet af pladser")),
        ("minimum", _("minimum")),
    ):
        if row.get(name) is not None and row.get(name) != getattr(run, name):
            row.warn(
                name,
                _("Holdet passes i Samspil, hvor %(what)s er %(value)s. Det bliver stående.")
                % {"what": what, "value": values.shown(getattr(run, name))},
            )
    row.put(
        context,
        "runs.CourseRun",
        run.kviknummer,
        run,
        {"enrolled": row.get("enrolled")},
        label=row.label,
        main=True,
    )


def _last_day(starts: date, length: Any) -> date:
    """Where a list gives no last day: so many days on, weekends not counted."""
    day = starts
    left = max(0, int(length or 1) - 1)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day
