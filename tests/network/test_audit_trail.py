"""The history of a network: for its secretariat, in words, exported so that it checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories.agreements import make_agreement_case

pytestmark = pytest.mark.django_db
VERIFY = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"


@pytest.fixture
def kit():
    kit = make_agreement_case()
    kit.freeze()
    kit.sign(kit.make(), 0)
    return kit


def test_secretariat_reads_and_filters(client, kit):
    client.force_login(kit.case.secretariat_person)
    url = f"/netvaerk/{kit.case.network.pk}/historik/"
    assert "er låst som version 1" in client.get(url).content.decode()
    page = client.get(url, {"ord": "har underskrevet"}).content.decode()
    assert "1 hændelse<" in page
    assert "er låst som version 1" not in page
    page = client.get(url, {"skole": kit.case.schools[0].key}).content.decode()
    assert "har underskrevet" in page
    assert "er låst som version 1" not in page
    assert "Ingen hændelser" in client.get(url, {"til": "01-01-2020"}).content.decode()


def test_the_export_checks_without_the_application(client, kit, tmp_path):
    client.force_login(kit.case.secretariat_person)
    url = f"/netvaerk/{kit.case.network.pk}/historik.jsonl"
    content = b"".join(client.get(url).streaming_content)
    path = tmp_path / "export.jsonl"
    path.write_bytes(content)
    run = [sys.executable, "-I", str(VERIFY), str(path)]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 0
    path.write_bytes(content.replace(b"version", b"Version", 1))
    assert subprocess.run(run, capture_output=True, check=False).returncode == 1


def test_schools_do_not_find_it(client, kit):
    client.force_login(kit.leaders[0])
    for tail in ("historik/", "historik.jsonl"):
        assert client.get(f"/netvaerk/{kit.case.network.pk}/{tail}").status_code == 404
