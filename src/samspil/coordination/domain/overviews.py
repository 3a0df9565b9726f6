"""The overview of an FKB, frozen as a version: what the agreement is about (R31).

The frozen content is plain JSON, its hash is computed over the canonical text of it. The words
in it and in the difference are Danish whatever language the reader uses: they are part of what
is signed, and must read the same for everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import rules
from samspil.coordination.domain.round_queries import gap_rows, get_round
from samspil.coordination.domain.rounds import approved_school_ids
from samspil.coordination.enums import (
    FKB_TRANSITIONS,
    CommitmentRole,
    FkbStatus,
    RoundStatus,
)
from samspil.coordination.models import (
    Commitment,
    ExternalAgreement,
    Overview,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import canonical, plain
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.models import StoredFile
from samspil.kernel.outbox import enqueue
from samspil.kernel.transitions import transition

SCHEMA = "samspil.overview/1"
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in words, and the keys of the schools whom it concerns."""

    text: str
    schools: frozenset[str]


def sha256_of(content: Content) -> str:
    """Hash of ``content``: SHA-256 over its canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


# ---------------------------------------------------------------- content


def parties(round_fkb: RoundFkb) -> list[RoundSchool]:
    """The coordinating schools of an FKB: approved, members and invited, not left (R31)."""
    approved = approved_school_ids(round_fkb.round).get(round_fkb.fkb_id, [])
    return list(
        RoundSchool.objects.filter(round=round_fkb.round, organisation_id__in=approved)
        .select_related("organisation")
        .order_by("is_invited", "organisation__name", "pk")
    )


def content_of(round_fkb: RoundFkb) -> Content:
    """The overview as it stands now: every row, and who does what (R26-R31)."""
    fkb, round = round_fkb.fkb, round_fkb.round
    places = parties(round_fkb)
    keys = {place.organisation_id: place.organisation.key for place in places}
    rows = list(
        RoundCourse.objects.filter(round_fkb=round_fkb)
        .select_related("course")
        .order_by("course__number", "pk")
    )
    cells: dict[int, dict[str, Any]] = {}
    for cell in (
        Commitment.objects.filter(round_course__round_fkb=round_fkb)
        .exclude(role=CommitmentRole.NONE)
        .order_by("pk")
    ):
        if cell.organisation_id in keys:
            cells.setdefault(cell.round_course_id, {})[keys[cell.organisation_id]] = {
                "role": cell.role,
                "runs": cell.runs,
                "when": cell.when_text,
                "starts_on": plain(cell.starts_on),
                "ends_on": plain(cell.ends_on),
                "guarantee": cell.guarantee,
            }
    external = {
        item.round_course_id: {
            "school": item.school_name,
            "key": item.organisation.key if item.organisation else "",
            "when": item.when_text,
            "note": item.note,
            "document": {"name": item.document.name, "sha256": item.document.sha256},
        }
        for item in ExternalAgreement.objects.filter(round_course__round_fkb=round_fkb)
        .select_related("document", "organisation")
        .order_by("pk")
    }
    return {
        "schema": SCHEMA,
        "network": {"key": round.network.key, "name": round.network.name},
        "year": round.year,
        "fkb": {
            "number": fkb.number,
            "title": fkb.title,
            "branch_group": fkb.branch_group.name if fkb.branch_group else "",
        },
        "constructed": fkb.is_constructed
        or round.network.is_constructed
        or any(row.course.is_constructed for row in rows),
        "schools": [
            {
                "key": place.organisation.key,
                "name": place.organisation.name,
                "label": place.organisation.label,
                "invited": place.is_invited,
            }
            for place in places
        ],
        "rows": [
            {
                "number": row.course.number,
                "title": row.course.title,
                "days": plain(row.course.duration_days),
                "relation": row.relation,
                "duty": row.is_duty,
                "archived": row.archived_reason,
                "constructed": row.course.is_constructed,
                "cells": cells.get(row.pk, {}),
                "external": external.get(row.pk),
            }
            for row in rows
        ],
    }


# ---------------------------------------------------------------- in words


def runs_words(runs: int | None) -> str:
    """``2 hold``; empty when the number is not known."""
    return "" if runs is None else f"{runs} hold"


def cell_words(cell: dict[str, Any] | None) -> str:
    """A cell of the matrix: ``2 hold, uge 37, garanti``, ``udbyder 14.-16. september``."""
    if cell is None:
        return ""
    first = {
        "own": runs_words(cell["runs"]) or "udbyder",
        "holder": "udbyder",
        "follower": "følger",
    }
    parts = [first[cell["role"]]]
    if cell["role"] == "holder" and cell["runs"]:
        parts.append(runs_words(cell["runs"]))
    if cell["when"] and cell["role"] != "follower":
        parts.append(cell["when"])
    if cell["guarantee"]:
        parts.append("garanti")
    return ", ".join(parts)


def holder_of(row: dict[str, Any]) -> str | None:
    """Key of the school that offers the row's course for the others (principle 2)."""
    return next((key for key, cell in row["cells"].items() if cell["role"] == "holder"), None)


