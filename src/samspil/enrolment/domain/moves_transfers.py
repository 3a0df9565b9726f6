"""Transfers between schools: what each has to do, messages with files, reminders, and when one comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.contracts.transfers import PeopleTransferred, TransferUndone
from samspil.enrolment import notifications
from samspil.enrolment.enums import EnrolmentStatus, TransferStep
from samspil.enrolment.models import Enrolment, SignUp, Transfer, TransferNote
from samspil.enrolment.rules import is_staff_of, protected_schools, schools_of
from samspil.kernel import clock, files, uploads
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import Notification, send
from samspil.kernel.outbox import job, nightly, publish, publish_all
from samspil.kernel.tasks import Task, task_source
from samspil.network.domain.recipients import school_people
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain.seats import lock_run
from samspil.runs.models import CourseRun

LONGEST: Final = 2000
MOST_NOTES: Final = 50
DUE_DAYS: Final = 5
"""So many days after a transfer both schools have done their part."""
MAX_BYTES: Final = 5 * 1024 * 1024


def may_handle_transfer(actor: Actor, transfer: Transfer) -> bool:
    """Staff of the school that hands over, and of the one that receives."""
    return is_staff_of(actor, transfer.origin_id) or is_staff_of(actor, transfer.holder_id)


def may_do_steps(actor: Actor, organisation: Organisation) -> bool:
    """Staff of the school."""
    return is_staff_of(actor, organisation.pk)


def only_the_system(actor: Actor, _obj: object = None) -> bool:
    """What the worker does by night."""
    return actor.is_system


def get_transfer(actor: Actor, pk: int) -> Transfer:
    """A transfer of the actor's own schools. Raises ``NotFound``."""
    found = (
        Transfer.objects.visible_to(actor)
        .select_related(
            "network", "origin", "holder", "sign_up", "line", "source__course", "target__course"
        )
        .filter(pk=pk)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Overførslen findes ikke."))
    return found


def transfers(actor: Actor, *, only_open: bool = True) -> list[Transfer]:
    """The transfers of the actor's schools, the most urgent first."""
    rows = Transfer.objects.visible_to(actor).select_related(
        "network", "origin", "holder", "source__course", "target__course"
    )
    if only_open:
        rows = rows.filter(undone_at=None).filter(
            Q(origin_step=TransferStep.WAITING) | Q(holder_step=TransferStep.WAITING)
        )
    return list(rows.order_by("due_on", "pk"))


def _locked(transfer: Transfer) -> Transfer:
    lock_row(Transfer.objects.all(), transfer.pk)
    return Transfer.objects.select_related("network", "origin", "holder").get(pk=transfer.pk)


def _side(actor: Actor, transfer: Transfer, organisation_id: int) -> Organisation:
    if not is_staff_of(actor, organisation_id) or organisation_id not in (
        transfer.origin_id,
        transfer.holder_id,
    ):
        raise Forbidden(_("Du kan kun svare for din egen skole."))
    return transfer.origin if organisation_id == transfer.origin_id else transfer.holder


@action("enrolment.do_transfer_step", permission=may_handle_transfer, on="transfer")
def do_transfer_step(
    *, actor: Actor, now: datetime, transfer: Transfer, organisation_id: int, done: bool
) -> Transfer:
    """Say for one's school that its part is done, or is not after all. Twice is once.

    The origin has sent what the other school needs and taken the people off in its own system; the holder has
    received them and entered them in its own. Raises ``Conflict`` when the transfer came to nothing.
    """
    transfer = _locked(transfer)
    school = _side(actor, transfer, organisation_id)
    if transfer.undone_at is not None:
        raise Conflict(_("Overførslen er bortfaldet: ingen af dem er på holdet mere."))
    side = "origin" if school.pk == transfer.origin_id else "holder"
    wanted = TransferStep.DONE if done else TransferStep.WAITING
    if getattr(transfer, f"{side}_step") == wanted:
        return transfer
    setattr(transfer, f"{side}_step", wanted)
    setattr(transfer, f"{side}_done_at", now if done else None)
    transfer.save(update_fields=[f"{side}_step", f"{side}_done_at"])
    record(
        transfer,
        after={side: wanted},
        summary=_("%(school)s har gjort sin del") % {"school": school.label}
        if done
        else _("%(school)s mangler alligevel noget") % {"school": school.label},
        network_id=transfer.network_id,
        organisation_id=school.pk,
    )
    return transfer


@action("enrolment.do_transfer_steps", permission=may_do_steps, on="organisation")
def do_transfer_steps(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    source_id: int,
    target_id: int,
) -> int:
    """Say for one's school that its part is done for everybody who went from one run to another.

    Returns how many transfers it was about; those that are done, or came to nothing, stay as they are.
    """
    rows = _open_between(organisation.pk, source_id, target_id)
    for transfer in rows:
        do_transfer_step(
            actor=actor, now=now, transfer=transfer, organisation_id=organisation.pk, done=True
        )
    if not rows:
        record(organisation, summary=_("Ingen overførsler manglede noget"))
    return len(rows)


def _open_between(organisation_id: int, source_id: int, target_id: int) -> list[Transfer]:
    mine = Q(origin=organisation_id, origin_step=TransferStep.WAITING) | Q(
        holder=organisation_id, holder_step=TransferStep.WAITING
    )
    return list(
        Transfer.objects.filter(mine, source=source_id, target=target_id, undone_at=None)
        .select_related("network", "origin", "holder")
        .order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """Several transfers between the same two runs for which one's own school still has something to do."""

    school: Organisation
    source: CourseRun
    target: CourseRun
    count: int


def batches(actor: Actor, rows: list[Transfer]) -> list[Batch]:
    """Among open transfers, those that one's school can tick off together: two or more between the same runs."""
    own = schools_of(actor)
    counts: dict[tuple[int, int, int], int] = {}
    first: dict[tuple[int, int, int], Batch] = {}
    for row in rows:
        for school, step in ((row.origin, row.origin_step), (row.holder, row.holder_step)):
            if school.pk in own and step == TransferStep.WAITING and row.undone_at is None:
                key = (school.pk, row.source_id, row.target_id)
                counts[key] = counts.get(key, 0) + 1
                first.setdefault(key, Batch(school, row.source, row.target, 0))
    return [
        Batch(b.school, b.source, b.target, counts[key])
        for key, b in first.items()
        if counts[key] > 1
    ]


def own_school(actor: Actor, organisation_id: int) -> Organisation:
    """A school that the actor works for. Raises ``NotFound``."""
    found = (
        Organisation.objects.filter(pk=organisation_id)
        .filter(pk__in=schools_of(actor))
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Skolen findes ikke hos jer."))
    return found


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sends: name and bytes."""

    name: str
    content: bytes


@action("enrolment.write_about_transfer", permission=may_handle_transfer, on="transfer")
def write_about_transfer(
    *,
    actor: Actor,
    now: datetime,
    transfer: Transfer,
    organisation_id: int,
    text: str,
    upload: Upload | None = None,
) -> TransferNote:
    """Write to the other school about a transfer, perhaps with a file. The other school gets a mail.

    Raises ``Invalid`` without words and file, ``UploadRefused`` for a file that isn't what it says.
    """
    text = text.strip()
    if not text and upload is None:
        raise Invalid(_("Skriv en besked, eller vælg en fil."), "text")
    if len(text) > LONGEST:
        raise Invalid(_("Skriv højst %(most)s tegn.") % {"most": LONGEST}, "text")
    transfer = _locked(transfer)
    school = _side(actor, transfer, organisation_id)
    if transfer.notes.count() >= MOST_NOTES:
        raise Invalid(_("Der er allerede mange beskeder om overførslen. Ring til skolen."), "text")
    stored = None
    if upload is not None:
        info = uploads.inspect(upload.content, upload.name, kinds=("pdf",), max_bytes=MAX_BYTES)
        stored = files.store(upload.content, info.name, info.content_type, actor=actor, now=now)
    note = TransferNote.objects.create(
        transfer=transfer,
        organisation=school,
        person_name=actor.label.split(" <")[0][:120],
        text=text,
        file=stored,
        at=now,
    )
    record(
        transfer,
        after={"note": note.pk, "file": stored.sha256 if stored else ""},
        summary=_("%(school)s har skrevet til den anden skole") % {"school": school.label},
        network_id=transfer.network_id,
        organisation_id=school.pk,
    )
    other = transfer.holder if school.pk == transfer.origin_id else transfer.origin
    _tell(notifications.TransferSaid, transfer, other, now=now, sender=school)
    return note


def get_note(actor: Actor, transfer_id: int, note_id: int) -> TransferNote:
    """A message with a file, of a transfer that the actor may see. Raises ``NotFound``."""
    found = (
        TransferNote.objects.filter(pk=note_id, transfer=get_transfer(actor, transfer_id))
        .exclude(file=None)
        .select_related("file")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Filen findes ikke."))
    return found


def _tell(
    kind: type[Notification],
    transfer: Transfer,
    school: Organisation,
    *,
    now: datetime,
    **context: Any,
) -> None:
    for person in school_people(school, on=clock.local_date(now)):
        send(
            kind(
                transfer=transfer,
                person=person,
                school=school,
                url=notifications.transfer_url(transfer),
                **context,
            ),
            to=person.email,
            now=now,
            subject_of=transfer,
            network_id=transfer.network_id,
            organisation_id=school.pk,
            language=person.language,
        )


# ---------------------------------------------------------------- by night


@job("enrolment.look_after_transfers")
def look_after(payload: dict[str, Any], *, now: datetime) -> None:
    """Hand over people taken in for others' runs, take back transfers whose people have all left, remind."""
    on = date.fromisoformat(payload["on"])
    actor = Actor.system("enrolment.look_after_transfers")
    for sign_up in _taken_in_for_others():
        hand_over(actor=actor, now=now, sign_up=sign_up)
    for transfer in _left_behind(on):
        undo_transfer(actor=actor, now=now, transfer=transfer)
    for transfer in _late(on):
        remind_of_transfer(actor=actor, now=now, transfer=transfer)


nightly("enrolment.look_after_transfers", hour=6)


def _taken_in_for_others() -> list[SignUp]:
    """Confirmed sign-ups with a seat on a run that another school holds than took them in, not handed over yet."""
    seats = (
        Enrolment.objects.filter(
            status=EnrolmentStatus.ENROLLED,
            sign_up__status="confirmed",
            previous=None,
            transfers=None,
        )
        .exclude(origin=F("run__organisation"))
        .exclude(run__status="cancelled")
    )
    return list(
        SignUp.objects.filter(pk__in=seats.values("sign_up")).select_related("run").order_by("pk")
    )


@action("enrolment.hand_over", permission=only_the_system, on="sign_up")
def hand_over(*, actor: Actor, now: datetime, sign_up: SignUp) -> Transfer | None:
    """Make the transfer of people whom a school took in for the run of another (R28, R29). Twice is once.

    None for schools without a network in common, and when nobody is left to hand over.
    """
    run = lock_run(sign_up.run_id)
    rows = list(
        Enrolment.objects.filter(
            sign_up=sign_up,
            run=run,
            status=EnrolmentStatus.ENROLLED,
            previous=None,
            transfers=None,
        )
        .exclude(origin=run.organisation_id)
        .order_by("pk")
    )
    if not rows:
        return None
    today = clock.local_date(now)
    members = Membership.objects.filter(valid_on(today), kind=MembershipKind.MEMBER)
    network = (
        members.filter(
            organisation=rows[0].origin_id,
            network__in=members.filter(organisation=run.organisation_id).values("network"),
        )
        .order_by("network_id")
        .values_list("network_id", flat=True)
        .first()
    )
    if network is None:
        return None
    announced = run.followers.filter(organisation=rows[0].origin_id).order_by("pk").first()
    transfer = Transfer.objects.create(
        network_id=network,
        sign_up=sign_up,
        source=announced or run,
        target=run,
        origin_id=rows[0].origin_id,
        holder_id=run.organisation_id,
        heads=len(rows),
        due_on=max(today, min(today + timedelta(days=DUE_DAYS), run.starts_on)),
        created_at=now,
    )
    transfer.enrolments.set(rows)
    tell_ledger([(transfer, run)], now=now)
    record(
        transfer,
        after={"origin": transfer.origin_id, "holder": transfer.holder_id, "heads": len(rows)},
        summary=_("Overført til den skole, der afholder holdet"),
        network_id=network,
        organisation_id=transfer.origin_id,
    )
    return transfer


def tell_ledger(transfers: Iterable[tuple[Transfer, CourseRun]], *, now: datetime) -> None:
    """Tell the contexts above of transfers and the runs they lead to, without names."""
    publish_all(
        [
            PeopleTransferred(
                transfer=str(transfer.reference),
                network_id=transfer.network_id,
                origin_id=transfer.origin_id,
                holder_id=transfer.holder_id,
                course_number=run.course.number,
                run=run.kviknummer,
                starts_on=run.starts_on.isoformat(),
                ends_on=run.ends_on.isoformat(),
                days_tenths=int((run.duration_days or (run.ends_on - run.starts_on).days + 1) * 10),
                heads=transfer.heads,
            )
            for transfer, run in transfers
        ],
        now=now,
    )


def _left_behind(on: date) -> list[Transfer]:
    """Transfers of which nobody is on the run any more, or whose run was cancelled."""
    sits = Q(
        enrolments__status__in=(
            EnrolmentStatus.ENROLLED,
            EnrolmentStatus.ATTENDED,
            EnrolmentStatus.ABSENT,
        )
    )
    with_people = Transfer.objects.filter(sits).exclude(target__status="cancelled")
    return list(
        Transfer.objects.filter(undone_at=None, target__ends_on__gte=on - timedelta(days=90))
        .exclude(pk__in=with_people.values("pk"))
        .order_by("pk")
    )


def _late(on: date) -> list[Transfer]:
    return list(
        Transfer.objects.filter(undone_at=None, due_on=on)
        .filter(Q(origin_step=TransferStep.WAITING) | Q(holder_step=TransferStep.WAITING))
        .select_related("origin", "holder", "network", "target__course")
        .order_by("pk")
    )


@action("enrolment.undo_transfer", permission=only_the_system, on="transfer")
def undo_transfer(*, actor: Actor, now: datetime, transfer: Transfer) -> None:
    """Take back a transfer whose people are all gone; nothing is owed for it any more. Twice is once."""
    transfer = _locked(transfer)
    if transfer.undone_at is not None:
        return
    transfer.undone_at = now
    transfer.save(update_fields=["undone_at"])
    publish(TransferUndone(str(transfer.reference), _("Ingen af dem er på holdet mere.")), now=now)
    record(
        transfer,
        after={"undone": True},
        summary=_("Overførslen er bortfaldet: ingen af dem er på holdet mere"),
        network_id=transfer.network_id,
    )


@action("enrolment.remind_of_transfer", permission=only_the_system, on="transfer")
def remind_of_transfer(*, actor: Actor, now: datetime, transfer: Transfer) -> None:
    """Remind the school that has not done its part, on the last day for it."""
    record(
        transfer,
        summary=_("Skolerne er mindet om overførslen"),
        network_id=transfer.network_id,
    )
    for school, step in (
        (transfer.origin, transfer.origin_step),
        (transfer.holder, transfer.holder_step),
    ):
        if step == TransferStep.WAITING:
            _tell(notifications.TransferDue, transfer, school, now=now)


@task_source("enrolment.transfers")
def transfer_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: people who were transferred, and for whom something is still to be done."""
    own = schools_of(actor)
    if not own:
        return
    waiting: dict[tuple[bool, int, int], list[Transfer]] = {}
    for transfer in transfers(actor):
        is_origin = transfer.origin_id in own and transfer.origin_step == TransferStep.WAITING
        is_holder = transfer.holder_id in own and transfer.holder_step == TransferStep.WAITING
        if is_origin or is_holder:
            key = (is_origin, transfer.source_id, transfer.target_id)
            waiting.setdefault(key, []).append(transfer)
    for (is_origin, _source, _target), rows in waiting.items():
        transfer, count = rows[0], sum(row.heads for row in rows)
        yield Task(
            title=_("Overfør %(count)s til %(school)s")
            % {"count": count, "school": transfer.holder.label}
            if is_origin
            else _("Tag imod %(count)s fra %(school)s")
            % {"count": count, "school": transfer.origin.label},
            url=reverse("enrolment:transfer", args=[transfer.pk])
            if len(rows) == 1
            else reverse("enrolment:transfers"),
            context=transfer.network.short_name,
            due_on=min(row.due_on for row in rows),
            detail=str(transfer.target.course),
        )


def people_of(actor: Actor, transfer: Transfer) -> list[tuple[str, str]]:
    """Who was transferred, and where they stand now, as the two schools see them (R93–R95)."""
    may_see = protected_schools(actor)
    sees = {transfer.origin_id, transfer.holder_id} & may_see
    people = []
    for row in transfer.enrolments.select_related("learner").order_by("pk"):
        if row.learner is not None and row.learner.is_protected and not sees:
            name = _("Beskyttet navn")
        elif row.learner is not None and row.learner.name:
            name = row.learner.name
        else:
            name = _("Navn mangler")
        people.append((name, str(row.get_status_display())))
    return people


def notes_of(transfer: Transfer) -> list[TransferNote]:
    """What the schools have written, the oldest first."""
    return list(transfer.notes.select_related("organisation", "file").order_by("at", "pk"))
