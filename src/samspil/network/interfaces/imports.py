"""Lists of organisations and places that can be read in."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.kernel.actor import Actor
from samspil.kernel.imports import values
from samspil.kernel.imports.declare import Column, ImportSpec, Option, PlanContext, Row, register
from samspil.kernel.imports.values import ValueProblem
from samspil.kernel.spreadsheets.reader import CellValue
from samspil.network import rules
from samspil.network.domain.organisations import danish_slug
from samspil.network.domain.queries import OrganisationIndex
from samspil.network.enums import MembershipKind, OrganisationKind
from samspil.network.models import (
    Membership,
    Municipality,
    Network,
    Organisation,
    Postcode,
    Territory,
)

_KINDS = {
    kind.value: (str(kind.label), *extra)
    for kind, extra in (
        (OrganisationKind.SCHOOL, ("erhvervsskole", "udbyder", "AMU-center")),
        (OrganisationKind.SECRETARIAT, ()),
        (OrganisationKind.JOB_CENTRE, ("jobcenter", "beskæftigelse")),
        (OrganisationKind.EMPLOYERS, ("arbejdsgiver",)),
        (OrganisationKind.UNION, ("a-kasse",)),
        (OrganisationKind.REGION, ("region", "råd")),
        (OrganisationKind.AUTHORITY, ("kommune",)),
        (OrganisationKind.SUPPLIER, ()),
    )
}


def word_list(value: CellValue) -> list[str] | None:
    """Several words in one cell, separated by semicolon, line or bar."""
    text = values.long_text(value)
    if text is None:
        return None
    words = [" ".join(word.split()) for word in re.split(r"[;|\n]", text)]
    return list(dict.fromkeys(word for word in words if word)) or None


def email(value: CellValue) -> str | None:
    """An e-mail address; a sentence when it does not look like one."""
    text = values.text(value)
    if text and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise ValueProblem(_("»%(value)s« er ikke en e-mailadresse.") % {"value": text})
    return text


@register
class Organisations(ImportSpec):
    """Schools and other organisations, with the networks they belong to."""

    key = "network.organisations"
    title = gettext_lazy("Skoler og andre organisationer")
    lede = gettext_lazy("Navn, adresse, institutionsnummer og medlemskaber.")
    models = ("network.Organisation", "network.Membership")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("key", gettext_lazy("Nøgle"), values.max_text(60), ("kode", "slug")),
        Column(
            "name",
            gettext_lazy("Navn"),
            values.max_text(200),
            ("skole", "institution", "institutionsnavn", "skolenavn", "udbyder"),
            required=True,
            is_key=True,
        ),
        Column(
            "short_name",
            gettext_lazy("Kort navn"),
            values.max_text(60),
            ("forkortelse", "kortnavn"),
        ),
        Column("aliases", gettext_lazy("Andre navne"), word_list, ("alias", "kaldes også")),
        Column(
            "kind",
            gettext_lazy("Slags"),
            values.choice(_KINDS, gettext_lazy("slags organisation")),
            ("type", "organisationstype"),
        ),
        Column("networks", gettext_lazy("Samarbejder"), word_list, ("netværk", "networks")),
        Column(
            "municipality",
            gettext_lazy("Kommune"),
            values.text,
            ("kommunenr", "kommunenummer", "kommunekode", "municipality_code"),
        ),
        Column("street", gettext_lazy("Adresse"), values.max_text(120), ("vej", "gade", "vejnavn")),
        Column(
            "postcode",
            gettext_lazy("Postnummer"),
            values.digits(4, gettext_lazy("postnummer")),
            ("postnr",),
        ),
        Column("city", gettext_lazy("By"), values.max_text(80), ("bynavn",)),
        Column("lat", gettext_lazy("Breddegrad"), values.coordinate(54, 58), ("latitude",)),
        Column("lon", gettext_lazy("Længdegrad"), values.coordinate(7, 16), ("longitude", "lng")),
        Column("website", gettext_lazy("Hjemmeside"), values.max_text(200), ("www", "web")),
        Column("email", gettext_lazy("E-mail"), email, ("mail", "epost")),
        Column(
            "institution_number",
            gettext_lazy("Institutionsnummer"),
            values.digits(6, gettext_lazy("institutionsnummer")),
            ("instnr", "institutionsnr", "skolekode"),
            is_key=True,
        ),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("is_constructed", gettext_lazy("Listen er et konstrueret eksempel")),
    )

    def may_run(self, actor: Actor) -> bool:
        """Keepers of the common registers."""
        return rules.is_keeper(actor)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match each row to an organisation by key, name, alias or institution number."""
        index = OrganisationIndex.load()
        by_key = {row.key: row for row in index.rows.values()}
        networks = {
            values.folded(word): network
            for network in Network.objects.order_by("pk")
            for word in (network.key, network.short_name, network.name)
        }
        places = {
            (network, organisation)
            for network, organisation in Membership.objects.filter(valid_to=None)
            .order_by("pk")
            .values_list("network_id", "organisation_id")
        }
        municipalities: dict[str, Municipality] = {}
        for municipality in Municipality.objects.order_by("pk"):
            municipalities[municipality.code] = municipality
            municipalities[values.folded(municipality.name)] = municipality
        taken: dict[str, int] = {}
        for row in rows:
            if row.is_usable:
                row.label = row.get("name")
                self._plan_row(row, context, index, by_key, networks, places, municipalities, taken)

    def _plan_row(
        self,
        row: Row,
        context: PlanContext,
        index: OrganisationIndex,
        by_key: dict[str, Organisation],
        networks: dict[str, Network],
        places: set[tuple[int, int]],
        municipalities: dict[str, Municipality],
        taken: dict[str, int],
    ) -> None:
        name = row.get("name")
        existing = by_key.get(row.get("key") or "")
        if existing is None:
            found = index.find(name) or index.find(row.get("institution_number") or "")
            if len(found) > 1:
                row.error(
                    "name",
                    _("»%(name)s« kan være flere skoler: %(found)s.")
                    % {"name": name, "found": ", ".join(item.name for item in found)},
                )
                return
            existing = found[0] if found else None
        key = existing.key if existing else (row.get("key") or danish_slug(name))
        if key in taken:
            row.error(
                "name", _("%(name)s står også i række %(row)s.") % {"name": name, "row": taken[key]}
            )
            return
        taken[key] = row.row + 1
        wanted: dict[str, Any] = {
            field: row.get(field)
            for field in (
                "short_name",
                "kind",
                "street",
                "postcode",
                "city",
                "lat",
                "lon",
                "website",
                "email",
                "institution_number",
            )
        }
        if row.get("municipality"):
            written = row.get("municipality")
            municipality = municipalities.get(
                written.zfill(4)
                if written.isdigit()
                else values.folded(written.removesuffix(" Kommune"))
            )
            if municipality is None:
                row.warn(
                    "municipality",
                    _("Kommunen »%(value)s« kender vi ikke. Feltet er ikke læst.")
                    % {"value": written},
                )
            wanted["municipality"] = municipality
        aliases = row.get("aliases")
        if existing is not None:
            if name != existing.name and values.folded(name) != values.folded(existing.name):
                row.warn(
                    "name",
                    _(
                        "Skolen hedder »%(name)s« i registret. Navnet ændres ikke her; det gøres på skolens side."
                    )
                    % {"name": existing.name},
                )
                aliases = [*(aliases or []), name]
            if aliases:
                known = {values.folded(alias) for alias in (*existing.aliases, existing.name)}
                new = [alias for alias in aliases if values.folded(alias) not in known]
                wanted["aliases"] = [*existing.aliases, *new] if new else None
            if existing.valid_to is not None:
                row.warn("name", _("%(name)s er lukket.") % {"name": existing.name})
        else:
            wanted["aliases"] = aliases
        ref = row.put(
            context,
            "network.Organisation",
            key,
            existing,
            wanted,
            label=name,
            main=True,
            on_create={
                "key": key,
                "name": name,
                "is_constructed": bool(context.options.get("is_constructed")),
            },
        )
        for written in row.get("networks") or ():
            network = networks.get(values.folded(written))
            if network is None:
                row.warn(
                    "networks", _("Samarbejdet »%(value)s« kender vi ikke.") % {"value": written}
                )
            elif existing is None or (network.pk, existing.pk) not in places:
                row.put(
                    context,
                    "network.Membership",
                    f"{network.key}:{key}",
                    None,
                    {
                        "network": network,
                        "organisation": existing or ref,
                        "kind": MembershipKind.MEMBER.value,
                    },
                    label=_("%(school)s i %(network)s")
                    % {"school": name, "network": network.short_name},
                )


