"""Two schools become one in the middle of a round (R125)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from samspil.coordination import rules
from samspil.coordination.domain.answers import MAX_NOTE
from samspil.coordination.domain.board import (
    CellChange,
    _Board,
    _keep,
    _save,
    _state,
    _values,
    words_of,
)
from samspil.coordination.domain.board_queries import answer_words
from samspil.coordination.enums import ChangeKind, CommitmentRole, FkbStatus, RoundStatus
from samspil.coordination.models import (
    Commitment,
    CourseComment,
    Form,
    Intent,
    Round,
    RoundSchool,
)
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.locking import lock_rows
from samspil.network.models import Organisation

_ANSWER: Final = (
    "offers",
    "runs",
    "when_text",
    "starts_on",
    "ends_on",
    "guarantee",
    "take_on_days",
    "will_follow",
    "note",
)
_EMPTY: Final = CellChange(0, 0, CommitmentRole.NONE, is_pinned=False).values()

_Notes = dict[int, list[str]]
"""What the schools have to settle, by course of the round."""


def open_places(organisation_id: int) -> list[RoundSchool]:
    """A school's places in rounds that are not closed; for the system itself."""
    return list(
        RoundSchool.objects.filter(organisation=organisation_id, left_on__isnull=True)
        .exclude(round__status=RoundStatus.CLOSED)
        .select_related("round__network", "organisation")
        .order_by("round__year", "pk")
    )


def load_school(organisation_id: int) -> Organisation:
    """A school by its id; for the system itself."""
    return Organisation.objects.get(pk=organisation_id)


@action("coordination.merge_schools", permission=rules.may_run_round, on="round")
def merge_schools(
    *,
    actor: Actor,
    now: datetime,
    round: Round,
    organisation: Organisation,
    successor: Organisation,
    on: date,
) -> bool:
    """``organisation`` is part of ``successor`` from the day ``on``: also in the round (R125).

    The successor gets the place, and the answers and commitments where it has none itself.
    Where both have said something its own stands, and a comment on the course tells what the
    other said. Where it is not approved for the FKB (R4) the course becomes a gap, with a
    comment. Overviews that are frozen and agreements that are signed stay as they are.
    Returns whether anything was to do: the second time, and in a closed round, nothing is.
    """
    (locked,) = lock_rows(Round.objects.filter(pk=round.pk))
    places = {
        place.organisation_id: place
        for place in lock_rows(
            RoundSchool.objects.filter(
                round=locked, organisation__in=[organisation.pk, successor.pk]
            )
        )
    }
    old = places.get(organisation.pk)
    if locked.status == RoundStatus.CLOSED or old is None or old.left_on is not None:
        return False
    with translation.override("da"):
        _take_place(old, places.get(successor.pk), successor, on)
        notes: _Notes = {}
        _take_answers(locked, organisation, successor, notes, actor=actor, now=now)
        _take_cells(locked, organisation, successor, on, notes, actor=actor, now=now)
        intro = _merged(organisation, successor)
        CourseComment.objects.bulk_create(
            [
                CourseComment(
                    round_course_id=row_id,
                    author_label=actor.label[:200],
                    person_id=actor.person_id,
                    organisation_id=actor.organisation_id,
                    text=" ".join([intro, *said])[:2000],
                    at=now,
                )
                for row_id, said in sorted(notes.items())
            ],
            batch_size=500,
        )
        record(
            locked,
            before={"organisation_id": organisation.pk},
            after={
                "organisation_id": successor.pk,
                "on": on.isoformat(),
                "to_settle": sorted(notes),
            },
            summary=intro,
            network_id=locked.network_id,
            organisation_id=successor.pk,
        )
    return True


def _merged(old: Organisation, new: Organisation) -> str:
    return _("%(old)s er blevet en del af %(new)s.") % {"old": old.label, "new": new.label}


def _take_place(
    old: RoundSchool, new: RoundSchool | None, successor: Organisation, on: date
) -> None:
    old.left_on = on - timedelta(days=1)
    old.save(update_fields=["left_on"])
    if new is None:
        RoundSchool.objects.create(
            round_id=old.round_id, organisation=successor, is_invited=old.is_invited
        )
    elif new.left_on is not None or (new.is_invited and not old.is_invited):
        new.left_on = None
        new.is_invited = new.is_invited and old.is_invited
        new.save(update_fields=["left_on", "is_invited"])


# ---------------------------------------------------------------- answers


def _said_anything(intent: Intent) -> bool:
    return intent.offers is not None or bool(
        intent.runs
        or intent.when_text
        or intent.guarantee
        or intent.take_on_days
        or intent.will_follow
        or intent.note
    )


def _answer(intent: Intent) -> dict[str, Any]:
    return {name: getattr(intent, name) for name in _ANSWER}


