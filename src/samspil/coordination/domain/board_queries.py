"""What the board shows: one tree of plain values, built with a fixed number of queries.

The templates only print. Rows are fetched as values, not as models, because a board of 40
courses and 15 schools has 600 cells and is the page that people wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.enums import RelationKind
from samspil.catalogue.models import Approval, BranchGroup
from samspil.coordination import rules
from samspil.coordination.domain import proposal_queries
from samspil.coordination.domain.answers import decimal_text
from samspil.coordination.domain.board import CellChange, and_list, person_name, words_of
from samspil.coordination.domain.borrowing import Borrowed
from samspil.coordination.domain.round_queries import gap_rows, get_round
from samspil.coordination.enums import FINAL_CHANGES, CommitmentRole, FkbStatus, FormStatus
from samspil.coordination.models import (
    ChangeEntry,
    ChangeSet,
    Commitment,
    CourseComment,
    ExternalAgreement,
    Form,
    Intent,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden, NotFound
from samspil.kernel.models import StoredFile
from samspil.network.enums import OrganisationKind
from samspil.network.models import Organisation

SHOW: Final = ("alle", "huller", "lav", "udendato")
"""What the board can be narrowed to: everything, gaps, low activity, joint runs without date."""
SORT: Final = ("huller", "nummer", "aktivitet")
PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A school of the board."""

    organisation_id: int
    label: str
    name: str
    is_mine: bool
    note: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell ready to print. ``path`` ends the address of its form; empty: cannot be changed."""

    css: str
    label: str
    sub: str
    words: str
    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A word in the last column; ``kind`` is one of ``ui``'s tag kinds."""

    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """A course of the board, ready to print. ``schools`` are the labels of the ``cells``."""

    pk: str
    number: str
    title: str
    fkb: str
    activity: str
    css: str
    why: str
    cells: tuple[Cell, ...]
    schools: tuple[str, ...]
    tags: tuple[Tag, ...]
    comments: str
    comments_words: str
    is_gap: bool
    is_duty: bool
    is_covered: bool
    is_low: bool
    is_undated: bool
    activity_number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are of each kind; ``duty`` and ``covered`` are under the duty (R26)."""

    rows: int
    duty: int
    covered: int
    gaps: int
    low: int
    undated: int


@dataclass(frozen=True, slots=True)
class LastChange:
    """The newest change of the board that the actor could undo."""

    pk: int
    summary: str


@dataclass(frozen=True, slots=True)
class Board:
    """The board of one FKB, or of several (then ``fkb_number`` is empty)."""

    round: Round
    fkb_number: str
    fkb_title: str
    fkb_status: str
    branch_key: str
    branch_name: str
    is_constructed: bool
    activity_year: int | None
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    counts: Counts
    approved: int
    returned: int
    schools: int
    is_open: bool
    can_write: bool
    is_secretariat: bool
    last_change: LastChange | None
    only_core: bool
    has_constructed: bool
    round_fkb: RoundFkb | None = None
    strip: proposal_queries.Strip | None = None

    def row(self, pk: int) -> Row:
        """One row. Raises ``NotFound``."""
        found = next((row for row in self.rows if row.pk == str(pk)), None)
        if found is None:
            raise NotFound(_("Målet findes ikke på oversigten."))
        return found

    def shown(self, show: str, sort: str) -> Board:
        """The same board narrowed to ``show`` and ordered by ``sort``; counts stay."""
        rows = [row for row in self.rows if _matches(row, show)]
        if sort == "huller":
            rows.sort(key=lambda row: (not row.is_gap, row.number))
        elif sort == "aktivitet":
            rows.sort(key=lambda row: (row.activity_number, row.number))
        return replace(self, rows=tuple(rows))


def _matches(row: Row, show: str) -> bool:
    match show:
        case "huller":
            return row.is_gap
        case "lav":
            return row.is_low
        case "udendato":
            return row.is_undated
    return True


# ---------------------------------------------------------------- one FKB


def board(actor: Actor, round_id: int, fkb_number: str) -> Board:
    """The board of one FKB, in a fixed number of queries. Raises ``NotFound``.

    Columns are the schools approved for the FKB in the round's year that have not left, and
    any other that still stands in a cell.
    """
    place = (
        RoundFkb.objects.filter(
            round__in=Round.objects.visible_to(actor), round=round_id, fkb__number=fkb_number
        )
        .select_related("round__network", "fkb__branch_group")
        .first()
    )
    if place is None:
        raise NotFound(_("FKB'en er ikke med i runden."))
    raw = _rows(RoundCourse.objects.filter(round_fkb=place).order_by("course__number", "pk"))
    built = _Builder(actor, place.round, {place.pk: place}, raw)
    rows = built.rows()
    counts = _counts(rows)
    returned, schools = _returned(place.round)
    group = place.fkb.branch_group
    return Board(
        round=place.round,
        round_fkb=place,
        fkb_number=place.fkb.number,
        fkb_title=place.fkb.title,
        fkb_status=place.status,
        branch_key=group.key if group else "",
        branch_name=group.name if group else "",
        is_constructed=place.fkb.is_constructed,
        activity_year=next((row.activity_year for row in raw if row.activity_year), None),
        columns=built.columns,
        rows=rows,
        counts=counts,
        strip=proposal_queries.strip(actor, place.round, place, gaps=counts.gaps),
        approved=len(built.approved_ids),
        returned=returned,
        schools=schools,
        is_open=rules.is_board_open(place.round, place.status),
        can_write=built.can_write,
        is_secretariat=rules.is_secretariat(actor, place.round),
        last_change=last_change(actor, place.round, place),
        only_core=place.round.duty_relations == [RelationKind.CORE],
        has_constructed=any(row.is_constructed for row in raw),
    )


def _returned(round: Round) -> tuple[int, int]:
    """Forms that are back, and schools that owe one or have given it."""
    figures = Form.objects.filter(
        round=round,
        organisation__round_places__round=round,
        organisation__round_places__left_on__isnull=True,
    ).aggregate(
        back=Count("pk", filter=Q(status__in=[FormStatus.RETURNED, FormStatus.ACCEPTED])),
        total=Count("pk"),
    )
    return figures["back"], figures["total"]


def last_change(actor: Actor, round: Round, round_fkb: RoundFkb | None = None) -> LastChange | None:
    """The newest change that the actor made and has not undone: of one FKB, or of the round."""
    if actor.person_id is None:
        return None
    made = ChangeSet.objects.filter(round=round, person_id=actor.person_id, undone_at__isnull=True)
    if round_fkb is not None:
        made = made.filter(
            Exists(
                ChangeEntry.objects.filter(
                    change_set=OuterRef("pk"), commitment__round_course__round_fkb=round_fkb
                )
            )
        )
    last = (
        made.exclude(kind__in=FINAL_CHANGES)
        .order_by("-at", "-pk")
        .values_list("pk", "summary")
        .first()
    )
    return LastChange(*last) if last else None


def _counts(rows: Sequence[Row]) -> Counts:
    return Counts(
        rows=len(rows),
        duty=sum(row.is_duty for row in rows),
        covered=sum(row.is_duty and row.is_covered for row in rows),
        gaps=sum(row.is_gap for row in rows),
        low=sum(row.is_low for row in rows),
        undated=sum(row.is_undated for row in rows),
    )


# ---------------------------------------------------------------- several FKBs


@dataclass(frozen=True, slots=True)
class Across:
    """A page of the board over several FKBs, and what can be chosen on it."""

    board: Board
    page: Page[int]
    groups: tuple[tuple[str, str], ...]
    group_key: str


def across(
    actor: Actor, round_id: int, *, group_key: str = "", show: str = "huller", page: int = 1
) -> Across:
    """Rows of a branch group, or of the whole round, narrowed and paged. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    groups = tuple(
        BranchGroup.objects.filter(fkbs__rounds__round=round)
        .order_by("position", "pk")
        .distinct()
        .values_list("key", "name")
    )
    if group_key and group_key not in dict(groups):
        raise NotFound(_("Branchegruppen er ikke med i runden."))
    everything = RoundCourse.objects.filter(round_fkb__round=round)
    if group_key:
        everything = everything.filter(round_fkb__fkb__branch_group__key=group_key)
    duty = everything.filter(is_duty=True, archived_reason="")
    kinds: dict[str, QuerySet[RoundCourse]] = {
        "alle": everything,
        "huller": gap_rows(everything),
        "lav": duty.filter(activity__lt=round.low_activity_below),
        "udendato": everything.filter(
            Exists(
                Commitment.objects.filter(
                    round_course=OuterRef("pk"),
                    role=CommitmentRole.HOLDER,
                    starts_on__isnull=True,
                )
            )
        ),
    }
    sizes = everything.aggregate(
        duty=Count("pk", filter=Q(pk__in=duty.order_by().values("pk"))),
        **{
            name: Count("pk", filter=Q(pk__in=rows.order_by().values("pk")))
            for name, rows in kinds.items()
        },
    )
    wanted = kinds.get(show, everything).order_by(
        "round_fkb__fkb__branch_group__position", "round_fkb__fkb__number", "course__number", "pk"
    )
    pages = Paginator(wanted.values_list("pk", flat=True), PAGE_SIZE)
    pages.count = sizes.get(show, sizes["alle"])  # counted above, not once more
    on_page: Page[int] = pages.get_page(page)
    pks = list(on_page.object_list)
    raw = sorted(_rows(RoundCourse.objects.filter(pk__in=pks)), key=lambda row: pks.index(row.pk))
    places = {
        place.pk: place
        for place in RoundFkb.objects.filter(pk__in={row.round_fkb for row in raw})
        .select_related("fkb")
        .order_by("pk")
    }
    built = _Builder(actor, round, places, raw)
    returned, schools = _returned(round)
    return Across(
        board=Board(
            round=round,
            fkb_number="",
            fkb_title="",
            fkb_status="",
            branch_key=group_key,
            branch_name=dict(groups).get(group_key, ""),
            is_constructed=False,
            activity_year=next((row.activity_year for row in raw if row.activity_year), None),
            columns=built.columns,
            rows=built.rows(),
            counts=Counts(
                rows=sizes["alle"],
                duty=sizes["duty"],
                covered=sizes["duty"] - sizes["huller"],
                gaps=sizes["huller"],
                low=sizes["lav"],
                undated=sizes["udendato"],
            ),
            approved=len(built.approved_ids),
            returned=returned,
            schools=schools,
            is_open=any(rules.is_board_open(round, p.status) for p in places.values()),
            can_write=built.can_write,
            is_secretariat=rules.is_secretariat(actor, round),
            last_change=last_change(actor, round),
            only_core=round.duty_relations == [RelationKind.CORE],
            has_constructed=any(row.is_constructed for row in raw),
        ),
        page=on_page,
        groups=groups,
        group_key=group_key,
    )