def offered_words(row: dict[str, Any], labels: dict[str, str]) -> str:
    """The last column of the matrix: who provides the course."""
    holder = holder_of(row)
    if holder:
        return f"Fælles hold: {labels.get(holder, holder)}"
    if row["external"]:
        return f"Aftale: {row['external']['school']}"
    own = sum(cell["role"] == "own" for cell in row["cells"].values())
    if own:
        return "1 skole" if own == 1 else f"{own} skoler"
    if row["archived"]:
        return "Arkiveret"
    return "Uden for pligten" if not row["duty"] else "Mangler"


def presented(content: Content) -> Content:
    """``content`` with the words that the documents show; what is hashed stays as it is."""
    labels = {school["key"]: school["label"] for school in content["schools"]}
    return {
        **content,
        "rows": [
            {
                **row,
                "days_text": (row["days"] or "").replace(".0", "").replace(".", ","),
                "offered": offered_words(row, labels),
                "cells": {
                    key: {**cell, "words": cell_words(cell)} for key, cell in row["cells"].items()
                },
            }
            for row in content["rows"]
        ],
    }


def _state(
    cell: dict[str, Any] | None,
    row: dict[str, Any] | None,
    labels: dict[str, str],
    *,
    role: str | None,
) -> str:
    """What a school did, to stand after 'før:'; its part is named unless it is ``role`` still."""
    if cell is None or row is None:
        return "intet udbud"
    if cell["role"] == "follower":
        holder = holder_of(row)
        return f"fulgte {labels.get(holder, holder)}" if holder else "fulgte en anden skole"
    name = "eget udbud" if cell["role"] == "own" else "udbød for de andre"
    parts = [] if cell["role"] == role else [name]
    parts += [text for text in (runs_words(cell["runs"]), cell["when"]) if text]
    if cell["guarantee"]:
        parts.append("garanti")
    return ", ".join(parts) or name


def _now(
    cell: dict[str, Any] | None,
    old: dict[str, Any] | None,
    row: dict[str, Any],
    labels: dict[str, str],
) -> str:
    if cell is None:
        return "udbyder ikke længere målet"
    details = ", ".join(
        text
        for text in (runs_words(cell["runs"]), cell["when"], "garanti" if cell["guarantee"] else "")
        if text
    )
    tail = f", {details}" if details else ""
    if cell["role"] == "follower":
        holder = holder_of(row)
        return f"følger nu {labels.get(holder, holder)}" if holder else "følger nu en anden skole"
    if old is not None and old["role"] == cell["role"]:
        return f"har nu {details}" if details else "har nu hverken antal hold eller tid"
    if cell["role"] == "holder":
        return f"udbyder nu for de andre{tail}"
    return f"har nu eget udbud{tail}"


def _told(external: dict[str, Any] | None) -> dict[str, Any] | None:
    """An agreement as it is read: the school's key in the register, which older versions lack, is
    no part of it."""
    return external and {name: value for name, value in external.items() if name != "key"}


