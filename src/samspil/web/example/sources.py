"""Where the example's real facts come from, in words for those who use the system.

The lists in ``data/`` name their sources for those who work on them. A source that this page does
not know fails a test.
"""

from __future__ import annotations

CONSTRUCTED_SOURCE = "konstrueret eksempel"

_AMU_JUUL = "AMU Juul A/S, bilag 1 til udlagt undervisning"
_WORDS = {
    "AMU Juul A/S, annex 1 to outsourcing contract, 2023": f"{_AMU_JUUL}, 2023",
    "AMU Juul A/S, annex 1 to outsourcing contract, 2023; info-screen of an AMU provider, public repository, 2024 (title)": f"{_AMU_JUUL}, 2023. Titlen: infoskærm hos en AMU-udbyder, 2024",
    "EPOS newsletter summer 2009": "EPOS' nyhedsbrev, sommeren 2009",
    "EPOS newsletter summer 2009 (number, opening letters of the title); sosuoj.dk 2019-09-09 (title)": "Nummeret: EPOS' nyhedsbrev, sommeren 2009. Titlen: sosuoj.dk, 9. september 2019. At de hører sammen, er vores slutning",
    "Analyse af strukturforløb inden for institutionskøkkenområdet, ERA Erhvervspædagogisk Rådgivning, Dec 2014": "Analyse af strukturforløb inden for institutionskøkkenområdet, ERA Erhvervspædagogisk Rådgivning, december 2014",
    "ug.dk course pages (UddannelsesGuiden)": "UddannelsesGuiden, ug.dk",
    "khru.dk inspirationsmateriale": "khru.dk, inspirationsmateriale",
    "khru.dk inspirationsmateriale (2012, May 2013)": "khru.dk, inspirationsmateriale, 2012 og maj 2013",
    'inspirationsmateriale "Mad til børn – organisering og samarbejde", Mercantec, April 2010': "Inspirationsmaterialet »Mad til børn – organisering og samarbejde«, Mercantec, april 2010",
    "voksenuddannelse.dk search 2026-08-04": "voksenuddannelse.dk, søgning 4. august 2026",
    "tur.dk news 2016-06-08": "tur.dk, nyhed 8. juni 2016",
    "tur.dk news 2016-06-08; AMU Juul A/S, annex 1 to outsourcing contract, 2023": f"tur.dk, nyhed 8. juni 2016, og {_AMU_JUUL}, 2023",
    "jordbrugetsuddannelser.dk": "jordbrugetsuddannelser.dk",
    "jordbrugetsuddannelser.dk, rules for approval as training farm": "jordbrugetsuddannelser.dk, regler for godkendelse som praktiksted",
    "sosuoj.dk news 2019-09-09": "sosuoj.dk, nyhed 9. september 2019",
    "sosuranders.dk, practical information": "sosuranders.dk, praktisk information",
}


def source_words(source: str, year: str) -> str:
    """A source of ``data/`` in Danish, with its year where the name does not say it.

    ``year`` as the lists have it: ``2019``, ``c. 2021-2024``, or empty when it is not known.
    Raises ``KeyError`` for a source that has no words yet.
    """
    words = _WORDS[source]
    last = year.removeprefix("c. ").replace("-", "–")
    if not last or last[-4:] in words or "/" in last:
        return words
    return f"{words}, {'omkring ' if year.startswith('c.') else ''}{last}"