def single_row(actor: Actor, round_id: int, row_id: int, organisation_ids: Sequence[int]) -> Row:
    """One row under given columns: what a page over several FKBs puts in place of the old row."""
    row = get_row(actor, round_id, row_id)
    raw = _rows(RoundCourse.objects.filter(pk=row.pk))
    built = _Builder(
        actor, row.round_fkb.round, {row.round_fkb_id: row.round_fkb}, raw, organisation_ids
    )
    return built.rows()[0]


# ---------------------------------------------------------------- from tables to rows


class _Raw(NamedTuple):
    pk: int
    round_fkb: int
    number: str
    title: str
    relation: str
    is_duty: bool
    activity: int | None
    activity_year: int | None
    archived_reason: str
    is_constructed: bool
    external: str | None
    comments: int
    course: int


class _Held(NamedTuple):
    row: int
    school: int
    role: str
    runs: int | None
    when_text: str
    starts_on: date | None
    guarantee: bool
    version: int


class _Meant(NamedTuple):
    row: int
    school: int
    days: Decimal | None
    follow: bool


def _rows(rows: QuerySet[RoundCourse]) -> list[_Raw]:
    return [
        _Raw(*values)
        for values in rows.annotate(said=Count("comments")).values_list(
            "pk",
            "round_fkb_id",
            "course__number",
            "course__title",
            "relation",
            "is_duty",
            "activity",
            "activity_year",
            "archived_reason",
            "course__is_constructed",
            "external_agreement__school_name",
            "said",
            "course_id",
        )
    ]