def _take_answers(
    round: Round,
    old: Organisation,
    new: Organisation,
    notes: _Notes,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    forms = {
        form.organisation_id: form
        for form in lock_rows(Form.objects.filter(round=round, organisation__in=[old.pk, new.pk]))
    }
    theirs = forms.get(old.pk)
    if theirs is None:
        return
    form = forms.get(new.pk)
    if form is None:
        form = Form.objects.create(
            round=round,
            organisation=new,
            status=theirs.status,
            sent_at=theirs.sent_at,
            reminded_at=theirs.reminded_at,
            returned_at=theirs.returned_at,
        )
    present = {i.round_course_id: i for i in Intent.objects.filter(form=form).order_by("pk")}
    new_ones: list[Intent] = []
    filled: list[Intent] = []
    for intent in Intent.objects.filter(form=theirs).order_by("pk"):
        if not _said_anything(intent):
            continue
        mine = present.get(intent.round_course_id)
        if mine is not None and _said_anything(mine):
            # The note is the school's own: it goes to the successor's note, never into a comment.
            if intent.note and _take_note(mine, intent.note, old):
                filled.append(mine)
                _touch(mine, actor=actor, now=now)
            said = answer_words(intent)
            if said and said != answer_words(mine):
                notes.setdefault(intent.round_course_id, []).append(
                    _("%(new)s har selv svaret, og det svar gælder. %(old)s svarede: %(said)s.")
                    % {"new": new.label, "old": old.label, "said": said}
                )
            continue
        if mine is None:
            mine = Intent(form=form, round_course_id=intent.round_course_id, version=0)
            new_ones.append(mine)
        else:
            filled.append(mine)
        for name, value in _answer(intent).items():
            setattr(mine, name, value)
        mine.source = intent.source
        _touch(mine, actor=actor, now=now)
    Intent.objects.bulk_create(new_ones, batch_size=500)
    Intent.objects.bulk_update(
        filled,
        [*_ANSWER, "source", "version", "updated_at", "updated_by_label"],
        batch_size=200,
    )


def _take_note(mine: Intent, note: str, old: Organisation) -> bool:
    """Add the old school's note to the successor's own; no room for it leaves it in the old form."""
    both = " – ".join(part for part in (mine.note, f"{old.label}: {note}") if part)
    if len(both) > MAX_NOTE:
        return False
    mine.note = both
    return True


def _touch(intent: Intent, *, actor: Actor, now: datetime) -> None:
    intent.version += 1
    intent.updated_at = now
    intent.updated_by_label = actor.label[:200]


# ---------------------------------------------------------------- cells


def _take_cells(
    round: Round,
    old: Organisation,
    new: Organisation,
    on: date,
    notes: _Notes,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Courses that are over before ``on`` stay with the school that held them."""
    board = _Board(
        round,
        Commitment.objects.filter(round_course__round_fkb__round=round, organisation=old)
        .exclude(role=CommitmentRole.NONE)
        .exclude(ends_on__lt=on)
        .values_list("round_course_id", flat=True),
    )
    wanted: list[tuple[int, int, Mapping[str, Any]]] = []
    for row_id, row in board.rows.items():
        cells = board.by_row[row_id]
        theirs, mine = cells[old.pk], cells.get(new.pk)
        words = {"old": old.label, "new": new.label, "said": words_of(theirs)}
        note = ""
        if board.fkbs[row.round_fkb_id].status != FkbStatus.OPEN:
            note = _("%(old)s stod med: %(said)s. Oversigten er låst, så det er ikke flyttet.")
        else:
            # The one that lets go first: two holders never stand side by side.
            wanted.append((row_id, old.pk, _EMPTY))
            values = _values(_state(theirs))
            followers = [
                school
                for school, cell in cells.items()
                if cell.role == CommitmentRole.FOLLOWER and school != new.pk
            ]
            is_holder = theirs.role == CommitmentRole.HOLDER
            if (row.round_fkb.fkb_id, new.pk) not in board.approved:
                note = _(
                    "%(old)s stod med: %(said)s. %(new)s er ikke godkendt til FKB'en og har ikke overtaget det."
                )
                if is_holder:
                    wanted += [(row_id, school, _EMPTY) for school in followers]
                    if mine is not None and mine.role == CommitmentRole.FOLLOWER:
                        wanted.append((row_id, new.pk, _EMPTY))
            elif mine is None or mine.role == CommitmentRole.NONE:
                wanted.append((row_id, new.pk, values))
            elif is_holder and mine.role == CommitmentRole.FOLLOWER:
                wanted.append((row_id, new.pk, values))  # the joint run is its own now
            elif is_holder and followers:
                # Others count on the joint run, so it goes before what the school had alone.
                wanted.append((row_id, new.pk, values))
                words["said"] = words_of(mine)
                note = _(
                    "%(new)s har overtaget det fælles hold, som andre følger, og stod selv med: %(said)s."
                )
            elif theirs.role != CommitmentRole.FOLLOWER and not _same_offer(theirs, mine):
                note = _("%(new)s beholder sit eget. %(old)s stod med: %(said)s.")
        if note:
            notes.setdefault(row_id, []).append(note % words)
    written = [
        board.write(row_id, school, dict(values), actor=actor, now=now)
        for row_id, school, values in wanted
    ]
    if written:
        _save(board, written)
        _keep(round, ChangeKind.MERGER, _merged(old, new), written, actor=actor, now=now)


def _same_offer(one: Commitment, other: Commitment) -> bool:
    names = ("role", "runs", "when_text", "starts_on", "ends_on", "guarantee")
    return all(getattr(one, name) == getattr(other, name) for name in names)
