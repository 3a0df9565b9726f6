"""The end of a round: closed, and archived whole in one zip that explains and checks itself.

The zip is packed anew when a seal in it is set or prolonged later; the older ones stay stored.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import rules
from samspil.coordination.domain.overviews import archive_rows
from samspil.coordination.domain.round_queries import get_round
from samspil.coordination.domain.seals import newest, seal_of
from samspil.coordination.enums import ROUND_TRANSITIONS, AgreementStatus, FkbStatus
from samspil.coordination.models import (
    Agreement,
    Commitment,
    CourseComment,
    ExternalAgreement,
    Form,
    Intent,
    Meeting,
    MeetingDecision,
    MeetingTask,
    PaperSignature,
    Round,
    RoundArchive,
    RoundCourse,
    RoundFkb,
    Signature,
)
from samspil.kernel import audit
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.files import store
from samspil.kernel.locking import lock_row
from samspil.kernel.outbox import enqueue
from samspil.kernel.transitions import transition

CHECKERS = Path(settings.ROOT) / "tools"
_STAMP = (2000, 1, 1, 0, 0, 0)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def not_agreed(round: Round) -> list[str]:
    """Numbers of the round's FKBs whose agreement is not signed by all."""
    return list(
        RoundFkb.objects.filter(round=round)
        .exclude(status=FkbStatus.AGREED)
        .order_by("fkb__number", "pk")
        .values_list("fkb__number", flat=True)
    )


@action("coordination.close_round", permission=rules.may_run_round, on="round")
def close_round(*, actor: Actor, now: datetime, round: Round) -> Round:
    """Close a round in which every FKB is agreed, and have it archived by the worker.

    Raises ``Conflict`` naming the FKBs that are not agreed (R31), or when the round is not at
    its signing.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    left = not_agreed(round)
    if left:
        raise Conflict(
            ngettext(
                "Runden kan ikke afsluttes: aftalen for FKB %(fkbs)s mangler.",
                "Runden kan ikke afsluttes: aftalerne for FKB %(fkbs)s mangler.",
                len(left),
            )
            % {"fkbs": ", ".join(left[:12]) + (" …" if len(left) > 12 else "")}
        )
    before = transition(round, "close", table=ROUND_TRANSITIONS, actor=actor, now=now)
    record(
        round,
        before={"status": before},
        after={"status": round.status},
        summary=_("Runde %(year)s er afsluttet.") % {"year": round.year},
        network_id=round.network_id,
    )
    enqueue("coordination.archive_round", {"round": round.pk}, now=now)
    return round


@action("coordination.archive_round", permission=rules.is_worker, on="round")
def archive_round(*, actor: Actor, now: datetime, round: Round) -> RoundArchive:
    """Write the archive of a closed round and keep it. The newest one counts."""
    content = pack(round, at=now)
    file = store(
        content,
        f"arkiv-{round.network.key}-{round.year}.zip",
        "application/zip",
        actor=actor,
        now=now,
    )
    kept = RoundArchive.objects.create(round=round, file=file, sha256=file.sha256, created_at=now)
    record(
        round,
        after={"sha256": kept.sha256, "size": file.size},
        summary=_("Runde %(year)s er arkiveret.") % {"year": round.year},
        network_id=round.network_id,
    )
    return kept


def load_round(pk: int) -> Round:
    """A round for the worker."""
    return Round.objects.select_related("network").get(pk=pk)


def newest_archive(actor: Actor, round_id: int) -> RoundArchive:
    """The archive of a round, for the secretariat alone. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    found = (
        RoundArchive.objects.filter(round=round)
        .select_related("file")
        .order_by("-created_at", "-pk")
        .first()
    )
    if found is None or not (rules.may_run_round(actor, round) or actor.is_platform_admin):
        raise NotFound("")
    return found


def archive_of(round: Round) -> RoundArchive | None:
    """The newest archive of a round, if it is written."""
    return round.archives.select_related("file").order_by("-created_at", "-pk").first()


# ---------------------------------------------------------------- the zip