class _Builder:
    """Columns and rows for a set of courses."""

    def __init__(
        self,
        actor: Actor,
        round: Round,
        places: dict[int, RoundFkb],
        raw: Sequence[_Raw],
        organisation_ids: Sequence[int] | None = None,
    ) -> None:
        self.round = round
        self.raw = raw
        self.places = places
        pks = [row.pk for row in raw]
        self.held: dict[tuple[int, int], _Held] = {}
        self.by_row: dict[int, list[_Held]] = {pk: [] for pk in pks}
        for values in (
            Commitment.objects.filter(round_course__in=pks)
            .order_by("pk")
            .values_list(
                "round_course_id",
                "organisation_id",
                "role",
                "runs",
                "when_text",
                "starts_on",
                "guarantee",
                "version",
            )
        ):
            held = _Held(*values)
            self.held[held.row, held.school] = held
            if held.role != CommitmentRole.NONE:
                self.by_row[held.row].append(held)
        self.meant: dict[tuple[int, int], _Meant] = {}
        self.meant_by_row: dict[int, list[_Meant]] = {pk: [] for pk in pks}
        for intent in (
            Intent.objects.filter(Q(take_on_days__gt=0) | Q(will_follow=True), round_course__in=pks)
            .order_by("pk")
            .values_list("round_course_id", "form__organisation_id", "take_on_days", "will_follow")
        ):
            meant = _Meant(*intent)
            self.meant[meant.row, meant.school] = meant
            self.meant_by_row[meant.row].append(meant)
        self.approved = set(
            Approval.objects.filter(
                rules.approved_in(round.year), fkb__in={p.fkb_id for p in places.values()}
            ).values_list("fkb_id", "organisation_id")
        )
        self.borrowed = Borrowed(round.year, {p.fkb_id for p in places.values()})
        self._schools(actor, organisation_ids)

    def _schools(self, actor: Actor, wanted: Sequence[int] | None) -> None:
        standing = {held.school for cells in self.by_row.values() for held in cells}
        approved = {school for _fkb, school in self.approved}
        columns: list[Column] = []
        self.labels: dict[int, str] = {}
        self.approved_ids: set[int] = set()
        self.writable: set[int] = set()
        own = rules.own_columns(actor)
        left: set[int] = set()
        for school, label, name, is_invited, left_on in (
            RoundSchool.objects.filter(round=self.round)
            .order_by("is_invited", "organisation__name", "pk")
            .values_list(
                "organisation_id",
                "organisation__short_name",
                "organisation__name",
                "is_invited",
                "left_on",
            )
        ):
            self.labels[school] = label or name
            if left_on is not None:
                left.add(school)
            elif school in approved:
                self.approved_ids.add(school)
            may_hold = school in approved or school in self.borrowed.schools
            if school not in standing and (school in left or not may_hold):
                continue
            if rules.may_write_cell(actor, self.round, school):
                self.writable.add(school)
            columns.append(
                Column(
                    organisation_id=school,
                    label=label or name,
                    name=name,
                    is_mine=school in own,
                    note=_("udtrådt") if left_on else _("inviteret") if is_invited else "",
                )
            )
        if wanted is not None:
            by_id = {column.organisation_id: column for column in columns}
            columns = [by_id[pk] for pk in wanted if pk in by_id]
        self.columns = tuple(columns)
        self.column_labels = tuple(column.label for column in columns)
        self.left = left
        self.open_places = {
            pk for pk, place in self.places.items() if rules.is_board_open(self.round, place.status)
        }
        self.can_write = bool(self.writable and self.open_places)

    def rows(self) -> tuple[Row, ...]:
        words = _Words()
        return tuple(self._row(raw, words) for raw in self.raw)

    def _row(self, raw: _Raw, words: _Words) -> Row:
        held = self.by_row[raw.pk]
        providers = [h for h in held if h.role in (CommitmentRole.OWN, CommitmentRole.HOLDER)]
        holder = next((h for h in held if h.role == CommitmentRole.HOLDER), None)
        is_duty = raw.is_duty and not raw.archived_reason
        is_covered = bool(providers or raw.external)
        is_gap = is_duty and not is_covered
        is_low = (
            is_duty and raw.activity is not None and raw.activity < self.round.low_activity_below
        )
        place = self.places[raw.round_fkb]
        can = [
            (meant, self.labels[meant.school])
            for meant in self.meant_by_row[raw.pk]
            if self._may_hold(raw, place, meant.school)
            and meant.school in self.labels
            and meant.school not in self.left
        ]
        return Row(
            pk=str(raw.pk),
            number=raw.number,
            title=raw.title,
            fkb=place.fkb.number,
            activity="" if raw.activity is None else str(raw.activity),
            css="gap" if is_gap else "muted" if raw.archived_reason else "",
            why=(
                raw.archived_reason
                or (_why(can) if is_gap else "" if raw.is_duty else words.outside)
            ),
            cells=tuple(self._cell(raw, place, column, words) for column in self.columns),
            schools=self.column_labels,
            tags=self._tags(raw, providers, holder, len(held), is_gap, words),
            comments=str(raw.comments) if raw.comments else "",
            comments_words=words.comments(raw.comments) if raw.comments else "",
            is_gap=is_gap,
            is_duty=is_duty,
            is_covered=is_covered,
            is_low=is_low,
            is_undated=holder is not None and holder.starts_on is None,
            activity_number=raw.activity if raw.activity is not None else 10**9,
        )

    def _may_hold(self, raw: _Raw, place: RoundFkb, school: int) -> bool:
        """Approved for the FKB (R4), or the course is on loan (R59)."""
        if (place.fkb_id, school) in self.approved:
            return True
        return self.borrowed.lender(place.fkb_id, raw.course, school) is not None

    def _cell(self, raw: _Raw, place: RoundFkb, column: Column, words: _Words) -> Cell:
        school = column.organisation_id
        held = self.held.get((raw.pk, school))
        is_approved = self._may_hold(raw, place, school) and school not in self.left
        stands = held is not None and held.role != CommitmentRole.NONE
        can_change = (
            raw.round_fkb in self.open_places
            and school in self.writable
            and (is_approved or stands)
        )
        path = f"{raw.pk}/{school}/" if can_change else ""
        version = str(held.version) if held else "0"
        if held is None or held.role == CommitmentRole.NONE:
            if not is_approved:
                return Cell("out", "", "", words.not_approved, path, version)
            meant = self.meant.get((raw.pk, school))
            if meant is None:
                return Cell("no", "–", "", words.empty, path, version)
            if meant.days:
                return Cell("can", words.can, "", words.can_long, path, version)
            return Cell("wish", words.wish, "", "", path, version)
        star = " ★" if held.guarantee else ""
        runs = words.runs(held.runs) if held.runs is not None else ""
        if held.role == CommitmentRole.HOLDER:
            when = held.when_text or words.no_date
            sub = f"{runs} · {when}" if runs else when
            return Cell("lead", words.holder + star, sub, "", path, version)
        if held.role == CommitmentRole.FOLLOWER:
            return Cell("join", words.follower + star, "", "", path, version)
        return Cell("own", (runs or words.own) + star, "", "", path, version)

    def _tags(
        self,
        raw: _Raw,
        providers: Sequence[_Held],
        holder: _Held | None,
        standing: int,
        is_gap: bool,
        words: _Words,
    ) -> tuple[Tag, ...]:
        tags: list[Tag] = []
        guarantee = words.guarantee if any(held.guarantee for held in providers) else ""
        if raw.archived_reason:
            tags.append(Tag(words.archived, "plain"))
        if holder is not None:
            label = self.labels.get(holder.school, "")
            text = (words.joint if standing > len(providers) else words.taken) % {"school": label}
            tags.append(Tag(text + guarantee, "joint"))
            if holder.starts_on is None:
                tags.append(Tag(words.date_missing, "wait"))
        elif providers:
            tags.append(Tag(words.schools(len(providers)) + guarantee, "ok"))
        if raw.external:
            tags.append(Tag(words.external % {"school": raw.external}, "ext"))
        if is_gap:
            tags.append(Tag(words.gap, "gap"))
        elif not tags:
            tags.append(Tag(words.nobody, "plain"))
        return tuple(tags)


