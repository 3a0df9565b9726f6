"""What happens after commit: news of the network, and papers to write. Each may come twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from samspil.contracts.network import SchoolLeft, SchoolsMerged
from samspil.coordination.domain import agreements, archive, meetings, overviews, seals
from samspil.coordination.domain.board import school_leaves
from samspil.coordination.domain.board_queries import places_after
from samspil.coordination.domain.mergers import load_school, merge_schools, open_places
from samspil.coordination.domain.sealed_record import Holds, Verdict, verdict
from samspil.coordination.interfaces.meeting_pdf import minutes_pdf
from samspil.coordination.interfaces.overview_pdf import agreement_pdf, overview_pdf
from samspil.coordination.interfaces.overview_xlsx import write_overview
from samspil.kernel import sealing
from samspil.kernel.actor import Actor
from samspil.kernel.files import store
from samspil.kernel.outbox import job, nightly, receives

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@receives(SchoolLeft, kind="coordination.school_left")
def on_school_left(payload: dict[str, Any], *, now: datetime) -> None:
    """Empty what the school holds in this year's round and later ones (R62)."""
    on = date.fromisoformat(payload["left_on"])
    for place in places_after(payload["network_id"], payload["organisation_id"], on):
        if place.organisation.successor_id:
            continue  # it left by a merger: ``SchoolsMerged`` hands over what it holds
        school_leaves(
            actor=Actor.system("coordination.school_left"),
            now=now,
            round=place.round,
            organisation=place.organisation,
            on=on,
        )


@receives(SchoolsMerged, kind="coordination.schools_merged")
def on_schools_merged(payload: dict[str, Any], *, now: datetime) -> None:
    """Let the successor take over in the rounds that are open (R125)."""
    successor = load_school(payload["successor_id"])
    for place in open_places(payload["organisation_id"]):
        merge_schools(
            actor=Actor.system("coordination.schools_merged"),
            now=now,
            round=place.round,
            organisation=place.organisation,
            successor=successor,
            on=date.fromisoformat(payload["merged_on"]),
        )


@job("coordination.write_overview")
def on_overview_frozen(payload: dict[str, Any], *, now: datetime) -> None:
    """Write a frozen overview as PDF and Excel."""
    actor = Actor.system("coordination.write_overview")
    overview = overviews.load_overview(payload["overview"])
    if overview.pdf_id is not None:
        return
    content = overview.content
    name = f"oversigt-{content['year']}-fkb-{content['fkb']['number']}-v{overview.version}"
    overviews.keep_overview_files(
        actor=actor,
        now=now,
        overview=overview,
        pdf=store(overview_pdf(overview), f"{name}.pdf", PDF, actor=actor, now=now),
        xlsx=store(write_overview(overview), f"{name}.xlsx", XLSX, actor=actor, now=now),
    )


@job("coordination.write_agreement")
def on_agreement(payload: dict[str, Any], *, now: datetime) -> None:
    """Write an agreement as PDF; once all have signed, again with the signatures."""
    actor = Actor.system("coordination.write_agreement")
    agreement = agreements.load_agreement(payload["agreement"])
    signed = bool(payload["signed"])
    if (agreement.signed_pdf_id if signed else agreement.pdf_id) is not None:
        return
    overview = agreement.content["overview"]
    kind = "aftale" if agreement.kind == "original" else "tillaeg"
    name = f"{kind}-{overview['year']}-fkb-{overview['fkb']['number']}-{agreement.number}"
    agreements.keep_agreement_file(
        actor=actor,
        now=now,
        agreement=agreement,
        pdf=store(
            agreement_pdf(agreement, signed=signed),
            f"{name}{'-underskrevet' if signed else ''}.pdf",
            PDF,
            actor=actor,
            now=now,
        ),
        signed=signed,
    )


@job("coordination.seal_agreement", atomic=False)
def on_agreement_signed(payload: dict[str, Any], *, now: datetime) -> None:
    """Seal an agreement that all have signed, once, and mail it to the parties."""
    agreement = agreements.load_agreement(payload["agreement"])
    if agreement.signed_pdf is None or seals.seal_of(agreement) is not None:
        return
    content = sealing.seal(
        agreement.signed_pdf.read(),
        reason=agreement.content["title"],
        name=agreement.content["overview"]["network"]["name"],
    )
    seals.keep_seal(
        actor=Actor.system("coordination.seal_agreement"),
        now=now,
        agreement=agreement,
        content=content,
    )


nightly("coordination.prolong_seals", hour=3)


def _looked_at(content: bytes) -> Verdict:
    """What a check says of a file of ours; on a machine too busy to check, the job is tried again."""
    checked = sealing.check(content)
    if checked.unreadable:
        raise sealing.SealingFailed(f"not checked: {checked.unreadable}")
    return verdict(checked.findings)


@job("coordination.prolong_seals")
def on_night(payload: dict[str, Any], *, now: datetime) -> None:
    """Every night: look at the seals whose proof of time runs out, or that nobody has looked at."""
    seals.enqueue_upkeep(now)


@job("coordination.prolong_seal", atomic=False)
def on_seal_due(payload: dict[str, Any], *, now: datetime) -> None:
    """See how long a seal can be checked; when that is not long, set an archive timestamp.

    Outside a transaction: it talks to the timestamp authority. A file that does not hold is not
    prolonged: a timestamp on it would say that it did.
    """
    seal = seals.load_seal(payload["sealed"])
    content = seals.newest(seal).read()
    found = _looked_at(content)
    prolonged = None
    soon = now + timedelta(days=int(payload["within_days"]))
    if (
        found.holds == Holds.WHOLE
        and (found.good_until is None or found.good_until < soon)
        and sealing.can_prolong()
    ):
        prolonged = sealing.prolong(content)
        found = _looked_at(prolonged)
        if found.holds != Holds.WHOLE:
            raise sealing.SealingFailed(f"prolonged, it is {found.holds}: not kept")
    seals.keep_prolonged(
        actor=Actor.system("coordination.prolong_seal"),
        now=now,
        agreement=seals.agreement_of(seal),
        content=prolonged,
        good_until=found.good_until,
    )


@job("coordination.remind_signers")
def on_signatures_due(payload: dict[str, Any], *, now: datetime) -> None:
    """A week before the deadline: remind the leaders who have not signed."""
    agreements.remind_signers(
        actor=Actor.system("coordination.remind_signers"),
        now=now,
        agreement=agreements.load_agreement(payload["agreement"]),
    )


@job("coordination.archive_round")
def on_round_closed(payload: dict[str, Any], *, now: datetime) -> None:
    """Pack a closed round."""
    archive.archive_round(
        actor=Actor.system("coordination.archive_round"),
        now=now,
        round=archive.load_round(payload["round"]),
    )


@job("coordination.write_protocol")
def on_meeting_ended(payload: dict[str, Any], *, now: datetime) -> None:
    """Write the minutes of a meeting as PDF and mail them to the round's schools."""
    actor = Actor.system("coordination.write_protocol")
    meeting = meetings.load_meeting(payload["meeting"])
    if meeting.protocol_id is not None:
        return
    name = f"referat-{meeting.round.year}-{meeting.number}.pdf"
    meetings.keep_protocol(
        actor=actor,
        now=now,
        meeting=meeting,
        pdf=store(minutes_pdf(meeting), name, PDF, actor=actor, now=now),
    )