def _row_changes(
    old: dict[str, Any] | None,
    new: dict[str, Any],
    labels: dict[str, str],
    everybody: frozenset[str],
) -> Iterable[Change]:
    number = new["number"]
    if old is None:
        yield Change(f"{number} er kommet til: {new['title']}", everybody)
        old = {**new, "cells": {}, "external": None}
    if old["archived"] != new["archived"]:
        yield Change(
            f"{number} er taget ud af pligten: {new['archived']}"
            if new["archived"]
            else f"{number} er igen under pligten",
            everybody,
        )
    if old["duty"] != new["duty"] or old["relation"] != new["relation"]:
        yield Change(
            f"{number} er {'nu' if new['duty'] else 'ikke længere'} omfattet af pligten", everybody
        )
    if (old["title"], old["days"]) != (new["title"], new["days"]):
        yield Change(
            f"{number} hedder nu {new['title']}, {new['days'] or 'ukendt'} dage", everybody
        )
    if _told(old["external"]) != _told(new["external"]):
        if new["external"] is None:
            text = f"{number}: aftalen med {old['external']['school']} er bortfaldet"
        elif old["external"] is None:
            text = f"{number}: aftale med {new['external']['school']} er kommet til"
        else:
            text = (
                f"{number}: aftalen er nu med {new['external']['school']}"
                f" (før: {old['external']['school']})"
                if new["external"]["school"] != old["external"]["school"]
                else f"{number}: aftalen med {new['external']['school']} har fået nye oplysninger"
            )
        yield Change(text, everybody)
    joint = frozenset(
        key
        for row in (old, new)
        for key, cell in row["cells"].items()
        if cell["role"] in ("holder", "follower")
    )
    moved = holder_of(old) != holder_of(new)
    for key in sorted(set(old["cells"]) | set(new["cells"]), key=lambda k: labels.get(k, k)):
        before, after = old["cells"].get(key), new["cells"].get(key)
        follows_other = (
            moved and before is not None and after is not None and after["role"] == "follower"
        )
        if before == after and not follows_other:
            continue
        # A joint run binds those who hold and those who follow it: each is told, each signs.
        in_joint = "holder" in {cell["role"] for cell in (before, after) if cell} or moved
        yield Change(
            f"{number}: {labels.get(key, key)} {_now(after, before, new, labels)}"
            f" (før: {_state(before, old, labels, role=after and after['role'])})",
            frozenset({key}) | (joint if in_joint else frozenset()),
        )


def changes_between(old: Content, new: Content) -> list[Change]:
    """The difference between two frozen contents in Danish words, in the order of the rows."""
    labels = {s["key"]: s["label"] for s in [*old["schools"], *new["schools"]]}
    everybody = frozenset(s["key"] for s in new["schools"])
    found: list[Change] = []
    before = {s["key"] for s in old["schools"]}
    for key in sorted(everybody - before):
        found.append(Change(f"{labels[key]} er kommet med i aftalen", frozenset({key})))
    for key in sorted(before - everybody):
        found.append(Change(f"{labels[key]} er ikke længere med", frozenset()))
    old_rows = {row["number"]: row for row in old["rows"]}
    for row in new["rows"]:
        found += _row_changes(old_rows.pop(row["number"], None), row, labels, everybody)
    for number, row in sorted(old_rows.items()):
        found.append(Change(f"{number} er udgået: {row['title']}", everybody))
    return found


# ---------------------------------------------------------------- actions


def may_run_fkb(actor: Actor, round_fkb: RoundFkb) -> bool:
    """Freeze, reopen and make agreements: the secretariat of the round's network."""
    return rules.may_run_round(actor, round_fkb.round)


def locked_fkb(pk: int) -> RoundFkb:
    """The FKB, locked after its round as the board does it: the round's status is fresh, and a
    round is not closed while one of its FKBs is frozen, opened or signed."""
    lock_row(Round.objects.all(), RoundFkb.objects.values_list("round_id", flat=True).get(pk=pk))
    return lock_row(RoundFkb.objects.select_related("round__network", "fkb__branch_group"), pk)