def _why(can: Iterable[tuple[_Meant, str]]) -> str:
    """Why a gap is one, and who could close it."""
    parts = [_("Ingen skole har meldt udbud.")]
    able = sorted(
        ((meant.days, label) for meant, label in can if meant.days),
        key=lambda pair: (-pair[0], pair[1]),
    )
    if able:
        named = []
        for index, (days, label) in enumerate(able):
            text = ngettext("%(days)s dag", "%(days)s dage", 1 if days == 1 else 2) % {
                "days": decimal_text(days)
            }
            if index == 0:
                text = _("kapacitet %(days)s") % {"days": text}
            named.append(f"{label} ({text})")
        parts.append(
            _("%(count)s kan: %(schools)s.") % {"count": len(able), "schools": ", ".join(named)}
        )
    else:
        parts.append(_("Ingen har ledig kapacitet."))
    follow = sorted(label for meant, label in can if meant.follow and not meant.days)
    if follow:
        parts.append(_("Vil følge en anden skole: %(schools)s.") % {"schools": and_list(follow)})
    return " ".join(parts)


class _Words:
    """The board's words, looked up once a page and not once a cell."""

    def __init__(self) -> None:
        self.empty = _("tom")
        self.not_approved = _("ikke godkendt")
        self.can = _("kan")
        self.can_long = _("kan, har kapacitet")
        self.wish = _("vil følge")
        self.holder = _("udbyder")
        self.follower = _("følger")
        self.own = _("udbud")
        self.no_date = _("uden dato")
        self.guarantee = _(" · garanti")
        self.archived = _("Ude af pligten")
        self.outside = ""
        self.joint = _("Fælles hold hos %(school)s")
        self.taken = _("Udbydes af %(school)s")
        self.date_missing = _("Mangler dato")
        self.external = _("Aftale: %(school)s")
        self.gap = _("Mangler udbyder")
        self.nobody = _("Ingen udbyder")
        self._runs: dict[int, str] = {}

    def runs(self, count: int) -> str:
        if count not in self._runs:
            self._runs[count] = ngettext("%(count)s hold", "%(count)s hold", count) % {
                "count": count
            }
        return self._runs[count]

    @staticmethod
    def comments(count: int) -> str:
        return ngettext("%(count)s kommentar", "%(count)s kommentarer", count) % {"count": count}

    @staticmethod
    def schools(count: int) -> str:
        return ngettext("%(count)s skole", "%(count)s skoler", count) % {"count": count}


