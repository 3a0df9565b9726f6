"""Lists of FKBs, courses, approvals and activity that can be read in.

The lists are taken as they get published and as schools keep them: numbers with dots, weeks
instead of days, several tables in a sheet, headings in the middle.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.catalogue import rules
from samspil.catalogue.enums import Evidence, RelationKind
from samspil.catalogue.models import (
    Approval,
    BranchGroup,
    Course,
    CourseActivity,
    CourseRelation,
    Fkb,
)
from samspil.kernel.actor import Actor
from samspil.kernel.imports import values
from samspil.kernel.imports.declare import (
    Column,
    ImportSpec,
    Option,
    PlanContext,
    Ref,
    Row,
    register,
)
from samspil.kernel.imports.values import folded
from samspil.kernel.spreadsheets.reader import CellValue
from samspil.network.domain.queries import OrganisationIndex
from samspil.network.models import Organisation

_CONSTRUCTED = Option("is_constructed", gettext_lazy("Listen er et konstrueret eksempel"))
_KIND_WORDS = {
    RelationKind.CORE.value: (str(RelationKind.CORE.label), "kerne", "egen", "K"),
    RelationKind.LINKED.value: (str(RelationKind.LINKED.label), "tilkoblede", "tilkoblet mål", "T"),
    RelationKind.COMMON.value: (
        str(RelationKind.COMMON.label),
        "fælles",
        "obligatorisk fælleskatalog",
        "F",
    ),
}


class _CatalogueSpec(ImportSpec):
    def may_run(self, actor: Actor) -> bool:
        """Keepers of the catalogue."""
        return rules.may_keep_catalogue(actor)


def status(value: CellValue) -> dict[str, Any] | None:
    """What a list says of a course's or FKB's fate: ``active``, ``closed 2010-01-01``,
    ``superseded by 21078``, ``udgået``, ``afløst af 2257``, ``nedlagt pr. 1/7 2025``.

    Gives ``{"closed": bool, "on": date | None, "by": number | None}``; ``None`` for nothing said.
    """
    text = values.text(value)
    if text is None:
        return None
    low = text.lower()
    closed = re.search(
        r"\b(closed|superseded|udgået|udgaaet|nedlagt|arkiv\w*|ophørt|lukket|afløst|erstattet|inaktiv)\b",
        low,
    )
    if not closed and folded(low) not in (
        "active",
        "aktiv",
        "gaeldende",
        "igang",
        "godkendt",
        "ibrug",
    ):
        raise values.ValueProblem(
            _(
                "»%(value)s« kan ikke læses som en status. Skriv fx aktiv, udgået eller afløst af 21078."
            )
            % {"value": text}
        )
    number = re.search(r"\b(?:by|af|med)\s+(?:fkb\s*)?(\d{4,5})\b", low)
    on: date | None = None
    for word in re.findall(r"\d[\d./ -]{5,}\d", low):
        try:
            on = values.danish_date(word)
        except values.ValueProblem:
            continue
    return {"closed": bool(closed), "on": on, "by": number[1] if number else None}


@register
class Fkbs(_CatalogueSpec):
    """FKBs with branch group, committee, validity and what they follow."""

    key = "catalogue.fkbs"
    title = gettext_lazy("FKB'er")
    lede = gettext_lazy("Nummer, titel, branchegruppe, efteruddannelsesudvalg og gyldighed.")
    models = ("catalogue.BranchGroup", "catalogue.Fkb", "catalogue.Fkb_predecessors")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "number",
            gettext_lazy("FKB-nummer"),
            values.fkb_number,
            ("fkb", "fkbnr", "nr", "nummer"),
            required=True,
            is_key=True,
        ),
        Column(
            "title", gettext_lazy("Titel"), values.max_text(250), ("navn", "fkbtitel", "betegnelse")
        ),
        Column(
            "branch_group",
            gettext_lazy("Branchegruppe"),
            values.max_text(80),
            ("branche", "gruppe"),
        ),
        Column(
            "committee",
            gettext_lazy("Efteruddannelsesudvalg"),
            values.max_text(160),
            ("udvalg", "eud-udvalg"),
        ),
        Column("valid_from", gettext_lazy("Gyldig fra"), values.danish_date, ("startdato", "fra")),
        Column(
            "valid_to",
            gettext_lazy("Gyldig til"),
            values.danish_date,
            ("slutdato", "til", "udløber"),
        ),
        Column(
            "predecessors",
            gettext_lazy("Afløser"),
            values.fkb_numbers,
            ("forgænger", "afløser fkb"),
        ),
        Column("status", gettext_lazy("Status"), status),
        Column("source", gettext_lazy("Kilde"), values.max_text(200)),
    )
    options: ClassVar[tuple[Option, ...]] = (_CONSTRUCTED,)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by number; branch groups that are missing are added."""
        known = {row.number: row for row in Fkb.objects.order_by("pk")}
        groups = {
            folded(word): group
            for group in BranchGroup.objects.order_by("pk")
            for word in (group.key, group.name)
        }
        links = set(
            Fkb.predecessors.through._default_manager.order_by("pk").values_list(
                "from_fkb__number", "to_fkb__number"
            )
        )
        numbers = {row.get("number") for row in rows if row.is_usable} | set(known)
        first: dict[str, int] = {}
        for row in rows:
            if not row.is_usable:
                continue
            number = row.get("number")
            row.label = f"FKB {number} {row.get('title') or ''}".strip()
            if number in first:
                row.error(
                    "number",
                    _("FKB %(number)s står også i række %(row)s.")
                    % {"number": number, "row": first[number]},
                )
                continue
            first[number] = row.row + 1
            self._plan_row(row, context, known, groups, links, numbers)

    def _plan_row(
        self,
        row: Row,
        context: PlanContext,
        known: dict[str, Fkb],
        groups: dict[str, BranchGroup],
        links: set[tuple[str, str]],
        numbers: set[str],
    ) -> None:
        number = row.get("number")
        existing = known.get(number)
        wanted: dict[str, Any] = {
            name: row.get(name)
            for name in ("title", "committee", "valid_from", "valid_to", "source")
        }
        if (
            wanted["valid_from"]
            and wanted["valid_to"]
            and wanted["valid_to"] < wanted["valid_from"]
        ):
            row.error("valid_to", _("Slutdatoen ligger før startdatoen."))
            return
        if row.get("branch_group"):
            written = row.get("branch_group")
            group = groups.get(folded(written))
            if group is None:
                key = re.sub(r"[^a-z0-9]+", "-", folded(written))[:40]
                wanted["branch_group"] = row.put(
                    context,
                    "catalogue.BranchGroup",
                    key,
                    None,
                    {"name": written},
                    label=written,
                    on_create={"key": key, "position": 90},
                )
            else:
                wanted["branch_group"] = group
        before = list(row.get("predecessors") or ())
        told = row.get("status")
        if told and told["closed"] and not wanted["valid_to"]:
            if told["on"]:
                wanted["valid_to"] = told["on"]
            elif existing is None or existing.valid_to is None:
                row.warn(
                    "status",
                    _(
                        "FKB'en er ophørt, men listen siger ikke hvornår. Skriv datoen på FKB'ens side."
                    ),
                )
        if existing is None and not wanted["title"]:
            row.warn(
                "title" if "title" in row.columns else None,
                _("FKB %(number)s har ingen titel.") % {"number": number},
            )
        if not wanted["source"] and existing is None:
            wanted["source"] = context.source or None
        ref = row.put(
            context,
            "catalogue.Fkb",
            number,
            existing,
            wanted,
            label=row.label,
            main=True,
            on_create={
                "number": number,
                "is_constructed": bool(context.options.get("is_constructed")),
            },
        )
        pairs = [(number, other) for other in before]
        if told and told["by"] and len(told["by"]) == 4:
            pairs.append((told["by"], number))
        for newer, older in pairs:
            if newer not in numbers or older not in numbers:
                missing = older if newer == number else newer
                row.warn(
                    "predecessors" if before else "status",
                    _("FKB %(number)s kender vi ikke. Forbindelsen er ikke læst.")
                    % {"number": missing},
                )
            elif (newer, older) not in links and newer != older:
                row.put(
                    context,
                    "catalogue.Fkb_predecessors",
                    f"{newer}>{older}",
                    None,
                    {
                        "from_fkb": known.get(newer) or Ref("catalogue.Fkb", newer),
                        "to_fkb": known.get(older)
                        or (ref if older == number else Ref("catalogue.Fkb", older)),
                    },
                    label=_("%(new)s afløser %(old)s") % {"new": newer, "old": older},
                )


