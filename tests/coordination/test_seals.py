"""Agreements are sealed once all have signed, and anybody can check the file (R31)."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from samspil.coordination.domain import archive, seals
from samspil.coordination.domain.sealed_record import Holds, verdict
from samspil.coordination.models import Agreement, Commitment, RoundArchive
from samspil.kernel import clock, outbox, sealing
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.files import store
from samspil.kernel.models import AuditEvent, Job, JobState, MailMessage, SealedFile, StoredFile
from samspil.kernel.tasks import tasks_for
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW
from tests.support.sealing import stamping, use_key

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TOLD = "coordination.agreement_signed"


@pytest.fixture
def key(settings, tmp_path):
    cache.clear()
    return use_key(settings, tmp_path / "segl")


@pytest.fixture
def kit():
    return make_agreement_case()


def _signed(kit) -> Agreement:
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    agreement.refresh_from_db()
    return agreement


def _run() -> None:
    outbox.run_due(clock.now() + timedelta(minutes=1))


def _sealed(kit) -> tuple[Agreement, bytes]:
    agreement = _signed(kit)
    _run()
    agreement.refresh_from_db()
    kept = seals.seal_of(agreement)
    assert kept is not None
    return agreement, kept.file.read()


def test_the_file_says_who_signed_for_which_school_when_and_how(kit, key):
    agreement, content = _sealed(kit)
    checked = sealing.check(content)
    found = verdict(checked.findings, checked.unreadable)
    assert found.holds == Holds.WHOLE
    assert found.content_matches
    assert found.title == agreement.content["title"]
    assert found.constructed
    assert found.content_sha256 == agreement.content_hash
    assert {(act.school, act.person) for act in found.acts} == {
        (school.name, f"Leder {index}") for index, school in enumerate(kit.case.schools)
    }
    assert {act.method for act in found.acts} == {"totp"}
    assert {act.at for act in found.acts} == {NOW}


def test_the_content_lies_in_the_file_byte_for_byte_as_it_was_hashed(kit, key):
    agreement, content = _sealed(kit)
    files = pypdf.PdfReader(io.BytesIO(content)).attachments
    [text] = files["aftale.json"]
    assert hashlib.sha256(text).hexdigest() == agreement.content_hash
    [record] = files["underskrifter.json"]
    assert json.loads(record)["content_sha256"] == agreement.content_hash


def test_the_sealed_file_is_mailed_once_and_to_all(kit, key):
    agreement, _content = _sealed(kit)
    told = MailMessage.objects.filter(category=TOLD)
    assert told.count() == 5
    kept = seals.seal_of(agreement)
    assert [file.pk for file in told.first().attachments.all()] == [kept.file_id]


def test_a_worker_killed_in_the_middle_seals_once(kit, key):
    """The job is done again: before the row was written, and after it, when 'done' was not."""
    agreement, content = _sealed(kit)
    audited = AuditEvent.objects.count()
    Job.objects.filter(kind="coordination.seal_agreement").update(
        state=JobState.WAITING, done_at=None, lease_until=None
    )
    _run()
    seals.keep_seal(
        actor=Actor.system("coordination.seal_agreement"),
        now=NOW,
        agreement=Agreement.objects.get(pk=agreement.pk),
        content=content + b"%another",
    )
    assert SealedFile.objects.count() == 1
    assert seals.seal_of(agreement).file.read() == content
    assert MailMessage.objects.filter(category=TOLD).count() == 5
    assert AuditEvent.objects.count() == audited


def test_when_sealing_fails_it_is_tried_again_and_nothing_is_lost(kit, key, settings):
    settings.SAMSPIL_SEAL_PASSWORD = "forkert"
    agreement = _signed(kit)
    _run()
    agreement.refresh_from_db()
    assert agreement.signed_pdf is not None
    assert seals.seal_of(agreement) is None
    job = Job.objects.get(kind="coordination.seal_agreement")
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert "does not open" in job.error
    assert not MailMessage.objects.filter(category=TOLD).exists()
    settings.SAMSPIL_SEAL_PASSWORD = "prøve"
    outbox.run_due(clock.now() + timedelta(hours=2))
    assert seals.seal_of(agreement) is not None


def test_without_a_key_the_agreement_goes_out_unsealed_and_is_sealed_later(kit, settings, tmp_path):
    agreement = _signed(kit)
    _run()
    assert MailMessage.objects.filter(category=TOLD).count() == 5
    agreement = Agreement.objects.get(pk=agreement.pk)
    assert seals.seal_of(agreement) is None
    ask = {"actor": kit.case.secretariat, "now": NOW, "agreement": agreement}
    with pytest.raises(Conflict):
        seals.request_seal(**ask)
    use_key(settings, tmp_path / "segl")
    with pytest.raises(Forbidden):
        seals.request_seal(**{**ask, "actor": kit.leader(0)})
    seals.request_seal(**ask)
    _run()
    assert seals.seal_of(agreement) is not None


def test_an_agreement_that_not_all_have_signed_is_not_sealed(kit, key):
    kit.freeze()
    agreement = kit.make()
    kit.sign(agreement, 0)
    _run()
    agreement.refresh_from_db()
    with pytest.raises(Conflict):
        seals.request_seal(actor=kit.case.secretariat, now=NOW, agreement=agreement)
    assert not SealedFile.objects.exists()


def test_an_addendum_has_a_seal_of_its_own_and_the_first_stays(kit, key):
    agreement, content = _sealed(kit)
    kit.reopen()
    Commitment.objects.filter(round_course=kit.case.rows[0]).update(runs=3)
    kit.freeze()
    addendum = kit.make()
    assert addendum.pk != agreement.pk
    for row in addendum.signatures.order_by("pk"):
        index = [school.pk for school in kit.case.schools].index(row.organisation_id)
        kit.sign(addendum, index)
    _run()
    addendum.refresh_from_db()
    second = seals.seal_of(addendum).file.read()
    assert seals.seal_of(agreement).file.read() == content
    assert verdict(sealing.check(second).findings).title.startswith("Tillæg 1")


def _post(client, content: bytes, name: str = "aftale.pdf"):
    return client.post("/kontrol/", {"file": SimpleUploadedFile(name, content)})


def test_anybody_checks_a_file_on_a_page_and_nothing_is_kept(kit, key, client):
    _agreement, content = _sealed(kit)
    before = StoredFile.objects.count(), AuditEvent.objects.count()
    page = _post(client, content).content.decode()
    assert "Seglet holder" in page
    for index, school in enumerate(kit.case.schools):
        assert school.name in page
        assert f"Leder {index}" in page
    assert (StoredFile.objects.count(), AuditEvent.objects.count()) == before


def test_the_page_says_what_is_wrong(kit, key, client):
    agreement, content = _sealed(kit)
    changed = bytearray(content)
    changed[300] ^= 1
    assert "Filen er ændret" in _post(client, bytes(changed)).content.decode()
    unsealed = agreement.signed_pdf.read()
    assert "Filen har intet segl" in _post(client, unsealed).content.decode()
    cut = _post(client, content[: len(content) // 2]).content.decode()
    assert "Filen kan ikke kontrolleres" in cut
    refused = _post(client, b"MZ" + b"\x00" * 99)
    assert refused.status_code == 400
    assert client.get("/kontrol/").status_code == 200


def test_the_page_takes_so_many_files_a_minute_from_one_address(key, client, settings):
    answers = [_post(client, b"MZ" + b"\x00" * 99).status_code for _ in range(21)]
    assert answers == [400] * 20 + [429]


def test_hostile_text_in_a_stranger_seal_is_text(kit, key, client, settings, tmp_path):
    """The record is only data: whoever seals a file of their own can write anything in it."""
    files = {
        "underskrifter.json": {"text": json.dumps({"schema": "samspil.signatures/1", "title": []})},
        "aftale.json": {"text": "{"},
    }
    seal = {
        "by": "<b>x", "organisation": "", "issuer": "", "fingerprint": "", "said_at": "i går",
        "stamped_at": None, "intact": True, "trusted": False, "why_not": "x", "whole": True,
        "after": "", "long_term": False,
    }  # fmt: skip
    found = verdict({"sha256": "", "seals": [seal], "files": files})
    assert (found.holds, found.title, found.acts, found.said_at) == (
        Holds.STRANGER, "", (), None,
    )  # fmt: skip


def test_signatures_that_name_another_content_are_not_believed(kit, key):
    _agreement, content = _sealed(kit)
    findings = sealing.check(content).findings
    findings["files"]["aftale.json"]["text"] += " "
    assert verdict(findings).content_matches is False


def test_a_second_seal_is_something_added(kit, key):
    _agreement, content = _sealed(kit)
    findings = sealing.check(content).findings
    findings["seals"].append(findings["seals"][0])
    assert verdict(findings).holds == Holds.CHANGED


def test_a_command_checks_a_file_without_the_application(kit, key, tmp_path):
    agreement, content = _sealed(kit)
    (tmp_path / "aftale.pdf").write_bytes(content)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable, str(ROOT / "tools" / "verify_agreement.py"),
                str(tmp_path / "aftale.pdf"), *options,
            ],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env={"LANG": "C.UTF-8", "PATH": ""},
        )  # fmt: skip

    done = run("--kendt", str(key.known))
    assert done.returncode == 0, done.stderr
    assert "Seglet holder" in done.stdout
    assert f"{kit.case.schools[0].name}: Leder 0" in done.stdout
    assert agreement.content_hash in done.stdout
    unknown = run()
    assert unknown.returncode == 1
    assert "ikke blandt de kendte" in unknown.stdout
    (tmp_path / "aftale.pdf").write_bytes(content[:-400])
    assert run("--kendt", str(key.known)).returncode == 1


def test_the_night_looks_at_a_seal_once_and_prolongs_it_in_time(kit, key, tmp_path, client):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=200)):
        agreement, content = _sealed(kit)
    later = clock.now()
    assert seals.enqueue_upkeep(later) == 1
    _run()
    seal = seals.seal_of(agreement)
    upkeep = seals.upkeep_of(seal)
    assert upkeep.file_id == seal.file_id  # long enough still
    assert abs(upkeep.good_until - later - timedelta(days=200)) < timedelta(days=1)
    assert seals.enqueue_upkeep(later) == 0
    client.force_login(kit.case.secretariat_person)
    page = f"/runder/aftale/{agreement.pk}/"
    assert "Seglet kan kontrolleres af enhver til" in client.get(page).content.decode()

    with stamping(key, tmp_path / "two", lasts=timedelta(days=3000)):
        assert seals.enqueue_upkeep(later, within=timedelta(days=300)) == 1
        _run()
    seal = seals.seal_of(agreement)
    longer = seals.newest(seal).read()
    assert longer.startswith(content)
    assert len(longer) > len(content)
    assert seal.file.read() == content  # what was sealed stays
    found = verdict(sealing.check(longer).findings)
    assert (found.holds, found.prolonged) == (Holds.WHOLE, True)
    assert found.good_until == seals.upkeep_of(seal).good_until
    assert client.get(f"{page}forseglet.pdf").content == longer
    assert "Kan kontrolleres til" in _post(client, longer).content.decode()


def test_the_archive_of_a_closed_round_gets_the_prolonged_seal(kit, key, tmp_path):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=200)):
        agreement, content = _sealed(kit)
    archive.close_round(actor=kit.case.secretariat, now=clock.now(), round=kit.case.round)
    _run()
    name = "aftaler/fkb-9222-1-original-forseglet.pdf"
    assert _in_archive(kit, name) == content
    seals.enqueue_upkeep(clock.now())
    _run()  # looked at and long enough: nothing to pack
    jobs = Job.objects.filter(kind="coordination.archive_round", state=JobState.WAITING)
    assert not jobs.exists()

    with stamping(key, tmp_path / "two", lasts=timedelta(days=3000)):
        seals.enqueue_upkeep(clock.now(), within=timedelta(days=300))
        _run()
    assert jobs.count() == 1  # at the end of the hour, once for all its seals
    outbox.run_due(clock.now() + timedelta(hours=2))
    longer = _in_archive(kit, name)
    assert longer == seals.newest(seals.seal_of(agreement)).read() != content
    assert longer.startswith(content)
    assert RoundArchive.objects.count() == 2  # the older one stays


def test_a_seal_that_comes_after_the_round_was_closed_comes_into_its_archive(kit, key):
    key.settings.SAMSPIL_SEAL_KEY, there = "", key.settings.SAMSPIL_SEAL_KEY
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    _run()
    archive.close_round(actor=kit.case.secretariat, now=clock.now(), round=kit.case.round)
    _run()
    name = "aftaler/fkb-9222-1-original-forseglet.pdf"
    assert _in_archive(kit, name) is None
    key.settings.SAMSPIL_SEAL_KEY = there
    agreement.refresh_from_db()
    seals.request_seal(actor=kit.case.secretariat, now=clock.now(), agreement=agreement)
    _run()
    outbox.run_due(clock.now() + timedelta(hours=2))
    assert _in_archive(kit, name) == seals.seal_of(agreement).file.read()


def _in_archive(kit, name):
    kept = RoundArchive.objects.filter(round=kit.case.round).latest("pk")
    bundle = zipfile.ZipFile(io.BytesIO(kept.file.read()))
    return bundle.read(name) if name in bundle.namelist() else None


def test_a_seal_that_cannot_be_prolonged_becomes_a_task(kit, key, tmp_path):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=40)):
        agreement, _content = _sealed(kit)
    key.settings.SAMSPIL_SEAL_TSA = ""
    seals.enqueue_upkeep(clock.now())
    _run()
    tasks = tasks_for(kit.case.secretariat, clock.today())
    assert [t.url for t in tasks if "skal forlænges" in t.title] == [
        f"/runder/aftale/{agreement.pk}/"
    ]


def test_when_the_authority_of_time_is_away_the_file_stays_and_it_is_tried_again(
    kit, key, tmp_path
):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=40)):
        agreement, content = _sealed(kit)
    seals.enqueue_upkeep(clock.now())
    _run()  # the authority is away
    assert seals.newest(seals.seal_of(agreement)).read() == content
    job = Job.objects.get(kind="coordination.prolong_seal")
    assert (job.state, job.attempts) == (JobState.WAITING, 1)


def test_a_changed_file_is_not_prolonged(kit, key, tmp_path):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=40)):
        agreement, content = _sealed(kit)
        seal = seals.seal_of(agreement)
        bad = bytearray(content)
        bad[300] ^= 1
        seal.file = store(bytes(bad), "x.pdf", "application/pdf", actor=Actor.system("x"), now=NOW)
        seal.save(update_fields=["file"])
        seals.enqueue_upkeep(clock.now())
        _run()
    assert seals.newest(seals.seal_of(agreement)).read() == bytes(bad)


def test_the_command_says_when_there_is_nobody_to_ask(kit, key, tmp_path, capsys):
    with pytest.raises(CommandError, match="SEAL_TSA"):
        call_command("prolong_seals")
    with stamping(key, tmp_path / "one"):
        agreement, content = _sealed(kit)
        call_command("prolong_seals", days=5000)
        assert "1 sealed files" in capsys.readouterr().out
        _run()
    assert len(seals.newest(seals.seal_of(agreement)).read()) > len(content)