# ---------------------------------------------------------------- one course, one cell


def get_row(actor: Actor, round_id: int, row_id: int) -> RoundCourse:
    """A course of a round that the actor sees. Raises ``NotFound``."""
    row = (
        RoundCourse.objects.filter(
            pk=row_id,
            round_fkb__round=round_id,
            round_fkb__round__in=Round.objects.visible_to(actor),
        )
        .select_related("course", "round_fkb__round__network", "round_fkb__fkb__branch_group")
        .first()
    )
    if row is None:
        raise NotFound(_("Målet findes ikke i runden."))
    return row


def row_to_run(actor: Actor, round_id: int, row_id: int) -> RoundCourse:
    """``get_row`` for those who run the round. Raises ``Forbidden`` for others who see it."""
    row = get_row(actor, round_id, row_id)
    if not rules.may_run_row(actor, row):
        raise Forbidden(_("Det kan kun sekretariatet."))
    return row


def get_change_set(actor: Actor, round_id: int, change_set_id: int) -> ChangeSet:
    """A change of a round that the actor sees. Raises ``NotFound``."""
    found = (
        ChangeSet.objects.filter(
            pk=change_set_id, round=round_id, round__in=Round.objects.visible_to(actor)
        )
        .select_related("round__network")
        .first()
    )
    if found is None:
        raise NotFound(_("Ændringen findes ikke."))
    return found