@register
class Courses(_CatalogueSpec):
    """Courses and how they belong to FKBs. One row a course, or one a course and FKB."""

    key = "catalogue.courses"
    title = gettext_lazy("Mål (AMU-uddannelser)")
    lede = gettext_lazy("Fagnummer, titel, varighed, niveau, gyldighed og forbindelsen til FKB'er.")
    models = ("catalogue.Course", "catalogue.CourseRelation")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "number",
            gettext_lazy("Fagnummer"),
            values.course_number,
            (
                "fagnr",
                "fag",
                "amu",
                "målnr",
                "mål nr.",
                "målnummer",
                "nr",
                "nummer",
                "uddannelsesnummer",
                "uddannelseskode",
                "kode",
                "amu-nr",
            ),
            required=True,
            is_key=True,
        ),
        Column(
            "title",
            gettext_lazy("Titel"),
            values.max_text(250),
            ("navn", "måltitel", "uddannelse", "betegnelse", "fagtitel"),
        ),
        Column(
            "fkb",
            gettext_lazy("FKB"),
            values.fkb_numbers,
            ("fkbnr", "fkb-nummer", "fælles kompetencebeskrivelse"),
        ),
        Column(
            "kind",
            gettext_lazy("Kernemål eller tilkoblet"),
            values.choice(_KIND_WORDS, gettext_lazy("forbindelse")),
            ("kind", "relation", "tilknytning", "type", "måltype"),
        ),
        Column(
            "duration_days",
            gettext_lazy("Varighed"),
            values.duration_days,
            ("dage", "varighed dage", "varighed i dage", "antal dage", "længde"),
        ),
        Column("level", gettext_lazy("Niveau"), values.max_text(4), ("kvalifikationsniveau",)),
        Column(
            "valid_from",
            gettext_lazy("Gyldig fra"),
            values.danish_date,
            ("startdato", "fra", "ikrafttræden"),
        ),
        Column(
            "valid_to",
            gettext_lazy("Gyldig til"),
            values.danish_date,
            ("slutdato", "til", "udløber"),
        ),
        Column("status", gettext_lazy("Status"), status),
        Column("is_archived", gettext_lazy("Arkiveret"), values.yes_no, ("arkiv", "udgået")),
        Column("source", gettext_lazy("Kilde"), values.max_text(200)),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "default_kind",
            gettext_lazy("Når listen ikke siger, hvordan målet hører til FKB'en"),
            default=RelationKind.CORE.value,
            choices=tuple((kind.value, kind.label) for kind in RelationKind),
        ),
        Option(
            "sections",
            gettext_lazy("Mål under en overskrift som »Udgåede fag«"),
            default="archive",
            choices=(
                ("archive", gettext_lazy("Læs dem som arkiverede")),
                ("ignore", gettext_lazy("Læs dem som de andre")),
            ),
        ),
        _CONSTRUCTED,
    )

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by number. The same number twice: the row that is valid from later wins, and
        where the rows do not say, none is read."""
        known = {row.number: row for row in Course.objects.order_by("pk")}
        fkbs = {row.number: row for row in Fkb.objects.order_by("pk")}
        relations = {
            (relation.fkb_id, relation.course_id): relation
            for relation in CourseRelation.objects.order_by("pk")
        }
        numbers = set(known) | {row.get("number") for row in rows if row.is_usable}
        self._settle_repeats(rows)
        for row in rows:
            number = row.get("number")
            if number:
                row.label = f"{number} {row.get('title') or (known[number].title if number in known else '')}".strip()
            if row.is_usable:
                self._plan_row(row, context, known, fkbs, relations, numbers)

    @staticmethod
    def _settle_repeats(rows: list[Row]) -> None:
        told = ("title", "duration_days", "level", "valid_from", "valid_to")
        seen: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.is_usable:
                seen[row.get("number")].append(row)
        for number, same in seen.items():
            if len(same) == 1:
                continue
            # One row per FKB with equal facts is how relations are listed, not a repeat.
            facts = {tuple(row.get(name) for name in told) for row in same}
            if len(facts) == 1:
                continue
            starts = [row.get("valid_from") or date.min for row in same]
            latest = max(starts)
            if starts.count(latest) == 1 and latest != date.min:
                winner = same[starts.index(latest)]
                for row in same:
                    if row is not winner:
                        row.skip(
                            _(
                                "%(number)s står også i række %(row)s, som gælder fra en senere dato. Den anden række læses."
                            )
                            % {"number": number, "row": winner.row + 1},
                            "number",
                        )
                winner.warn(
                    "number",
                    _(
                        "%(number)s står flere gange i listen. Denne række gælder fra den seneste dato og læses."
                    )
                    % {"number": number},
                )
                continue
            for row in same:
                others = ", ".join(str(other.row + 1) for other in same if other is not row)
                row.error(
                    "number",
                    _(
                        "%(number)s står også i række %(rows)s med andre oplysninger. Ret listen, så det står én gang."
                    )
                    % {"number": number, "rows": others},
                )

    def _plan_row(
        self,
        row: Row,
        context: PlanContext,
        known: dict[str, Course],
        fkbs: dict[str, Fkb],
        relations: dict[tuple[int, int], CourseRelation],
        numbers: set[str],
    ) -> None:
        number = row.get("number")
        existing = known.get(number)
        wanted: dict[str, Any] = {
            name: row.get(name)
            for name in ("title", "duration_days", "level", "valid_from", "valid_to", "source")
        }
        if (
            existing is None
            and not wanted["title"]
            and ("catalogue.Course", number) not in context.changes
        ):
            row.error(
                "title" if "title" in row.columns else None,
                _("%(number)s er nyt og mangler en titel.") % {"number": number},
            )
            return
        start = wanted["valid_from"] or (existing.valid_from if existing else None)
        end = wanted["valid_to"] or (existing.valid_to if existing else None)
        if start and end and end < start:
            row.error(
                "valid_to" if "valid_to" in row.columns else "valid_from",
                _("Slutdatoen ligger før startdatoen."),
            )
            return
        missing = [fkb for fkb in row.get("fkb") or () if fkb not in fkbs]
        if missing:
            row.error(
                "fkb",
                _("FKB %(number)s findes ikke i kataloget. Læs FKB-listen ind først.")
                % {"number": ", ".join(missing)},
            )
            return
        self._fate(row, wanted, existing, known, numbers, context)
        if existing is None and not wanted["source"]:
            wanted["source"] = context.source or None
        if existing is not None and wanted["source"] and not self._differs(existing, wanted):
            wanted["source"] = None  # the same facts from another list are no change
        ref = row.put(
            context,
            "catalogue.Course",
            number,
            existing,
            wanted,
            label=row.label,
            main=True,
            on_create={
                "number": number,
                "is_constructed": bool(context.options.get("is_constructed")),
            },
        )
        for fkb_number in row.get("fkb") or ():
            fkb = fkbs[fkb_number]
            relation = relations.get((fkb.pk, existing.pk)) if existing else None
            kind = row.get("kind")
            if kind is None and relation is None:
                kind = context.options.get("default_kind") or RelationKind.CORE.value
                context.note(
                    _(
                        "Listen siger ikke for alle mål, hvordan de hører til deres FKB. De bliver lagt ind som %(kind)s."
                    )
                    % {"kind": str(RelationKind(kind).label).lower()}
                )
            row.put(
                context,
                "catalogue.CourseRelation",
                f"{fkb_number}:{number}",
                relation,
                {"kind": kind},
                label=_("%(course)s i FKB %(fkb)s") % {"course": number, "fkb": fkb_number},
                on_create={"fkb": fkb, "course": existing or ref},
            )

    @staticmethod
    def _differs(existing: Course, wanted: dict[str, Any]) -> bool:
        return any(
            value is not None and getattr(existing, name) != value
            for name, value in wanted.items()
            if name != "source"
        )

    @staticmethod
    def _fate(
        row: Row,
        wanted: dict[str, Any],
        existing: Course | None,
        known: dict[str, Course],
        numbers: set[str],
        context: PlanContext,
    ) -> None:
        """Archived or not: from the status, the tick, or the heading the row stands under."""
        told = row.get("status")
        archived = row.get("is_archived")
        reason = ""
        if told is not None:
            archived = told["closed"] if archived is None else archived
            reason = row.cells.get("status", "")
            by = told["by"]
            if by and len(by) == 5:
                if by in known:
                    wanted["successor"] = known[by]
                elif by in numbers:
                    wanted["successor"] = Ref("catalogue.Course", by)
                else:
                    row.warn(
                        "status",
                        _("Målet %(number)s, som afløser det, kender vi ikke.") % {"number": by},
                    )
        if (
            archived is None
            and re.search(r"udgå|udgaa|nedlag|ophør|arkiv", row.section.lower())
            and context.options.get("sections") != "ignore"
        ):
            archived = True
            reason = _("Stod under »%(section)s« i listen") % {"section": row.section.rstrip(":")}
            row.warn(
                None,
                _("Står under »%(section)s« og læses derfor som arkiveret.")
                % {"section": row.section},
            )
        if archived is not None and (existing is not None or archived):
            wanted["is_archived"] = archived
            if archived and not (existing and existing.is_archived):
                wanted["archived_reason"] = (reason or _("Arkiveret i listen"))[:250]


@register
class Approvals(_CatalogueSpec):
    """Which school is approved for which FKB, from–to (R43, R46)."""

    key = "catalogue.approvals"
    title = gettext_lazy("Udbudsgodkendelser")
    lede = gettext_lazy("Skole, FKB og gyldighed.")
    models = ("catalogue.Approval",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "school",
            gettext_lazy("Skole"),
            values.max_text(200),
            ("school_name", "udbyder", "institution", "skolenavn", "uddannelsesinstitution"),
            is_key=True,
        ),
        Column(
            "school_key",
            gettext_lazy("Skolens nøgle"),
            values.max_text(60),
            ("institutionsnummer", "instnr"),
            is_key=True,
        ),
        Column(
            "fkb", gettext_lazy("FKB"), values.fkb_numbers, ("fkbnr", "fkb-nummer"), is_key=True
        ),
        Column(
            "area",
            gettext_lazy("FKB-titel"),
            values.max_text(250),
            ("area_title", "område", "jobområde"),
        ),
        Column("scope", gettext_lazy("Gælder"), values.text),
        Column("amu", gettext_lazy("Fagnummer"), values.text, ("fagnr",)),
        Column(
            "valid_from",
            gettext_lazy("Gyldig fra"),
            values.danish_date,
            ("startdato", "fra", "godkendt fra"),
        ),
        Column(
            "valid_to",
            gettext_lazy("Gyldig til"),
            values.danish_date,
            ("slutdato", "til", "godkendt til"),
        ),
        Column("evidence", gettext_lazy("Grundlag"), values.text, ("dokumentation",)),
        Column("source", gettext_lazy("Kilde"), values.max_text(200)),
    )

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by school and FKB: an open approval is changed, otherwise one is added."""
        index = OrganisationIndex.load()
        fkbs = {row.number: row for row in Fkb.objects.order_by("pk")}
        titles: dict[str, list[Fkb]] = defaultdict(list)
        for fkb in fkbs.values():
            titles[folded(fkb.title)].append(fkb)
        known: dict[tuple[int, int], list[Approval]] = defaultdict(list)
        for approval in Approval.objects.order_by("pk"):
            known[(approval.organisation_id, approval.fkb_id)].append(approval)
        seen: dict[tuple[int, int, date | None], int] = {}
        for row in rows:
            if row.is_usable:
                self._plan_row(row, context, index, fkbs, titles, known, seen)

    def _plan_row(
        self,
        row: Row,
        context: PlanContext,
        index: OrganisationIndex,
        fkbs: dict[str, Fkb],
        titles: dict[str, list[Fkb]],
        known: dict[tuple[int, int], list[Approval]],
        seen: dict[tuple[int, int, date | None], int],
    ) -> None:
        row.label = " ".join(
            str(part) for part in (row.get("school"), *(row.get("fkb") or ())) if part
        )
        if row.get("amu") and not row.get("fkb"):
            row.skip(
                _("Rækken gælder et enkelt mål (%(number)s). En godkendelse gælder en hel FKB.")
                % {"number": row.get("amu")}
            )
            return
        organisation = find_school(row, index, row.get("school_key"), row.get("school"))
        if organisation is None:
            return
        wanted_fkbs = self._fkbs(row, fkbs, titles)
        if wanted_fkbs is None:
            return
        start, end = row.get("valid_from"), row.get("valid_to")
        if start and end and end < start:
            row.error("valid_to", _("Slutdatoen ligger før startdatoen."))
            return
        evidence = self._evidence(row)
        for fkb in wanted_fkbs:
            pair = (organisation.pk, fkb.pk)
            if (*pair, start) in seen:
                row.skip(
                    _("Den samme godkendelse står i række %(row)s.") % {"row": seen[(*pair, start)]}
                )
                return
            seen[(*pair, start)] = row.row + 1
            existing = self._same(known[pair], start)
            if (
                existing is None
                and end is None
                and any(item.valid_to is None for item in known[pair])
            ):
                row.error(
                    "valid_from",
                    _(
                        "%(school)s har allerede en åben godkendelse til FKB %(fkb)s. Afslut den først."
                    )
                    % {"school": organisation.label, "fkb": fkb.number},
                )
                return
            label = _("%(school)s: FKB %(fkb)s") % {"school": organisation.label, "fkb": fkb.number}
            source = row.get("source") or context.source
            row.put(
                context,
                "catalogue.Approval",
                f"{organisation.pk}:{fkb.pk}:{start}",
                existing,
                {"valid_from": start, "valid_to": end, "evidence": evidence},
                label=label,
                main=True,
                on_create={
                    "organisation": organisation,
                    "fkb": fkb,
                    "source": source,
                    "evidence": evidence or Evidence.STATED.value,
                },
            )

    @staticmethod
    def _same(approvals: list[Approval], start: date | None) -> Approval | None:
        """The approval that a row speaks of: the one that begins that day, else the open one
        whose beginning is not known (or of which the row does not say it)."""
        for approval in approvals:
            if approval.valid_from == start:
                return approval
        for approval in approvals:
            if approval.valid_to is None and (start is None or approval.valid_from is None):
                return approval
        return None

    @staticmethod
    def _fkbs(row: Row, fkbs: dict[str, Fkb], titles: dict[str, list[Fkb]]) -> list[Fkb] | None:
        numbers = row.get("fkb")
        if numbers:
            missing = [number for number in numbers if number not in fkbs]
            if missing:
                row.error(
                    "fkb",
                    _("FKB %(number)s findes ikke i kataloget. Læs FKB-listen ind først.")
                    % {"number": ", ".join(missing)},
                )
                return None
            return [fkbs[number] for number in numbers]
        area = row.get("area")
        found = titles.get(folded(area), []) if area else []
        if len(found) == 1:
            row.warn(
                "area", _("FKB'en er fundet på titlen: %(number)s.") % {"number": found[0].number}
            )
            return found
        row.error(
            "fkb" if "fkb" in row.columns else "area",
            _("FKB-nummeret mangler, og titlen passer ikke på én FKB i kataloget."),
        )
        return None

    @staticmethod
    def _evidence(row: Row) -> str | None:
        """How well the approval is known: only a decision is a grant."""
        text = (row.get("evidence") or "").lower()
        if not text:
            return None
        if re.match(r"granted|tildelt|godkendt|afgørelse|bevilget", text):
            return Evidence.GRANTED.value
        if re.match(r"implied|offers|udledt|udbyder", text):
            return Evidence.IMPLIED.value
        if re.match(r"constructed|konstrueret", text):
            return Evidence.CONSTRUCTED.value
        return Evidence.STATED.value


