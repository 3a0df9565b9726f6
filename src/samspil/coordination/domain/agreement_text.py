"""What the schools promise each other, in Danish: part of the content that is signed.

The duties are those of the source's commission (principles 1-3, R22, R26-R31) and its rule on
the money (R65). The text is not translated: it must read the same for everybody who signs.
"""

from __future__ import annotations

from typing import Any

TEXT_VERSION = "2026-1"
Section = dict[str, Any]


def _section(heading: str, *paragraphs: str, points: tuple[str, ...] = ()) -> Section:
    return {"heading": heading, "paragraphs": list(paragraphs), "points": list(points)}


def original(network: str, number: str, year: int) -> list[Section]:
    """The sections of the agreement of an FKB for a year."""
    return [
        _section(
            "1. Hvad aftalen går ud på",
            f"Skolerne i {network} sørger sammen for, at alle mål under udbudspligten i FKB {number} "
            f"bliver udbudt og annonceret mindst én gang i {year}. Oversigten i bilaget viser, hvem der "
            "udbyder hvad. Den er en del af aftalen.",
        ),
        _section(
            "2. Skolens eget udbud",
            "En skole, der står med eget udbud, annoncerer målet med tid og sted mindst én gang i løbet "
            "af året og med en rimelig frist for tilmelding.",
        ),
        _section(
            "3. Når én skole udbyder for de andre",
            "Står der i oversigten, at en skole udbyder for de andre, gælder:",
            points=(
                "Den udbydende skole udbyder og annoncerer målet mindst én gang i løbet af året på den "
                "aftalte dato.",
                "De skoler, der følger, annoncerer målet på samme dato og skriver, at kurset holdes på "
                "den udbydende skoles adresse.",
                "Alle tilmeldte kursister overføres til den udbydende skole, som holder kurset.",
                "Den skole, der holder kurset, får hele taxametret for de overførte kursister.",
            ),
        ),
        _section(
            "4. Garantikurser",
            "Målene udbydes så vidt muligt som garantikurser, når det er pædagogisk forsvarligt. Et hold, "
            "der står med garanti i oversigten, gennemføres uanset antallet af tilmeldte.",
        ),
        _section(
            "5. Skoler uden for kredsen",
            "Kan ingen af skolerne udbyde et mål, er der indgået en bindende og dokumenteret aftale med en "
            "skole uden for kredsen. Aftalen er nævnt i bilaget, og dokumentet ligger hos sekretariatet. "
            "Relevante skoler uden for kredsen kan inviteres med i koordineringen.",
        ),
        _section(
            "6. Ændringer",
            "Kan en skole ikke holde det, der står i oversigten, siger den det straks til sekretariatet. "
            "Ændringer skrives som et tillæg, og de skoler, som ændringen angår, underskriver det. Det, der "
            "allerede er underskrevet, bliver stående.",
        ),
        _section(
            "7. På egen skole",
            "Skolens leder sørger for, at aftalen er kendt og bliver fulgt på skolen. Skolernes "
            "kursusadministrationer aftaler, hvordan kursister overføres i praksis.",
        ),
    ]


def addendum(number: str, year: int, first_title: str, changes: list[str]) -> list[Section]:
    """The sections of an addendum: what changes, and that the rest stands."""
    return [
        _section(
            "1. Hvad tillægget ændrer",
            f"Tillægget ændrer {first_title} for FKB {number} i {year} på disse punkter:",
            points=tuple(changes),
        ),
        _section(
            "2. Resten står ved magt",
            "Oversigten i bilaget afløser den tidligere. Alt andet i aftalen gælder uændret, og de "
            "underskrifter, der allerede er givet, bliver stående.",
        ),
    ]
