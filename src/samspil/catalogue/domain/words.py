"""Danish words, as far as finding a title asks for it: folded, without ending, split, misspelt.

Pure functions on text. Nothing here asks a database, so that a search finds the same on each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ö": "oe", "ä": "ae", "ß": "ss"})
_TWO_FOR_ONE = re.compile("ae|oe|aa")
_WORD = re.compile(r"[a-zæøåäöüéèáàß0-9]+(?:'[a-z]+)?")
LITTLE_WORDS = frozenset(
    "af at de dem den der det din du efter en er et for fra hos i ind kan man med mellem mod når og om "
    "op over på samt se sin sig som til ud under uden ved vi".split()
)
"""Words that say nothing of what a course is about."""

# What the work of the trades is called, as parts of longer words. Written for this search; titles
# add the words that stand alone in them.
_PARTS = """
affald alarm anlæg arbejde arm asfalt bad bane barn bearbejdning beklædning belægning beskæring
bestik beton betjening bil blok bolig bor bord borger brand bro brug brønd bus butik bygning bærer båd
bånd certifikat computer damp data dekoration demens depot diesel digital drejning drift dyr dæk dør
el elev energi erhverv fag fald farve fiber fil finans fisk fjernvarme flise fod foder form forskalling
frugt fræsning fuge fundament fyrføring førerbevis gaffel galvanisering gang gas gips glas gods grav gulv
gummi gær handel have hegn hest hjem hjælp hospital hotel hus hygiejne hånd håndtering indkøb industri
installation isolering jern jord journal kabel kalk kasse kedel kemi kirke kloak klima klinik
kok kontor kontrol korn kort kran kreatur kunde kurs køb køkken kød køkken køl køler kørekort kørsel lager lak
lastbil last led ledelse ledning lejlighed lift linje liste logistik loft luft lys læder læsser løft løn løsning
mad maler maling mark maskine maskin materiale mejeri metal miljø mobil modul montage montering motor mur
murer mørtel møbel måling natur net nål olie omsorg opmåling ordre overflade pakning palle papir park
pasning pasient patient pelleterings pensel person pille plade plan plante plast pleje port praktik presse proces
produktion program pumpe rapport regn regnskab rengøring reparation restaurant robot rum rør
salg sand sav service sikkerhed sikring skade skilt skimmel skole skov skrab skriver skum skæring slagter slam
slange slibning smede smøre sne spil sprog sprøjte stabler stål start stativ stillads stof storkøkken strøm
styring støbning støv støtte svamp svejse svejsning svin sygdom sygehus system sår tag tank tavle taxi teknik
telefon tegning tegn terminal tilsyn tjener told tog traktor trailer transport trappe truck træ træning træpleje tryk tråd
tæt tætning udbringning udstyr udvikling vagt vand varme vaske vaskeri ventil ventilation vej
vejledning vindmølle vindue vogn vogntog vurdering vægt væg værk værktøj værktøjsmaskine økonomi ældre
""".split()
TRADE_PARTS = frozenset(part for part in _PARTS if len(part) >= 3)
_LINKS = ("", "s", "e")
_MIN_PART = 3
_MIN_COMPOUND = 7
_MIN_LONE = 5

# Endings of nouns and verbs, longest first. Three letters must be left, four by a long ending.
_ENDINGS = (
    "erendes", "erende", "hedens", "heder", "heden", "endes", "ernes", "erens", "eres", "erne", "ende",
    "enes", "eren", "ene", "ens", "ers", "ets", "er", "en", "et", "es", "e", "s",
)  # fmt: skip
_DOUBLE = re.compile(r"([bdfgklmnprst])\1$")


def fold(text: str) -> str:
    """``Kørsel på å`` → ``koersel paa aa``: small letters a–z and figures, æ ø å written out."""
    small = text.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", small)
    return "".join(c for c in plain if c.isascii())


def words(text: str) -> list[str]:
    """The words of a text in small letters, as they are written: ``['gaffeltruck', 'b']``."""
    return _WORD.findall(text.lower())


def letters(folded: str) -> int:
    """How many letters a folded word has as it is written: æ, ø and å are one each."""
    return len(_TWO_FOR_ONE.sub("x", folded))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded word without its Danish ending: ``maskiner`` and ``maskine`` → ``maskin``."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= (3 if len(ending) < 3 else 4):
            if ending == "s" and word.endswith("ss"):
                break
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and _DOUBLE.search(word) else word


def split(word: str, known: frozenset[str] | set[str]) -> tuple[str, ...]:
    """The parts of a Danish compound, ``()`` when it is none that we can tell.

    ``word`` is in small letters, ``known`` the words that may be parts of it. Between two parts may
    stand s or e. The fewest parts win, then the longest last part: the head of the word is last.
    ``gasmetalsvejsning`` → ``('gas', 'metal', 'svejsning')``.
    """
    size = len(word)
    if size < _MIN_COMPOUND:
        return ()
    # best[i]: how word[i:] is best split, as (number of parts, -length of the last part, parts)
    best: dict[int, tuple[int, int, tuple[str, ...]]] = {size: (0, 0, ())}
    for start in range(size - _MIN_PART, -1, -1):
        for end in range(start + _MIN_PART, size + 1):
            part = word[start:end]
            if part == word or part not in known:
                continue
            for link in _LINKS:
                if not word.startswith(link, end) or (link and end == size):
                    continue
                rest = best.get(end + len(link))
                if rest is None:
                    continue
                last = rest[1] if rest[2] else -len(part)
                found = (rest[0] + 1, last, (part, *rest[2]))
                if start not in best or found < best[start]:
                    best[start] = found
    parts = best[0][2] if 0 in best else ()
    return parts if len(parts) > 1 else _one_known(word, known)


def _one_known(word: str, known: frozenset[str] | set[str]) -> tuple[str, ...]:
    """A compound of which only the last part is known, or else only the first: 'rullestillads'."""
    for cut in range(_MIN_PART, len(word) - _MIN_LONE + 1):
        if word[cut:] in known:
            return (word[:cut], word[cut:])
    for cut in range(len(word) - _MIN_PART, _MIN_LONE - 1, -1):
        if word[:cut] in known:
            return (word[:cut], word[cut:])
    return ()


def grams(word: str) -> frozenset[str]:
    """The groups of three letters of a folded word, with its beginning and end marked."""
    marked = f"^{word}$"
    return frozenset(marked[i : i + 3] for i in range(len(marked) - 2))


def distance(first: str, second: str, most: int) -> int:
    """How many letters differ: missing, added, exchanged or swapped with the next. ``most + 1``
    when it is more than ``most``."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, above = above, row
    return above[-1]


def slips(word: str) -> int:
    """How many misspelt letters are forgiven in a word of that length."""
    return 0 if len(word) < 4 else 1 if len(word) < 6 else 2 if len(word) < 11 else 3


def vocabulary(titles: Iterable[str]) -> set[str]:
    """The words that may be parts of others: those of the trades, and those that stand alone in a
    title and are no longer than a part usually is."""
    known = set(TRADE_PARTS)
    for title in titles:
        known.update(w for w in words(title) if 4 <= len(w) <= 9 and w not in LITTLE_WORDS)
    return known