def find_school(
    row: Row, index: OrganisationIndex, key: str | None, name: str | None
) -> Organisation | None:
    """The school a row names, by key first; otherwise an error on the row and ``None``."""
    for column, written in (("school_key", key), ("school", name)):
        if not written:
            continue
        found = index.find(written)
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            row.error(
                column,
                _("»%(name)s« kan være flere skoler: %(found)s.")
                % {"name": written, "found": ", ".join(item.name for item in found[:4])},
            )
            return None
    place = "school" if "school" in row.columns else "school_key"
    if not (key or name):
        row.error(place, _("Skolen mangler."))
    else:
        row.error(
            place,
            _("Skolen »%(name)s« kender vi ikke. Opret den, eller læs skolelisten ind først.")
            % {"name": name or key},
        )
    return None


@register
class Activity(_CatalogueSpec):
    """Learners and runs per course, school and year (R33)."""

    key = "catalogue.activity"
    title = gettext_lazy("Aktivitet")
    lede = gettext_lazy("Kursister og hold pr. mål, skole og år.")
    models = ("catalogue.CourseActivity",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "number",
            gettext_lazy("Fagnummer"),
            values.course_number,
            Courses.columns[0].aliases,
            required=True,
            is_key=True,
        ),
        Column(
            "school",
            gettext_lazy("Skole"),
            values.max_text(200),
            ("udbyder", "institution", "skolenavn", "institutionsnummer"),
            required=True,
            is_key=True,
        ),
        Column(
            "year", gettext_lazy("År"), values.year, ("kalenderår", "aktivitetsår"), required=True
        ),
        Column(
            "learners",
            gettext_lazy("Kursister"),
            values.whole(0, 1_000_000),
            ("deltagere", "antal kursister", "aktivitet", "antal deltagere", "learners"),
        ),
        Column(
            "runs", gettext_lazy("Hold"), values.whole(0, 100_000), ("antal hold", "kurser", "runs")
        ),
    )

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by course, school and year."""
        index = OrganisationIndex.load()
        courses = dict(Course.objects.order_by("pk").values_list("number", "pk"))
        years = {row.get("year") for row in rows if row.is_usable}
        known = {
            (row.course_id, row.organisation_id, row.year): row
            for row in CourseActivity.objects.filter(year__in=years).order_by("pk")
        }
        seen: dict[tuple[int, int, int], int] = {}
        schools: dict[str, list[Organisation]] = {}
        for row in rows:
            if not row.is_usable:
                continue
            number, written, year = row.get("number"), row.get("school"), row.get("year")
            row.label = f"{number} {written} {year}"
            if number not in courses:
                row.error(
                    "number", _("Målet %(number)s findes ikke i kataloget.") % {"number": number}
                )
                continue
            if written not in schools:
                schools[written] = index.find(written)
            found = schools[written]
            if len(found) != 1:
                find_school(row, index, None, written)
                continue
            if row.get("learners") is None and row.get("runs") is None:
                row.skip(_("Rækken har hverken kursister eller hold."))
                continue
            key = (courses[number], found[0].pk, year)
            if key in seen:
                row.error(
                    "number",
                    _("%(number)s, %(school)s og %(year)s står også i række %(row)s.")
                    % {"number": number, "school": found[0].label, "year": year, "row": seen[key]},
                )
                continue
            seen[key] = row.row + 1
            row.put(
                context,
                "catalogue.CourseActivity",
                f"{key[0]}:{key[1]}:{year}",
                known.get(key),
                {"learners": row.get("learners"), "runs": row.get("runs")},
                label=row.label,
                main=True,
                on_create={"course_id": key[0], "organisation_id": key[1], "year": year},
            )