def rows_of(change_set: ChangeSet) -> list[int]:
    """The rows (by id) that a change set touched."""
    return list(
        RoundCourse.objects.filter(commitments__change_entries__change_set=change_set)
        .order_by("pk")
        .distinct()
        .values_list("pk", flat=True)
    )


def places_after(network_id: int, organisation_id: int, on: date) -> list[RoundSchool]:
    """A school's places in a network's rounds that go on after ``on``; for the system itself."""
    return list(
        RoundSchool.objects.filter(
            round__network=network_id,
            round__year__gte=on.year,
            organisation=organisation_id,
            left_on__isnull=True,
        )
        .select_related("round__network", "organisation")
        .order_by("round__year", "pk")
    )


def external_document(actor: Actor, round_id: int, row_id: int) -> StoredFile:
    """The document of a course's agreement outside the circle. Raises ``NotFound``."""
    row = get_row(actor, round_id, row_id)
    found = ExternalAgreement.objects.filter(round_course=row).select_related("document").first()
    if found is None:
        raise NotFound(_("Målet har ingen aftale."))
    return found.document


@dataclass(frozen=True, slots=True)
class CellDetail:
    """One cell as its form shows it, with what the school said about it."""

    row: RoundCourse
    round: Round
    organisation_id: int
    school: str
    role: str
    runs: int | None
    when_text: str
    starts_on: date | None
    ends_on: date | None
    guarantee: bool
    version: int
    words: str
    changed_by: str
    changed_at: datetime | None
    said: str
    note: str
    holder: str
    can_change: bool
    why_not: str

    def as_change(self, expected_version: int) -> CellChange:
        """The cell as it stands, for one key to change."""
        return CellChange(
            round_course_id=self.row.pk,
            organisation_id=self.organisation_id,
            role=self.role,
            runs=self.runs,
            when_text=self.when_text,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            guarantee=self.guarantee,
            expected_version=expected_version,
        )


