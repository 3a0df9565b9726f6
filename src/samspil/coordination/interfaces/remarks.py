"""The sentences behind the codes of :class:`Remark`, in the user's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from samspil.coordination.domain.answers import Remark

SENTENCES: Final[Mapping[str, str | Promise]] = {
    # yes and no
    "maybe": _("Der står »%(text)s«. Er det et ja eller et nej?"),
    "yes_or_no": _("»%(text)s« er hverken ja eller nej. Hvad gælder?"),
    "mark_read": _("»%(text)s« er læst som ja."),
    "mark_unclear": _("Vi forstår ikke helt »%(text)s«. Hvad mener I?"),
    "contradiction": _("»%(text)s« siger både ja og nej. Hvad gælder?"),
    # numbers
    "x_is_one": _("»%(text)s« er læst som 1 hold."),
    "not_a_number": _("»%(text)s« er ikke et tal."),
    "runs_negative": _("Antal hold kan ikke være negativt: »%(text)s«."),
    "runs_became_date": _(
        "Regnearket har gjort svaret til datoen %(text)s. Hvor mange hold skal der stå?"
    ),
    "runs_not_whole": _("»%(text)s« er ikke et helt antal hold. Hvor mange?"),
    "runs_range": _("Der står »%(text)s«. Hvor mange hold skal vi regne med?"),
    "runs_sum": _("Der står »%(text)s«. Er det så mange hold i alt?"),
    "runs_unsure": _("Der står »%(text)s«. Skal vi regne med det antal hold?"),
    "runs_unclear": _("Vi kan ikke se et antal hold i »%(text)s«. Hvor mange?"),
    "maybe_runs": _("Der står »%(text)s«. Hvor mange hold skal vi regne med?"),
    "many_runs": _("»%(text)s« hold er mere end de %(most)s, der er plads til. Er tallet rigtigt?"),
    "weeks_to_days": _("»%(text)s« er læst som %(days)s dage."),
    "days_tenths": _("»%(text)s« dage er regnet for fint. Skal vi runde af?"),
    "many_days": _("»%(text)s« dage er mere end et år (%(most)s dage). Er tallet rigtigt?"),
    "days_how_many": _("Der står »%(text)s«. Hvor mange dage kan I tage for andre?"),
    "days_became_date": _(
        "Regnearket har gjort svaret til datoen %(text)s. Hvor mange dage skal der stå?"
    ),
    "days_negative": _("Antal dage kan ikke være negativt: »%(text)s«."),
    "days_range": _("Der står »%(text)s«. Hvor mange dage skal vi regne med?"),
    "days_unclear": _("Vi kan ikke se et antal dage i »%(text)s«. Hvor mange?"),
    "text_too_long": _(
        "Teksten er for lang til feltet. Skriv højst %(most)s tegn, og brug bemærkningen til resten."
    ),
    "note_too_long": _("Bemærkningen fylder %(length)s tegn. Der er plads til %(most)s."),
    # time
    "other_year": _("»%(text)s« ligger i %(found)s, men runden gælder %(year)s. Hvad mener I?"),
    "no_week_53": _("%(year)s har ingen uge 53. Hvad mener I med »%(text)s«?"),
    "no_such_week": _("Der findes ingen uge %(week)s. Hvad mener I med »%(text)s«?"),
    "no_such_date": _("Datoen i »%(text)s« findes ikke. Hvad mener I?"),
    "no_such_half": _("Et år har kun to halvår. Hvad mener I med »%(text)s«?"),
    "ends_before_start": _("»%(text)s« slutter, før det begynder. Hvad mener I?"),
    "when_number": _("Der står kun »%(text)s«. Er det en uge, et kvartal eller noget andet?"),
    "when_season": _("Hvilken tid dækker »%(text)s«?"),
    "when_soft": _("Der står »%(text)s«. Skal vi regne med det?"),
    "when_unclear": _("Vi kan ikke læse »%(text)s« som en tid. Hvad mener I?"),
    # a row that contradicts itself
    "said_twice": _("Feltet %(ref)s siger noget andet: »%(text)s«. Hvad gælder?"),
    "no_but": _("Der står nej til eget udbud, men også »%(text)s«. Hvad gælder?"),
    "yes_but_none": _("Der står ja til eget udbud, men 0 hold. Hvad gælder?"),
    "own_and_follows": _(
        "Der står ja til både eget udbud og til at følge en anden skole. Hvad gælder?"
    ),
    "cleared_but": _("Ja til eget udbud er slettet, men der står stadig »%(text)s«. Hvad gælder?"),
    "read_as_yes": _("»Vi udbyder« er tomt, men der står »%(text)s«. Det er læst som ja."),
    # rows and keys
    "no_key": _("Rækken er fundet på nummeret %(number)s, for den skjulte nøgle mangler."),
    "key_damaged": _("Rækkens skjulte nøgle er ødelagt. Den er fundet på nummeret %(number)s."),
    "key_and_number": _(
        "Rækken hører til %(key)s, men der står %(number)s. Hvilket mål gælder svaret?"
    ),
    "number_twice": _("%(number)s står i flere FKB'er. Hvilken gælder svaret?"),
    "not_in_form": _(
        "%(number)s står ikke i skemaet for %(school)s. Hvad skal der ske med rækken?"
    ),
    "foreign_row": _("Rækken med %(number)s er kopieret fra et andet skema. Skal den bruges?"),
    "course_gone": _("Rækken med %(number)s er taget ud af runden. Hvad skal der ske med den?"),
    "row_unknown": _(
        "Rækken »%(label)s« passer ikke til noget mål i skemaet. Hvad skal der ske med den?"
    ),
    "double_row": _("Målet står også i række %(row)s på arket %(sheet)s."),
    "two_rows": _("Målet står to gange; i %(ref)s står »%(text)s«. Hvad gælder?"),
    "locked_number": _("Nummeret er rettet til »%(raw)s«. Svaret er læst for %(kept)s."),
    "locked_title": _("Titlen er rettet til »%(raw)s«. Målet hedder fortsat »%(kept)s«."),
    "locked_fkb": _("FKB er rettet til »%(raw)s«. Svaret er læst for FKB %(kept)s."),
    "locked_days": _(
        "Dage er rettet til »%(raw)s«, men varigheden kan ikke ændres i skemaet. Den er fortsat %(kept)s."
    ),
    "locked_activity": _(
        "Deltagertallet er rettet til »%(raw)s«, men det kan ikke ændres i skemaet. Det er fortsat %(kept)s."
    ),
    # the file as a whole
    "old_form": _("Skemaet er fra runden %(found)s. Skal det læses som svar for %(year)s?"),
    "no_base": _(
        "Vi kan ikke se, hvad skemaet indeholdt, da det blev sendt. Derfor spørger vi, hvor svarene er forskellige."
    ),
    "column_gone": _("På arket %(sheet)s mangler: %(columns)s. Svarene der er ikke ændret."),
    "loose_text": _(
        "Teksten står uden for skemaets rækker. Skal den med som besked til sekretariatet?"
    ),
    "loose_sheet": _(
        "Arket »%(sheet)s« er ikke en del af skemaet (felter med indhold: %(count)s). Skal det med som besked til sekretariatet?"
    ),
    "loose_column": _(
        "Kolonnen »%(column)s« på arket %(sheet)s er ikke en del af skemaet (felter med indhold: %(count)s). Skal den med som besked til sekretariatet?"
    ),
    "rows_missing": _("Rækker, der er slettet i filen: %(count)s. Hvad gælder for de mål?"),
    # merge
    "conflict": _("Feltet er rettet både i filen og på skærmen. Hvad gælder?"),
    "conflict_no_base": _("Filen siger noget andet end det, vi har. Hvad gælder?"),
    # the overview as a matrix
    "follows_nobody": _("Der står »følger«, men ingen skole udbyder målet. Hvad gælder?"),
    "column_unknown": _("Vi kender ikke skolen »%(name)s«. Hvilken skole er det?"),
    "column_not_in_round": _("%(name)s er ikke med i runden. Kolonnen bliver ikke brugt."),
    "course_again": _("%(number)s står også i %(first)s. Kun den første række bliver brugt."),
    "course_not_in_round": _("%(number)s er ikke med i runden. Rækken bliver ikke brugt."),
    "not_approved": _("%(school)s er ikke godkendt til FKB %(fkb)s. Svaret bliver ikke brugt."),
    "title_differs": _("Her hedder målet »%(raw)s«; i runden hedder det »%(kept)s«."),
    "cell_comment": _("Kommentar til feltet: »%(text)s«"),
    "follows_whom": _(
        "Der står »følger«, men flere skoler udbyder målet. Hvem er udbydende skole for det fælles hold?"
    ),
    "other_overview_year": _(
        "Oversigten er fra %(found)s. Tiderne er flyttet til samme uge, kvartal eller dato i %(year)s."
    ),
    "stands_already": _("Der står allerede noget andet på oversigten. Hvad gælder?"),
}


def sentence(remark: Remark) -> str:
    """The remark as one plain sentence in the active language."""
    return str(SENTENCES[remark.code]) % dict(remark.values)