@register
class Municipalities(ImportSpec):
    """Municipalities with region, centre and population."""

    key = "network.municipalities"
    title = gettext_lazy("Kommuner")
    lede = gettext_lazy("Kommunekode, navn, region, midtpunkt og folketal.")
    models = ("network.Municipality",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "code",
            gettext_lazy("Kommunekode"),
            values.digits(4, gettext_lazy("kommunekode")),
            ("kode", "kommunenr"),
            required=True,
            is_key=True,
        ),
        Column("name", gettext_lazy("Navn"), values.max_text(80), ("kommune",), required=True),
        Column(
            "region_code",
            gettext_lazy("Regionskode"),
            values.digits(4, gettext_lazy("regionskode")),
        ),
        Column("region", gettext_lazy("Region"), values.max_text(60)),
        Column("lat", gettext_lazy("Breddegrad"), values.coordinate(54, 58), required=True),
        Column("lon", gettext_lazy("Længdegrad"), values.coordinate(7, 16), required=True),
        Column(
            "population", gettext_lazy("Folketal"), values.whole(0, 10_000_000), ("indbyggere",)
        ),
    )

    def may_run(self, actor: Actor) -> bool:
        """Keepers of the common registers."""
        return rules.is_keeper(actor)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by code."""
        known = {row.code: row for row in Municipality.objects.order_by("pk")}
        for row in rows:
            if row.is_usable:
                code = row.values.pop("code")
                row.label = f"{code} {row.get('name')}"
                row.put(
                    context,
                    "network.Municipality",
                    code,
                    known.get(code),
                    row.values,
                    label=row.label,
                    main=True,
                    on_create={"code": code},
                )


def place_list(value: CellValue) -> list[str] | None:
    """Several municipalities in one cell, separated by comma, semicolon, line or bar."""
    words = word_list(value)
    return words and [part.strip() for word in words for part in word.split(",") if part.strip()]


@register
class Territories(ImportSpec):
    """Which municipalities a school serves: one municipality a row, or several in the cell."""

    key = "network.territories"
    title = gettext_lazy("Kommuner, skolerne dækker")
    lede = gettext_lazy("Skole og kommune. Listen føjer til; den fjerner ingen kommuner.")
    models = ("network.Territory",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "school",
            gettext_lazy("Skole"),
            values.max_text(200),
            ("skolenavn", "navn", "institution", "udbyder", "organisation", "nøgle"),
            required=True,
            is_key=True,
        ),
        Column(
            "municipality",
            gettext_lazy("Kommune"),
            place_list,
            ("kommuner", "kommunekode", "kommunenr", "kommunenavn", "dækningsområde"),
            required=True,
            is_key=True,
        ),
    )

    def may_run(self, actor: Actor) -> bool:
        """Keepers of the common registers; each row asks for its school, too."""
        return rules.is_keeper(actor)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match the school by any of its names, the municipality by name or code."""
        index = OrganisationIndex.load()
        places: dict[str, Municipality] = {}
        for place in Municipality.objects.order_by("pk"):
            places[place.code] = places[values.folded(place.name)] = place
        known = {
            (row.organisation_id, row.municipality_id): row
            for row in Territory.objects.order_by("pk")
        }
        everywhere = context.actor.is_system or context.actor.is_platform_admin
        mine = rules.looked_after(context.actor)
        for row in rows:
            if not row.is_usable:
                continue
            row.label = row.get("school")
            found = index.find(row.get("school"))
            if len(found) != 1:
                row.error("school", _which(row.get("school"), found))
                continue
            (school,) = found
            if not everywhere and school.pk not in mine:
                row.error(
                    "school", _("%(name)s hører til et andet samarbejde.") % {"name": school.name}
                )
                continue
            for written in row.get("municipality"):
                served = places.get(
                    written.zfill(4)
                    if written.isdigit()
                    else values.folded(written.removesuffix(" Kommune").removesuffix(" kommune"))
                )
                if served is None:
                    row.error(
                        "municipality",
                        _("Kommunen »%(value)s« kender vi ikke.") % {"value": written},
                    )
                    continue
                row.put(
                    context,
                    "network.Territory",
                    f"{school.key}:{served.code}",
                    known.get((school.pk, served.pk)),
                    {"organisation": school, "municipality": served},
                    label=f"{school.label}: {served.name}",
                    main=True,
                )