def cell_detail(actor: Actor, round_id: int, row_id: int, organisation_id: int) -> CellDetail:
    """A cell of the board with its intent. Raises ``NotFound`` when there is no such column."""
    row = get_row(actor, round_id, row_id)
    round = row.round_fkb.round
    place = (
        RoundSchool.objects.filter(round=round, organisation=organisation_id)
        .select_related("organisation")
        .first()
    )
    if place is None:
        raise NotFound(_("Skolen er ikke med i runden."))
    cells = list(
        Commitment.objects.filter(round_course=row).select_related("organisation").order_by("pk")
    )
    cell = next((c for c in cells if c.organisation_id == organisation_id), None)
    holder = next(
        (
            c.organisation.label
            for c in cells
            if c.role == CommitmentRole.HOLDER and c.organisation_id != organisation_id
        ),
        "",
    )
    intent = Intent.objects.filter(form__organisation=organisation_id, round_course=row).first()
    is_open = rules.is_board_open(round, row.round_fkb.status)
    may = rules.may_write_cell(actor, round, organisation_id)
    return CellDetail(
        row=row,
        round=round,
        organisation_id=organisation_id,
        school=place.organisation.label,
        role=cell.role if cell else CommitmentRole.NONE,
        runs=cell.runs if cell else None,
        when_text=cell.when_text if cell else "",
        starts_on=cell.starts_on if cell else None,
        ends_on=cell.ends_on if cell else None,
        guarantee=cell.guarantee if cell else False,
        version=cell.version if cell else 0,
        words=words_of(cell),
        changed_by=person_name(cell.updated_by_label) if cell else "",
        changed_at=cell.updated_at if cell else None,
        said=answer_words(intent),
        note=intent.note if intent and rules.may_see_form(actor, round, organisation_id) else "",
        holder=holder,
        can_change=is_open and may,
        why_not="" if is_open else _("Oversigten er låst."),
    )


