"""What leaves as a spreadsheet is text, also when LibreOffice opens it: no formula, no link, no DDE.

Every free text of a round is made hostile; then everything that can be fetched is fetched.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from samspil.catalogue.models import Course, Fkb
from samspil.coordination.domain import archive
from samspil.coordination.models import (
    Commitment,
    CourseComment,
    ExternalAgreement,
    Intent,
    Overview,
    RoundCourse,
)
from samspil.kernel import outbox
from samspil.network.models import Network, Organisation
from tests.factories.agreements import AgreementCase, make_agreement_case
from tests.factories.board import NOW

pytestmark = pytest.mark.django_db

HOSTILE = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|'/C calc'!A0",
    "=DDE(\"soffice\";\"/etc/passwd\";\"A1\")",
    '=HYPERLINK("http://evil.example";"klik")',
    "=WEBSERVICE(\"http://evil.example\")",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    ";=1+1",
    '";=1+1;"',
    "x\r\n=1+1;=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "http://evil.example/",
    "x\x01\x0b\x1f\ufffe",
    "&[Tab]&A&\"x\"",
    "{=1+1}",
)  # fmt: skip
NUMBER_OF_CELLS = 20


@pytest.fixture(scope="module")
def soffice() -> str:
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("LibreOffice is not installed: `make test` installs it")
    return found


@pytest.fixture
def hostile() -> AgreementCase:
    """A round in which every text wants to be a formula."""
    kit = make_agreement_case(courses=NUMBER_OF_CELLS)
    case = kit.case
    long = "=" + "1+" * 20_000 + "1"  # longer than a cell
    for index, row in enumerate(case.rows):
        text = HOSTILE[index % len(HOSTILE)]
        Course.objects.filter(pk=row.course_id).update(title=text)
        Commitment.objects.filter(round_course=row).update(
            when_text=text[:60], updated_by_label=text
        )
        case.intend(row, 0, offers=True, runs=1, when_text=text[:60], note=text)
        CourseComment.objects.create(round_course=row, author_label=text, text=text, at=NOW)
    Intent.objects.filter(pk=Intent.objects.order_by("pk")[3].pk).update(note=long[:500])
    CourseComment.objects.filter(pk=CourseComment.objects.order_by("pk")[3].pk).update(
        text=long[:2000]
    )
    RoundCourse.objects.filter(pk=case.rows[-1].pk).update(archived_reason="=1+1")
    Fkb.objects.update(title=HOSTILE[4])
    Network.objects.filter(pk=case.network.pk).update(name=HOSTILE[0], short_name=HOSTILE[5][:40])
    for index, school in enumerate(case.schools):
        Organisation.objects.filter(pk=school.pk).update(
            name=HOSTILE[index], short_name=HOSTILE[index + 4][:60]
        )
    return kit


def opened(soffice: str, folder: Path, files: dict[str, bytes]) -> dict[str, str]:
    """The files as LibreOffice understands them, as flat XML; one start for each kind."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for ending, how in ((".csv", ["--infilter=CSV:59,34,76,1"]), (".xlsx", [])):
        subprocess.run(
            [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", *how,
             "--convert-to", "fods", "--outdir", str(folder / ("out" + ending)),
             *(str(folder / name) for name in files if name.endswith(ending))],
            check=True, capture_output=True, timeout=240,
        )  # fmt: skip
    return {
        name: (folder / f"out{Path(name).suffix}" / name).with_suffix(".fods").read_text("utf-8")
        for name in files
    }


def is_only_text(flat: str, name: str) -> None:
    assert "office:value-type=" in flat, name
    assert not re.findall(r"table:formula=\"[^\"]*", flat), name
    assert "<text:a " not in flat, name
    assert "dde" not in re.sub(r"<text:p>.*?</text:p>", "", flat, flags=re.DOTALL).lower(), name


def is_plain_workbook(content: bytes, name: str) -> None:
    parts = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [p for p in parts if "externalLink" in p or "vbaProject" in p], name
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (name, cell.coordinate)
                assert cell.hyperlink is None, (name, cell.coordinate)
                assert len(str(cell.value or "")) <= 32_767


def test_no_export_carries_a_formula(
    hostile: AgreementCase, tmp_path: Path, soffice: str, client: Client
) -> None:
    case = hostile.case
    client.force_login(case.secretariat_person)
    place = [case.round.pk, case.fkb.fkb.number]
    files: dict[str, Any] = {
        "skema.xlsx": reverse(
            "coordination:form_workbook", args=[case.round.pk, case.schools[0].pk]
        ),
        "oversigt.xlsx": reverse("coordination:overview_xlsx", args=place),
    }
    files = {name: client.get(url).content for name, url in files.items()}
    hostile.freeze()
    agreement = hostile.make()
    for index in range(4):
        hostile.sign(agreement, index)
    outbox.run_due(NOW)
    version = Overview.objects.get().version
    files["version.xlsx"] = client.get(
        reverse("coordination:version_xlsx", args=[*place, version])
    ).content
    archive.close_round(actor=case.secretariat, now=NOW, round=case.round)
    outbox.run_due(NOW)
    kept = client.get(reverse("coordination:archive", args=[case.round.pk]))
    bundle = zipfile.ZipFile(io.BytesIO(kept.content))
    for name in bundle.namelist():
        assert not name.startswith(("/", "\\")) and ".." not in name and ":" not in name
        if name.endswith((".csv", ".xlsx")):
            files[name.replace("/", "-")] = bundle.read(name)
    assert len(files) >= 10
    for name, content in files.items():
        if name.endswith(".xlsx"):
            is_plain_workbook(content, name)
    seen = opened(soffice, tmp_path / "exports", files)
    for name, flat in seen.items():
        is_only_text(flat, name)
    flat = seen["data-maal.csv"]
    for text in ("=1+1", "@SUM(A1)", "=cmd|&apos;/C calc&apos;!A0"):
        assert f"&apos;{text}" in flat or f"'{text}" in flat  # there, and text


def test_an_outside_agreement_is_packed_under_a_harmless_name(hostile: AgreementCase) -> None:
    from samspil.coordination.domain.archive import pack
    from samspil.kernel.files import store

    row = hostile.case.rows[0]
    Commitment.objects.filter(round_course=row).delete()
    document = store(
        b"%PDF-1.4\n%%EOF\n",
        "../../x.exe/../\n..pdf",
        "application/pdf",
        actor=hostile.case.secretariat,
        now=NOW,
    )
    ExternalAgreement.objects.create(
        round_course=row, school_name="=1+1", document=document, note="=1+1", created_at=NOW
    )
    names = zipfile.ZipFile(io.BytesIO(pack(hostile.case.round, at=NOW))).namelist()
    for name in names:
        assert re.fullmatch(r"[\wÆØÅæøå .-]+(/[\wÆØÅæøå.-]+)*", name), name
        assert ".." not in name
