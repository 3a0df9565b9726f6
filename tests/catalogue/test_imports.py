"""The catalogue's imports, from real files to rows and back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from samspil.catalogue.domain import actions as catalogue
from samspil.catalogue.enums import RelationKind
from samspil.catalogue.models import (
    Approval,
    BranchGroup,
    Course,
    CourseActivity,
    CourseRelation,
    Fkb,
)
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.imports import actions as imports
from samspil.kernel.imports.models import ColumnMapping, ImportBatch, ImportRow
from samspil.kernel.models import AuditEvent
from samspil.kernel.spreadsheets.writer import SafeWorkbook
from samspil.network.models import Membership, Municipality, Network, Organisation, Postcode

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[2] / "data"
SYSTEM = Actor.system("tests")


def upload(now: datetime, spec: str, content: bytes | Path, **extra: Any) -> ImportBatch:
    if isinstance(content, Path):
        content = content.read_bytes()
    return imports.upload(
        actor=SYSTEM, now=now, spec=spec, content=content, name="liste.csv", **extra
    )


def read_in(now: datetime, spec: str, content: bytes | Path, **extra: Any) -> ImportBatch:
    return imports.apply(actor=SYSTEM, now=now, batch=upload(now, spec, content, **extra))


def states(batch: ImportBatch) -> dict[str, int]:
    return {state: count for state, count in batch.counted.items() if count}


def row(batch: ImportBatch, number: int) -> ImportRow:
    return batch.rows.get(row_number=number)


def texts(item: ImportRow) -> str:
    return " ".join(f"{m['cell']} {m['text']}" for m in item.messages)


@pytest.fixture
def fkbs() -> dict[str, Fkb]:
    return {
        number: Fkb.objects.create(number=number, title=f"FKB {number}")
        for number in ("2222", "2728")
    }


def test_the_messy_list(now: datetime, fkbs: dict[str, Fkb]) -> None:
    batch = upload(now, "catalogue.courses", DATA / "messy" / "fagliste.csv", source="Fagliste")
    assert batch.status == "previewed"
    assert Course.objects.count() == 0
    assert states(batch) == {"new": 14, "warning": 16, "skipped": 3}
    assert "EUD-enkeltfag" in texts(row(batch, 35))
    assert "Overskrift" in texts(row(batch, 18))
    assert "række 34" in texts(row(batch, 5))
    assert "arkiveret" in texts(row(batch, 19))
    imports.apply(actor=SYSTEM, now=now, batch=batch)
    assert Course.objects.count() == 30
    course = Course.objects.get(number="90104")
    assert course.title == "Rehabilitering i borgerens hjem (ny titel)"
    assert (course.valid_from, course.duration_days) == (date(2026, 1, 1), 3)
    assert Course.objects.get(number="90101").duration_days == Decimal("1.5")
    assert Course.objects.get(number="90106").duration_days == 5
    assert Course.objects.get(number="90106").valid_from == date(2025, 7, 1)
    assert Course.objects.filter(is_archived=True).count() == 16  # 90104's last line, too
    assert CourseRelation.objects.filter(fkb=fkbs["2728"], kind=RelationKind.CORE).count() == 10
    assert Course.objects.get(number="90101").title == "Omsorg for ældre borgere"
    again = upload(now, "catalogue.courses", DATA / "messy" / "fagliste.csv", source="Fagliste")
    assert states(again) == {"unchanged": 14, "warning": 16, "skipped": 3}
    with pytest.raises(Invalid, match="intet at læse ind"):
        imports.apply(actor=SYSTEM, now=now, batch=again)


def test_headings_as_ordinary_rows_when_one_says_so(now: datetime, fkbs: dict[str, Fkb]) -> None:
    read_in(
        now, "catalogue.courses", DATA / "messy" / "fagliste.csv", options={"sections": "ignore"}
    )
    assert not Course.objects.filter(is_archived=True).exists()


def test_all_real_lists_one_after_the_other(now: datetime) -> None:
    Network.objects.create(key="eso", name="ESØ", short_name="ESØ")
    Network.objects.create(key="sosu", name="SOSU-samarbejdet", short_name="SOSU")
    read_in(now, "network.municipalities", DATA / "municipalities.csv")
    assert Municipality.objects.count() == 99
    read_in(now, "network.postcodes", DATA / "postcodes.csv")
    assert Postcode.objects.count() == 1159
    assert Postcode.objects.get(code="0800").city == "Høje Taastrup"
    read_in(now, "network.organisations", DATA / "schools.csv")
    assert Organisation.objects.count() == 35
    fkb = read_in(now, "catalogue.fkbs", DATA / "fkb.csv")
    assert Fkb.objects.count() == 16
    assert Fkb.objects.get(number="2692").valid_to == date(2010, 1, 1)
    assert list(Fkb.objects.get(number="2257").predecessors.values_list("number", flat=True)) == [
        "2778"
    ]
    assert BranchGroup.objects.filter(name="Levnedsmiddel").count() == 1
    read_in(now, "catalogue.courses", DATA / "amu.csv")
    assert Course.objects.count() == 32
    assert Course.objects.get(number="48307").successor == Course.objects.get(number="21078")
    assert Course.objects.get(number="48307").is_archived
    approvals = read_in(now, "catalogue.approvals", DATA / "approvals.csv")
    assert states(approvals)["skipped"] == 27
    assert Approval.objects.count() == 7
    assert Approval.objects.filter(evidence="granted").count() == 1
    for batch in ImportBatch.objects.order_by("-pk"):
        imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert not Course.objects.exists()
    assert not Organisation.objects.exists()
    assert not Municipality.objects.exists()
    assert fkb.pk


def test_single_subjects_are_no_courses(now: datetime) -> None:
    content = (DATA / "eud_enkeltfag.csv").read_bytes().replace(b"fagkode", b"fagnr")
    assert states(upload(now, "catalogue.courses", content)) == {"skipped": 2}


COURSES = "Fagnr;Titel;Varighed;FKB\n47.592;Svejsning;2 uger;2222\n90.102 ;Sår;3;2222\n"


def test_undo_puts_everything_back(now: datetime, fkbs: dict[str, Fkb]) -> None:
    Course.objects.create(number="90102", title="Sårpleje", duration_days=2, version=4)
    batch = read_in(now, "catalogue.courses", COURSES.encode())
    assert states(batch) == {"new": 1, "changed": 1}
    course = Course.objects.get(number="90102")
    assert (course.title, course.duration_days, course.version) == ("Sår", 3, 5)
    assert Course.objects.get(number="47592").duration_days == 10
    imports.undo(actor=SYSTEM, now=now, batch=batch)
    course.refresh_from_db()
    assert (course.title, course.duration_days, course.version) == ("Sårpleje", 2, 6)
    assert not Course.objects.filter(number="47592").exists()
    assert not CourseRelation.objects.exists()
    assert [event.verb for event in AuditEvent.objects.order_by("pk")][-1] == "imports.undo"
    with pytest.raises(Conflict):
        imports.undo(actor=SYSTEM, now=now, batch=batch)


def test_undo_is_refused_when_a_row_changed_since(now: datetime, fkbs: dict[str, Fkb]) -> None:
    batch = read_in(now, "catalogue.courses", COURSES.encode())
    course = Course.objects.get(number="47592")
    catalogue.change_course(actor=SYSTEM, now=now, course=course, version=1, values={"level": "3"})
    with pytest.raises(Conflict, match="47592 Svejsning er ændret siden"):
        imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert Course.objects.count() == 2


def test_undo_is_refused_when_a_row_is_in_use(now: datetime, fkbs: dict[str, Fkb]) -> None:
    batch = read_in(now, "catalogue.courses", COURSES.encode())
    catalogue.set_relation(
        actor=SYSTEM,
        now=now,
        course=Course.objects.get(number="47592"),
        fkb=fkbs["2728"],
        kind="linked",
    )
    with pytest.raises(Conflict, match="47592 Svejsning er i brug"):
        imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert CourseRelation.objects.count() == 3


def test_nothing_is_written_when_the_register_changed_since_the_preview(
    now: datetime, fkbs: dict[str, Fkb]
) -> None:
    Course.objects.create(number="90102", title="Sårpleje")
    batch = upload(now, "catalogue.courses", COURSES.encode())
    Course.objects.filter(number="90102").update(title="Noget andet")
    with pytest.raises(Conflict, match="ændret, siden du så listen"):
        imports.apply(actor=SYSTEM, now=now, batch=batch)
    assert not Course.objects.filter(number="47592").exists()
    imports.apply(actor=SYSTEM, now=now, batch=imports.refresh(actor=SYSTEM, now=now, batch=batch))
    assert Course.objects.get(number="90102").title == "Sår"


def test_an_empty_cell_wipes_nothing(now: datetime, fkbs: dict[str, Fkb]) -> None:
    Course.objects.create(number="90102", title="Sår", duration_days=3, level="4")
    batch = upload(now, "catalogue.courses", "Fagnr;Titel;Varighed;Niveau\n90102;Sår;;\n".encode())
    assert states(batch) == {"unchanged": 1}


def test_every_error_has_a_cell_and_a_sentence(now: datetime, fkbs: dict[str, Fkb]) -> None:
    content = "Liste\nFagnr;Titel;Varighed;FKB;Gyldig fra;Gyldig til\n9010;a;3;;;\n90102;;x;2222;31/2 2026;\n90103;b;2-3 dage;9999;1/7 2026;1/1 2026\n;c;1;;;\n"
    batch = upload(now, "catalogue.courses", content.encode())
    assert states(batch) == {"error": 3, "skipped": 1}
    second = row(batch, 4)
    assert "C4 »x« er ikke en varighed" in texts(second)
    assert "E4 »31/2 2026« er ikke en dato, der findes" in texts(second)
    assert "C5 »2-3 dage«" in texts(row(batch, 5))
    assert "A6 Cellen er tom" in texts(row(batch, 6))
    with pytest.raises(Invalid):
        imports.apply(actor=SYSTEM, now=now, batch=batch)


def test_the_same_number_twice_without_a_date_is_for_people_to_settle(now: datetime) -> None:
    batch = upload(now, "catalogue.courses", b"Fagnr;Titel\n90101;a\n90101;b\n90102;c\n")
    assert states(batch) == {"error": 2, "new": 1}
    assert "A2 90101 står også i række 3" in texts(row(batch, 2))


def test_one_row_per_fkb_is_no_repeat(now: datetime, fkbs: dict[str, Fkb]) -> None:
    batch = read_in(
        now,
        "catalogue.courses",
        "Fagnr;Titel;FKB;Relation\n90101;a;2222;Kernemål\n90101;a;2728;tilkoblet\n".encode(),
    )
    assert states(batch) == {"new": 2}
    assert dict(CourseRelation.objects.values_list("fkb__number", "kind")) == {
        "2222": "core",
        "2728": "linked",
    }


def test_several_tables_in_one_sheet_of_an_excel_file(now: datetime, fkbs: dict[str, Fkb]) -> None:
    book = SafeWorkbook()
    sheet = book.add_sheet("Mål 2026")
    for at, cells in enumerate([
        ["Efteruddannelsesudvalget", None, None, None], [], ["Mål nr.", "Titel", "Dage", "FKB"], ["90.101", "a", 3, "2222"],
        ["I alt", None, 3, None], [], ["Transport"], ["Titel", "Dage", "Fagnr", "FKB"], ["b", "1 uge", 90102, 2728],
    ]):  # fmt: skip
        sheet.write_row(at, cells)
    batch = read_in(now, "catalogue.courses", book.close())
    assert states(batch) == {"new": 2, "skipped": 2}
    assert dict(Course.objects.values_list("number", "duration_days")) == {"90101": 3, "90102": 5}


def test_columns_chosen_by_hand_are_remembered_for_the_source(now: datetime) -> None:
    content = "Kolonne 1;Kolonne 2;Kolonne 3\n90101;Pleje;3\n90102;Sår;2\n90103;Bad;1\n".encode()
    batch = upload(now, "catalogue.courses", content, source="Udvalget")
    assert batch.status == "previewed"  # five digits give the number away
    batch = imports.choose_columns(
        actor=SYSTEM,
        now=now,
        batch=batch,
        source="Udvalget",
        options={},
        is_read=[True],
        columns=[{0: "number", 1: "title", 2: "duration_days"}],
    )
    assert states(batch) == {"new": 3}
    assert ColumnMapping.objects.get().columns == {
        "kolonne1": "number",
        "kolonne2": "title",
        "kolonne3": "duration_days",
    }
    again = upload(now, "catalogue.courses", content, source="Udvalget")
    assert states(again) == {"new": 3}
    with pytest.raises(Invalid, match="flere kolonner"):
        imports.choose_columns(
            actor=SYSTEM,
            now=now,
            batch=again,
            source="",
            options={},
            is_read=[True],
            columns=[{0: "number", 1: "number"}],
        )
    with pytest.raises(Invalid, match="Fagnummer"):
        imports.choose_columns(
            actor=SYSTEM,
            now=now,
            batch=again,
            source="",
            options={},
            is_read=[True],
            columns=[{1: "title"}],
        )


def test_activity(now: datetime) -> None:
    school = Organisation.objects.create(
        key="a", name="Randers Social- og Sundhedsskole", aliases=["SOSU Randers"]
    )
    Course.objects.create(number="90101", title="a")
    batch = read_in(
        now,
        "catalogue.activity",
        "Fagnr;Skole;År;Kursister;Hold\n90101;sosu randers;2025;1.212;9\n90999;x;2025;1;1\n90101;Ukendt;2025;1;1\n".encode(),
    )
    assert states(batch) == {"new": 1, "error": 2}
    found = CourseActivity.objects.get()
    assert (found.organisation, found.learners, found.runs) == (school, 1212, 9)


def test_schools_are_matched_and_never_renamed(now: datetime) -> None:
    network = Network.objects.create(key="eso", name="ESØ", short_name="ESØ")
    Municipality.objects.create(code="0730", name="Randers", lat=56, lon=10)
    Organisation.objects.create(
        key="sosu-randers", name="Randers Social- og Sundhedsskole", aliases=["SOSU Randers"]
    )
    batch = read_in(
        now,
        "network.organisations",
        "Navn;Netværk;Kommune;Postnr\nSOSU Randers;eso;Randers Kommune;8920\nNy Skole;eso;730;8900\n".encode(),
    )
    assert states(batch) == {"warning": 1, "new": 1}
    assert Organisation.objects.get(key="sosu-randers").name == "Randers Social- og Sundhedsskole"
    assert Organisation.objects.get(key="ny-skole").municipality.code == "0730"
    assert Membership.objects.filter(network=network).count() == 2
    imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert Organisation.objects.count() == 1
    assert Membership.objects.count() == 0


def test_only_keepers_import(now: datetime, actor_with: Any) -> None:
    school = Organisation.objects.create(key="a", name="A")
    reader = actor_with("school_coordinator", organisation=school)
    with pytest.raises(Forbidden):
        imports.upload(
            actor=reader, now=now, spec="catalogue.courses", content=COURSES.encode(), name="a"
        )
    assert [spec.key for spec in imports.specs_for(reader)] == ["runs.school_runs"]
    assert not imports.batches_for(reader).exists()


def big_list(count: int) -> bytes:
    rows = ["Fagnr;Titel;FKB;Relation;Varighed;Gyldig fra"]
    rows += [
        f"{10000 + n};Mål nummer {n} om ældre;{2222 if n % 2 else 2728};kernemål;{n % 20 + 1},5;1/7 2025"
        for n in range(count)
    ]
    return "\r\n".join(rows).encode("cp1252")


def test_queries_do_not_grow_with_the_rows(now: datetime, fkbs: dict[str, Fkb]) -> None:
    counted = []
    for size in (2, 2, 40):
        Course.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            batch = upload(now, "catalogue.courses", big_list(size))
            imports.apply(actor=SYSTEM, now=now, batch=batch)
            imports.undo(actor=SYSTEM, now=now, batch=batch)
        counted.append(Counter(query["sql"].split(" ", 1)[0] for query in queries))
    assert counted[1] == counted[2]  # the first one begins the audit trail


@pytest.mark.slow
def test_ten_thousand_rows(now: datetime, fkbs: dict[str, Fkb]) -> None:
    content = big_list(10_000)
    batch = upload(now, "catalogue.courses", content)
    imports.apply(actor=SYSTEM, now=now, batch=batch)
    changed = upload(now, "catalogue.courses", content.replace(b",5;", b",0;"))
    assert states(changed) == {"changed": 10_000}
    imports.apply(actor=SYSTEM, now=now, batch=changed)
    imports.undo(actor=SYSTEM, now=now, batch=changed)
    imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert not Course.objects.exists()


def test_what_is_left_out_is_told(now: datetime, fkbs: dict[str, Fkb]) -> None:
    book = SafeWorkbook()
    sheet = book.add_sheet("Mål")
    sheet.table(0, ["Fagnr", "Titel", "Lokale"], [["90101", "a", "B12"]])
    book.add_sheet("Noter").write(0, 0, "Husk mødet")
    hidden = book.add_sheet("Gammelt")
    hidden.table(0, ["Fagnr", "Titel"], [["90102", "b"]])
    hidden.raw.hide()
    batch = upload(now, "catalogue.courses", book.close())
    assert batch.notes == [
        "I arket »Noter« er der ingen tabel, der læses.",
        "Arket »Gammelt« er skjult og er ikke læst.",
        "Disse kolonner læses ikke: Lokale.",
    ]


def test_tables_with_the_same_headings_are_chosen_together(now: datetime) -> None:
    from samspil.catalogue.interfaces.forms import ColumnsForm

    content = b"Fagnr;Titel\n90101;a\nFagnr;Titel\n90102;b\nFagnr;Titel;Dage\n90103;c;3\n"
    batch = upload(now, "catalogue.courses", content)
    spec = imports.spec_of(batch.spec)
    form = ColumnsForm(
        {"read_0": "on", "column_0_0": "number", "column_0_1": "", "read_2": "on", "column_2_0": "number", "column_2_1": "title",
         "option_default_kind": "core", "option_sections": "archive"},
        spec=spec, tables=imports.tables_of(batch), current={},
    )  # fmt: skip
    assert form.is_valid(), form.errors
    assert form.columns == [{0: "number"}, {0: "number"}, {0: "number", 1: "title"}]
    assert form.is_read == [True, True, True]


NUMBERS = st.sampled_from(["90101", "90102", "90103", "90104"])
TITLES = st.sampled_from(["Pleje", "Sår", "Bad og tøj", ""])
DAYS = st.sampled_from(["", "1", "2,5", "1 uge", "x"])
LINES = st.lists(
    st.tuples(NUMBERS, TITLES, DAYS, st.sampled_from(["", "2222", "2728", "9999"])), max_size=6
)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of what the import writes, without the versions, which only grow."""
    return {
        model.__name__: [
            {key: value for key, value in found.items() if key != "version"}
            for found in model.objects.order_by("pk").values()
        ]
        for model in (Course, CourseRelation)
    }


@settings(max_examples=40, deadline=None)
@given(before=LINES, after=LINES)
def test_any_list_taken_back_leaves_nothing_behind(before: Any, after: Any) -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def content(lines: Any) -> bytes:
        return (
            "Fagnr;Titel;Varighed;FKB\n90199;Fast;1;\n"
            + "".join(";".join(line) + "\n" for line in lines)
        ).encode()

    with transaction.atomic():
        for number in ("2222", "2728"):
            Fkb.objects.create(number=number, title=number)
        read_in(now, "catalogue.courses", content(before))
        start = everything()
        batch = upload(now, "catalogue.courses", content(after))
        assert everything() == start  # a preview writes nothing
        assert sum(batch.counted.values()) == len(after) + 1  # every row ends somewhere
        if batch.counts["changes"]:
            imports.apply(actor=SYSTEM, now=now, batch=batch)
            again = upload(now, "catalogue.courses", content(after))
            assert again.counts["changes"] == 0  # reading it twice changes nothing more
            imports.undo(actor=SYSTEM, now=now, batch=batch)
        assert everything() == start
        transaction.set_rollback(True)