def answer_words(intent: Intent | None) -> str:
    """What a school answered for a course, in words; empty when it said nothing."""
    if intent is None:
        return ""
    parts: list[str] = []
    if intent.offers is not None:
        parts.append(_("udbyder") if intent.offers else _("udbyder ikke"))
    if intent.runs is not None:
        parts.append(
            ngettext("%(count)s hold", "%(count)s hold", intent.runs) % {"count": intent.runs}
        )
    if intent.when_text:
        parts.append(intent.when_text)
    if intent.guarantee:
        parts.append(_("garanti"))
    if intent.take_on_days:
        parts.append(
            _("plads til %(days)s dage for andre") % {"days": decimal_text(intent.take_on_days)}
        )
    if intent.will_follow:
        parts.append(_("vil følge en anden skole"))
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school's answer and place on one course."""

    organisation_id: int
    school: str
    said: str
    note: str
    now: str
    css: str
    can_change: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a course, in words."""

    at: datetime
    who: str
    text: str


def outside_schools(actor: Actor, row: RoundCourse) -> QuerySet[Organisation]:
    """Schools that an agreement outside the circle can be with: those approved first (R27)."""
    inside = RoundSchool.objects.filter(round=row.round_fkb.round, left_on__isnull=True).values(
        "organisation"
    )
    approved = Approval.objects.filter(
        rules.approved_in(row.round_fkb.round.year),
        fkb=row.round_fkb.fkb,
        organisation=OuterRef("pk"),
    )
    return (
        Organisation.objects.filter(kind=OrganisationKind.SCHOOL, successor__isnull=True)
        .exclude(pk__in=inside)
        .annotate(is_approved=Exists(approved))
        .order_by("-is_approved", "name", "pk")
    )


@dataclass(frozen=True, slots=True)
class CourseDetail:
    """Everything about one course of the round."""

    row: RoundCourse
    board_row: Row
    round: Round
    lines: tuple[SchoolLine, ...]
    comments: tuple[Event, ...]
    history: tuple[Event, ...]
    external: ExternalAgreement | None
    is_open: bool
    may_run: bool
    may_comment: bool


_CSS: Final = {
    CommitmentRole.OWN: "own",
    CommitmentRole.HOLDER: "lead",
    CommitmentRole.FOLLOWER: "join",
    CommitmentRole.NONE: "no",
}


def course_detail(actor: Actor, round_id: int, row_id: int) -> CourseDetail:
    """One course with answers, comments, history and agreement. Raises ``NotFound``."""
    row = get_row(actor, round_id, row_id)
    round = row.round_fkb.round
    raw = _rows(RoundCourse.objects.filter(pk=row.pk))
    built = _Builder(actor, round, {row.round_fkb_id: row.round_fkb}, raw)
    intents = {
        intent.form.organisation_id: intent
        for intent in Intent.objects.filter(round_course=row).select_related("form").order_by("pk")
    }
    cells = {
        cell.organisation_id: cell
        for cell in Commitment.objects.filter(round_course=row).order_by("pk")
    }
    board_row = built.rows()[0]
    lines = tuple(
        SchoolLine(
            organisation_id=column.organisation_id,
            school=column.name,
            said=answer_words(intents.get(column.organisation_id)),
            note=intents[column.organisation_id].note
            if column.organisation_id in intents
            and rules.may_see_form(actor, round, column.organisation_id)
            else "",
            now=words_of(cells.get(column.organisation_id)),
            css=_CSS[CommitmentRole(cells[column.organisation_id].role)]
            if column.organisation_id in cells
            else "no",
            can_change=bool(cell.path),
        )
        for column, cell in zip(built.columns, board_row.cells, strict=True)
    )
    return CourseDetail(
        row=row,
        board_row=board_row,
        round=round,
        lines=lines,
        comments=tuple(
            Event(said.at, person_name(said.author_label), said.text)
            for said in CourseComment.objects.filter(round_course=row).order_by("at", "pk")
        ),
        history=tuple(
            Event(event.at, person_name(event.actor_label), event.summary)
            for event in audit.history(row, limit=100)
        ),
        external=ExternalAgreement.objects.filter(round_course=row)
        .select_related("document")
        .first(),
        is_open=rules.is_board_open(round, row.round_fkb.status),
        may_run=rules.may_run_row(actor, row),
        may_comment=rules.may_comment(actor, row),
    )


def frozen_words(board: Board) -> str:
    """Why the board takes no changes, as a sentence; empty when it does."""
    if board.is_open:
        return ""
    if board.fkb_status == FkbStatus.AGREED:
        return _(
            "Aftalen er underskrevet. Genåbn oversigten for at ændre; ændringen bliver et tillæg."
        )
    if board.fkb_status == FkbStatus.FROZEN:
        return _("Oversigten er låst og til underskrift.")
    return _("Runden er afsluttet.")


def column_ids(text: str) -> list[int]:
    """``12,13`` as ids; anything else is left out."""
    return [int(part) for part in text.split(",") if part.isdecimal() and len(part) <= 18]