@action("coordination.freeze_overview", permission=may_run_fkb, on="round_fkb")
def freeze_overview(*, actor: Actor, now: datetime, round_fkb: RoundFkb) -> Overview:
    """Freeze the overview of an FKB as its next version; PDF and Excel follow from the worker.

    Freezing again without a change gives the version that is there. Raises ``Invalid`` when
    courses lack a provider, naming them (R31), ``Conflict`` when the round is not at its
    meeting or signing.
    """
    round_fkb = locked_fkb(round_fkb.pk)
    number = round_fkb.fkb.number
    if round_fkb.round.status not in (RoundStatus.MEETING, RoundStatus.SIGNING):
        raise Conflict(_("Oversigten kan først låses, når runden er nået til mødet."))
    gaps = list(
        gap_rows(RoundCourse.objects.filter(round_fkb=round_fkb))
        .order_by("course__number", "pk")
        .values_list("course__number", flat=True)
    )
    if gaps:
        shown = ", ".join(gaps[:12]) + (" …" if len(gaps) > 12 else "")
        raise Invalid(
            ngettext(
                "FKB %(fkb)s kan ikke låses: %(count)s mål mangler en udbyder (%(numbers)s).",
                "FKB %(fkb)s kan ikke låses: %(count)s mål mangler en udbyder (%(numbers)s).",
                len(gaps),
            )
            % {"fkb": number, "count": len(gaps), "numbers": shown}
        )
    content = content_of(round_fkb)
    if not content["rows"] or not content["schools"]:
        raise Invalid(_("FKB %(fkb)s har ingen mål eller ingen skoler.") % {"fkb": number})
    last = round_fkb.overviews.order_by("-version").first()
    if last is not None and last.content == content:
        if round_fkb.status == FkbStatus.OPEN:
            transition(round_fkb, "freeze", table=FKB_TRANSITIONS, actor=actor, now=now)
            record(
                round_fkb,
                after={"version": last.version},
                summary=_("Oversigten for FKB %(fkb)s er låst igen uden ændringer.")
                % {"fkb": number},
                network_id=round_fkb.round.network_id,
            )
        return last
    if round_fkb.status != FkbStatus.OPEN:
        raise Conflict(_("Oversigten er låst. Åbn den igen, før den ændres."))
    before = transition(round_fkb, "freeze", table=FKB_TRANSITIONS, actor=actor, now=now)
    overview = Overview.objects.create(
        round_fkb=round_fkb,
        version=last.version + 1 if last else 1,
        content=content,
        sha256=sha256_of(content),
        difference=[c.text for c in changes_between(last.content, content)] if last else [],
        frozen_at=now,
        frozen_by_label=actor.label[:200],
    )
    record(
        round_fkb,
        before={"status": before},
        after={
            "status": round_fkb.status,
            "version": overview.version,
            "sha256": overview.sha256,
            "difference": overview.difference,
        },
        summary=_("Oversigten for FKB %(fkb)s er låst som version %(version)s.")
        % {"fkb": number, "version": overview.version},
        network_id=round_fkb.round.network_id,
    )
    enqueue(
        "coordination.write_overview",
        {"overview": overview.pk},
        now=now,
        key=f"overview:{overview.pk}",
    )
    return overview


@action("coordination.keep_overview_files", permission=rules.is_worker, on="overview")
def keep_overview_files(
    *, actor: Actor, now: datetime, overview: Overview, pdf: StoredFile, xlsx: StoredFile
) -> None:
    """Tie the written files to their version. Done by the worker; a second time changes nothing."""
    if not Overview.objects.filter(pk=overview.pk, pdf=None).update(pdf=pdf, xlsx=xlsx):
        return
    place = overview.round_fkb
    record(
        place,
        after={"version": overview.version, "pdf": pdf.sha256, "xlsx": xlsx.sha256},
        summary=_("Oversigten for FKB %(fkb)s, version %(version)s, er skrevet som PDF og Excel.")
        % {"fkb": place.fkb.number, "version": overview.version},
        network_id=place.round.network_id,
    )


# ---------------------------------------------------------------- queries


def get_round_fkb(actor: Actor, round_id: int, number: str) -> RoundFkb:
    """The FKB of a round that the actor sees. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    found = (
        RoundFkb.objects.select_related("round__network", "fkb__branch_group")
        .filter(round=round, fkb__number=number)
        .first()
    )
    if found is None:
        raise NotFound("")
    return found


def versions(round_fkb: RoundFkb) -> QuerySet[Overview]:
    """The frozen versions, newest first."""
    return round_fkb.overviews.select_related("pdf", "xlsx").order_by("-version", "pk")


def get_overview(actor: Actor, round_id: int, number: str, version: int | None = None) -> Overview:
    """One version, the newest when none is named. Raises ``NotFound``."""
    found = versions(get_round_fkb(actor, round_id, number))
    overview = (found.filter(version=version) if version else found).first()
    if overview is None:
        raise NotFound(_("Oversigten er ikke låst endnu."))
    return overview


def load_overview(pk: int) -> Overview:
    """An overview for the worker."""
    return Overview.objects.select_related("round_fkb__round__network", "round_fkb__fkb").get(pk=pk)


def missing(round_fkb: RoundFkb) -> list[RoundCourse]:
    """The courses of an FKB that have no provider (R26)."""
    return list(
        gap_rows(RoundCourse.objects.filter(round_fkb=round_fkb))
        .select_related("course")
        .order_by("course__number", "pk")
    )


def frozen_on(overview: Overview) -> date:
    """The day an overview was frozen, for its papers."""
    from django.utils import timezone

    return timezone.localtime(overview.frozen_at).date()


def archive_rows(round: Round) -> QuerySet[Overview]:
    """Every frozen version of a round, for its archive."""
    return (
        Overview.objects.filter(round_fkb__round=round)
        .select_related("round_fkb__fkb", "pdf", "xlsx")
        .order_by("round_fkb__fkb__number", "version", "pk")
    )