def _which(written: str, found: list[Organisation]) -> str:
    if not found:
        return _("Skolen »%(name)s« kender vi ikke.") % {"name": written}
    return _("»%(name)s« kan være flere skoler: %(found)s.") % {
        "name": written,
        "found": ", ".join(item.name for item in found),
    }


@register
class Postcodes(ImportSpec):
    """Postcodes with their centre and municipality."""

    key = "network.postcodes"
    title = gettext_lazy("Postnumre")
    lede = gettext_lazy("Postnummer, by, midtpunkt og kommune.")
    models = ("network.Postcode",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            "code",
            gettext_lazy("Postnummer"),
            values.digits(4, gettext_lazy("postnummer")),
            ("postcode", "postnr"),
            required=True,
            is_key=True,
        ),
        Column(
            "city",
            gettext_lazy("By"),
            values.max_text(80),
            ("bynavn", "postdistrikt"),
            required=True,
        ),
        Column("lat", gettext_lazy("Breddegrad"), values.coordinate(54, 58)),
        Column("lon", gettext_lazy("Længdegrad"), values.coordinate(7, 16)),
        Column(
            "municipality",
            gettext_lazy("Kommunekode"),
            values.digits(4, gettext_lazy("kommunekode")),
            ("municipality_code", "kommunenr"),
        ),
    )

    def may_run(self, actor: Actor) -> bool:
        """Keepers of the common registers."""
        return rules.is_keeper(actor)

    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Match by code; a municipality that is not known is a warning."""
        known = {row.code: row for row in Postcode.objects.order_by("pk")}
        municipalities = {row.code: row for row in Municipality.objects.order_by("pk")}
        for row in rows:
            if not row.is_usable:
                continue
            code = row.values.pop("code")
            row.label = f"{code} {row.get('city')}"
            written = row.values.pop("municipality", None)
            wanted = {**row.values, "municipality": municipalities.get(written or "")}
            if written and wanted["municipality"] is None:
                row.warn(
                    "municipality",
                    _("Kommunen »%(value)s« kender vi ikke. Feltet er ikke læst.")
                    % {"value": written},
                )
            row.put(
                context,
                "network.Postcode",
                code,
                known.get(code),
                wanted,
                label=row.label,
                main=True,
                on_create={"code": code},
            )
