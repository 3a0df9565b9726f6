"""A file that somebody handed in goes out again as a download under a harmless name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from samspil.kernel.models import StoredFile
from tests.support.walk import World

pytestmark = pytest.mark.django_db

PDF_AND_HTML = (
    b"<!--\n%PDF-1.4\n--><html><script>alert(1)</script></html><!--\n"
    b"1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n0\n%%EOF\n-->"
)
NAMES = (
    "../../../etc/passwd",
    '"; filename="x.html',
    "x.pdf\r\nSet-Cookie: a=b",
    "<script>.html",
    "x.html",
    "aftale\u202efdp.exe",
    "\u0430ftale æøå 😀.pdf",
    ".htaccess",
    "x" * 300 + ".pdf",
)


def is_download(answer: Any) -> None:
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "html" not in answer["Content-Type"]
    assert "svg" not in answer["Content-Type"]
    assert "\n" not in answer["Content-Disposition"]
    assert "set-cookie" not in answer.headers
    assert re.search(r"(\.\.|%2F|/)", answer["Content-Disposition"].split("''")[-1]) is None


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_an_agreements_document(name: str) -> None:
    world = World()
    client = Client()
    client.force_login(world.people["secretariat"])
    place = [world.inside.round.pk, world.inside.rows[0].pk]
    answer = client.post(
        reverse("coordination:external", args=place),
        {
            "school_name": "Uden for",
            "document": SimpleUploadedFile(name, PDF_AND_HTML, content_type="text/html"),
        },
    )
    if answer.status_code == 400:  # a name that does not end as a PDF's is refused at once
        assert not name.endswith(".pdf")
        assert not StoredFile.objects.filter(content_type="application/pdf").exists()
        return
    is_download(client.get(reverse("coordination:external_document", args=place)))
    stored = StoredFile.objects.order_by("-pk")[0]
    assert stored.content_type == "application/pdf"


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_list(name: str) -> None:
    world = World()
    client = Client()
    client.force_login(world.people["secretariat"])
    content = b"nummer;titel\n9555;<script>alert(1)</script>\n"
    answer = client.post(
        reverse("catalogue:import_new", args=["catalogue.fkbs"]),
        {"file": SimpleUploadedFile(name, content, content_type="text/html")},
    )
    assert answer.status_code == 302
    batch = int(answer["Location"].split("/import/")[1].split("/")[0])
    is_download(client.get(reverse("catalogue:import_file", args=[batch])))


def test_a_returned_workbook() -> None:
    world = World()
    client = Client()
    client.force_login(world.people["coordinator"])
    is_download(client.get(reverse("coordination:return_file", args=[world.returned.pk])))


def test_a_list_with_nul_and_broken_letters() -> None:
    """What PostgreSQL refuses in a text is gone, or the file is refused, before it is kept."""
    world = World()
    client = Client(raise_request_exception=False)
    client.force_login(world.people["secretariat"])
    lists = (
        b"nummer;titel\n9555;a\x00b\n",
        b"nummer;titel\n9555;\xed\xa0\x80\n",
        "nummer;titel\n9555;a\x00b\n".encode("utf-16"),
        b"\xff\xfe" + "nummer;titel\n9555;".encode("utf-16-le") + b"\x00\xd8" + b"\n\x00",
        b"nummer;titel\n9555;" + b"x" * 100_000 + b"\n",
        b"nummer;ti\x00tel\n9555;x\n" + b"9556;ok\n" * 500,
    )
    for number, content in enumerate(lists):
        for address in (
            reverse("catalogue:import_new", args=["catalogue.fkbs"]),
            reverse("coordination:matrix_upload", args=[world.inside.round.pk]),
            reverse("coordination:return_upload", args=[world.inside.round.pk, world.school.pk]),
        ):
            answer = client.post(
                address, {"file": SimpleUploadedFile("liste.csv", content)}, follow=True
            )
            assert answer.status_code < 500, (number, address)