def _safe(value: Any) -> str:
    """A value for CSV; text that a spreadsheet would run as a formula gets an apostrophe."""
    plain = audit.plain(value)
    text = (
        "" if plain is None else "ja" if plain is True else "nej" if plain is False else str(plain)
    )
    return f"'{text}" if isinstance(plain, str) and text.startswith(_FORMULA) else text


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Semicolons and a byte order mark: what a Danish Excel opens by a double click."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_safe(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _json(value: Any) -> bytes:
    return json.dumps(
        audit.plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


_TABLES: tuple[tuple[str, Any, str, tuple[tuple[str, str], ...]], ...] = (
    ("maal", RoundCourse, "round_fkb__round", (
        ("fkb", "round_fkb__fkb__number"), ("maal", "course__number"), ("titel", "course__title"),
        ("dage", "course__duration_days"), ("relation", "relation"), ("pligt", "is_duty"),
        ("aktivitet", "activity"), ("aktivitet_aar", "activity_year"),
        ("arkiveret", "archived_reason"))),
    ("udbud", Commitment, "round_course__round_fkb__round", (
        ("fkb", "round_course__round_fkb__fkb__number"), ("maal", "round_course__course__number"),
        ("skole", "organisation__name"), ("rolle", "role"), ("hold", "runs"), ("tid", "when_text"),
        ("fra", "starts_on"), ("til", "ends_on"), ("garanti", "guarantee"), ("kilde", "origin"),
        ("version", "version"), ("rettet", "updated_at"), ("af", "updated_by_label"))),
    ("aftaler_uden_for_kredsen", ExternalAgreement, "round_course__round_fkb__round", (
        ("maal", "round_course__course__number"), ("skole", "school_name"), ("tid", "when_text"),
        ("note", "note"), ("dokument", "document__name"), ("sha256", "document__sha256"))),
    ("skemaer", Form, "round", (
        ("skole", "organisation__name"), ("tilstand", "status"), ("sendt", "sent_at"),
        ("indsendt", "returned_at"))),
    ("svar", Intent, "form__round", (
        ("skole", "form__organisation__name"), ("fkb", "round_course__round_fkb__fkb__number"),
        ("maal", "round_course__course__number"), ("udbyder", "offers"), ("hold", "runs"),
        ("tid", "when_text"), ("garanti", "guarantee"), ("dage_for_andre", "take_on_days"),
        ("vil_foelge", "will_follow"), ("note", "note"), ("rettet", "updated_at"))),
    ("kommentarer", CourseComment, "round_course__round_fkb__round", (
        ("maal", "round_course__course__number"), ("af", "author_label"), ("tid", "at"),
        ("tekst", "text"))),
    ("beslutninger_paa_moedet", MeetingDecision, "meeting__round", (
        ("moede", "meeting__number"), ("fkb", "round_course__round_fkb__fkb__number"),
        ("maal", "round_course__course__number"), ("slags", "kind"), ("skole", "organisation__name"),
        ("beslutning", "words"), ("hvorfor", "why"), ("af", "actor_label"), ("tid", "at"),
        ("fortrudt", "undone_at"))),
    ("opgaver_fra_moedet", MeetingTask, "meeting__round", (
        ("moede", "meeting__number"), ("opgave", "text"), ("skole", "organisation__name"),
        ("senest", "due_on"), ("klaret", "done_at"))),
    ("underskrifter", Signature, "agreement__round_fkb__round", (
        ("fkb", "agreement__round_fkb__fkb__number"), ("aftale", "agreement__number"),
        ("skole", "organisation__name"), ("tilstand", "status"), ("person", "person_name"),
        ("tid", "acted_at"), ("sikret_med", "method"), ("indhold_sha256", "content_hash"),
        ("grund", "reason"))),
)  # fmt: skip


def pack(round: Round, *, at: datetime) -> bytes:
    """The archive: documents, data, audit trail, checksums, and what checks them.

    Same round, same bytes. The checkers need Python's standard library only.
    """
    files: dict[str, bytes] = {}
    for overview in archive_rows(round):
        name = f"oversigter/fkb-{overview.round_fkb.fkb.number}-v{overview.version}"
        files[f"{name}.json"] = _json(overview.content)
        for ending, stored in (("pdf", overview.pdf), ("xlsx", overview.xlsx)):
            if stored is not None:
                files[f"{name}.{ending}"] = stored.read()
    for agreement in (
        Agreement.objects.filter(round_fkb__round=round)
        .select_related("round_fkb__fkb", "pdf", "signed_pdf")
        .order_by("round_fkb__fkb__number", "number", "pk")
    ):
        name = f"aftaler/fkb-{agreement.round_fkb.fkb.number}-{agreement.number}-{agreement.kind}"
        if agreement.status == AgreementStatus.WITHDRAWN:
            name += "-trukket-tilbage"
        files[f"{name}.json"] = _json(agreement.content)
        if agreement.pdf is not None:
            files[f"{name}.pdf"] = agreement.pdf.read()
        if agreement.signed_pdf is not None:
            files[f"{name}-underskrevet.pdf"] = agreement.signed_pdf.read()
        if (seal := seal_of(agreement)) is not None:
            files[f"{name}-forseglet.pdf"] = newest(seal).read()
    for item in (
        ExternalAgreement.objects.filter(round_course__round_fkb__round=round)
        .select_related("document", "round_course__course")
        .order_by("pk")
    ):
        ending = Path(item.document.name).suffix[:6]
        number = item.round_course.course.number
        files[f"bilag/{number}-{item.document.sha256[:12]}{ending}"] = item.document.read()
    for paper in (
        PaperSignature.objects.filter(signature__agreement__round_fkb__round=round)
        .select_related("document")
        .order_by("pk")
    ):
        files[f"bilag/papir-{paper.document.sha256[:12]}.pdf"] = paper.document.read()
    for form in round.forms.select_related("file", "organisation").order_by("pk"):
        if form.file is not None:
            ending = Path(form.file.name).suffix[:6]
            files[f"skemaer/{form.organisation.key}{ending}"] = form.file.read()
    for meeting in (
        Meeting.objects.filter(round=round, ended_at__isnull=False)
        .select_related("protocol")
        .order_by("number", "pk")
    ):
        files[f"moeder/referat-{meeting.number}.json"] = _json(meeting.content)
        if meeting.protocol is not None:
            files[f"moeder/referat-{meeting.number}.pdf"] = meeting.protocol.read()
    for table, model, path, columns in _TABLES:
        rows = (
            model.objects.filter(**{path: round})
            .order_by("pk")
            .values_list(*(c[1] for c in columns))
        )
        files[f"data/{table}.csv"] = _csv([c[0] for c in columns], rows)
    files["data/runde.json"] = _json(
        {
            "network": {"key": round.network.key, "name": round.network.name},
            "year": round.year,
            "status": round.status,
            "constructed": round.network.is_constructed,
            "forms_due_on": round.forms_due_on,
            "meeting_on": round.meeting_on,
            "signed_by_on": round.signed_by_on,
            "archived_at": at,
        }
    )
    for place, path in enumerate(settings.SAMSPIL_SEAL_TRUST, 1):
        if Path(path).is_file():
            files[f"segl/kendt-{place}.pem"] = Path(path).read_bytes()
    stream = audit.stream_of(round.network_id)
    files["revisionsspor/audit.jsonl"] = "".join(
        f"{line}\n" for line in audit.export_lines(stream)
    ).encode()
    files["verify_audit.py"] = (CHECKERS / "verify_audit.py").read_bytes()
    files["verify_archive.py"] = (CHECKERS / "verify_archive.py").read_bytes()
    files["LÆS MIG.txt"] = _readme(round, files).encode()
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, date_time=_STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            bundle.writestr(info, content)
    return out.getvalue()


def _readme(round: Round, files: dict[str, bytes]) -> str:
    def count(start: str, end: str = "") -> int:
        return sum(name.startswith(start) and name.endswith(end) for name in files)

    mark = "\nData er konstruerede eksempler.\n" if round.network.is_constructed else ""
    return f"""Arkiv: koordinering {round.year}, {round.network.name}
{mark}
oversigter/     {count("oversigter/", ".json")} låste oversigter: PDF, Excel og det indhold (JSON), kontrolsummen er regnet af
aftaler/        {count("aftaler/", ".json")} aftaler og tillæg: teksten (JSON), PDF, PDF med underskrifter og den forseglede PDF
segl/           {count("segl/")} certifikater, som seglene kendes på
bilag/          {count("bilag/")} dokumenter fra skoler uden for kredsen og underskrifter på papir
skemaer/        {count("skemaer/")} skemaer
moeder/         {count("moeder/", ".json")} referater af koordineringsmøder: PDF og det, de siger (JSON)
data/           alt i runden som CSV (semikolon, UTF-8), og runden selv som JSON
revisionsspor/  hvem der gjorde hvad hvornår; hver linje bærer kontrolsummen af linjen før
SHA256SUMS      kontrolsum af hver fil

Kontrollér arkivet (kræver kun Python 3.9 eller nyere, ingen installation):

    python3 verify_archive.py

Et segl skal forlænges med års mellemrum. Når Samspil gør det, pakkes arkivet igen; hent det så derfra på ny.
Seglene her er, som de var, da arkivet blev pakket. Prøv en forseglet PDF på Samspils side om underskrifter.

Pakker du filerne ud, kan de også kontrolleres med: sha256sum -c SHA256SUMS
"""
