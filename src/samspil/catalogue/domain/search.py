"""Find courses by what people write: number, FKB, words of the title, parts of words, misspelt ones.

The index is made from the titles and kept in the process, because 3,000 titles are little: it is
made anew when a course changed (its version counts), and finds the same on every database. How
well and how fast it finds stands in ``docs/studies/search.md``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Max, Sum

from samspil.catalogue.domain import words
from samspil.catalogue.models import Course, CourseRelation
from samspil.kernel import kept

LONGEST_TEXT = 100
_MOST_TOKENS = 8
_FEW = 3
"""With fewer hits than this the search looks for what else could be meant."""
_WHOLE, _BEGINS, _PART, _INSIDE = 9, 7, 4, 1
"""What a hit is worth: the word itself, the beginning of a word, a part of a compound, anywhere."""
_BARE = 1
"""What is taken off where only the word without its ending is found."""
_INSIDE_FROM = 5
_TELLING = 4
"""Letters from which a word without its ending says enough to begin others."""
_LIKENESS = 0.35


@dataclass(frozen=True, slots=True)
class Found:
    """Courses by id, best first. ``meant``: another spelling that finds more; ``corrected``: the
    courses are those of ``meant``, because nothing was found for what was written."""

    ids: tuple[int, ...]
    meant: str = ""
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Title:
    """What the index needs of a course, and what a list of courses says of it. ``fkbs``: by number."""

    pk: int
    number: str
    title: str
    fkbs: tuple[str, ...] = ()
    duration_days: Decimal | None = None
    is_constructed: bool = False


class Index:
    """All titles, ready to be searched. Does not change once it is made."""

    def __init__(self, titles: Iterable[Title], known: set[str] | None = None) -> None:
        self._titles = sorted(titles, key=lambda t: (t.number, t.pk))
        self.by_pk = {title.pk: title for title in self._titles}
        known = words.vocabulary(t.title for t in self._titles) if known is None else known
        self._numbers: dict[str, list[int]] = defaultdict(list)
        self._fkbs: dict[str, list[int]] = defaultdict(list)
        whole: dict[str, set[int]] = defaultdict(set)
        parts: dict[str, set[int]] = defaultdict(set)
        self._written: dict[str, str] = {}
        split: dict[str, tuple[str, ...]] = {}
        for place, title in enumerate(self._titles):
            self._numbers[title.number].append(place)
            for number in title.fkbs:
                self._fkbs[number].append(place)
            for word in words.words(title.title):
                self._add(whole, word, place)
                if word not in split:
                    split[word] = words.split(word, known)
                for part in split[word]:
                    self._add(parts, part, place)
        self._whole, self._parts = dict(whole), dict(parts)
        self._whole_terms, self._part_terms = sorted(whole), sorted(parts)
        self._length = [len(title.title) for title in self._titles]
        self._grams: dict[str, set[str]] = defaultdict(set)
        for term in {*whole, *parts}:
            if len(term) >= 4 and not term.isdigit():
                for gram in words.grams(term):
                    self._grams[gram].add(term)

    def _add(self, table: dict[str, set[int]], word: str, place: int) -> None:
        folded = words.fold(word)
        table[folded].add(place)
        self._written.setdefault(folded, word)

    def find(self, text: str) -> Found:
        """Courses in whose number, FKB or title every word of ``text`` is found."""
        tokens = self._tokens(text)
        if not tokens:
            return Found(tuple(title.pk for title in self._titles))
        scores = [self._scores(token) for token in tokens]
        hits = self._together(scores)
        if len(hits) >= _FEW:
            return Found(self._ranked(hits))
        other = [
            token
            if len(score) >= _FEW or max(score.values(), default=0) > _INSIDE
            else self._meant(token)
            for token, score in zip(tokens, scores, strict=True)
        ]
        if other == tokens:
            return Found(self._ranked(hits))
        more = self._together([self._scores(token) for token in other])
        meant = " ".join(self._written.get(token, token) for token in other)
        if hits:
            return Found(self._ranked(hits), meant if len(more) > len(hits) else "")
        return Found(self._ranked(more), meant, corrected=True) if more else Found(())

    def _tokens(self, text: str) -> list[str]:
        found = [words.fold(w) for w in words.words(text[:LONGEST_TEXT].replace(".", ""))]
        telling = [w for w in found if w not in _LITTLE]
        return (telling or found)[:_MOST_TOKENS]

    def _scores(self, token: str) -> dict[int, int]:
        """Every place where a word is found, and what the best hit there is worth."""
        if token.isdigit() and len(token) > 1:
            return self._by_number(token)
        root = words.stem(token)
        short = words.letters(root) < _TELLING
        found: dict[int, int] = {}
        if words.letters(root) >= _INSIDE_FROM:
            for term in self._whole_terms:
                if root in term:
                    _keep(found, self._whole[term], _INSIDE)
        elif len(root) >= 3:
            # A short word ends compounds that nobody can split: 'tårnkran'. Inside, it is chance.
            for term in self._whole_terms:
                if term.endswith(token) or words.stem(term).endswith(root):
                    _keep(found, self._whole[term], _INSIDE)
        for start, off in ((root, _BARE), (token, 0)):
            for terms, places, worth in (
                (self._part_terms, self._parts, _PART),
                (self._whole_terms, self._whole, _BEGINS),
            ):
                for term in _beginning(terms, start):
                    # 'træ' of 'træer' is no beginning of 'træning'
                    if not (short and start != token) or root in (term, words.stem(term)):
                        _keep(found, places[term], worth - off)
        for term in {token, root}:
            _keep(found, self._whole.get(term, ()), _WHOLE)
        return found

    def _by_number(self, token: str) -> dict[int, int]:
        found: dict[int, int] = {}
        for number, places in self._numbers.items():
            if number.startswith(token):
                _keep(found, places, _WHOLE if number == token else _BEGINS)
        _keep(found, self._fkbs.get(token, ()), _PART)
        _keep(found, self._whole.get(token, ()), _BEGINS)
        return found

    @staticmethod
    def _together(scores: list[dict[int, int]]) -> dict[int, int]:
        places = set(scores[0]).intersection(*scores[1:])
        return {place: sum(score[place] for score in scores) for place in places}

    def _ranked(self, hits: dict[int, int]) -> tuple[int, ...]:
        order = sorted(hits, key=lambda place: (-hits[place], self._length[place], place))
        return tuple(self._titles[place].pk for place in order)

    def _meant(self, token: str) -> str:
        """The word that is most like ``token``; the word itself when none is."""
        slips = words.slips(token)
        if not slips or token.isdigit():
            return token
        own = words.grams(token)
        shared = Counter(term for gram in own for term in self._grams.get(gram, ()))
        best: tuple[int, int, float, str] | None = None
        for term, count in shared.items():
            # Likeness to the beginning of a longer word counts too: people write half a word.
            if count / len(own) < _LIKENESS and count < 2:
                continue
            apart, cut = min(
                (words.distance(token, term[:size] if size else term, slips), bool(size))
                for size in (0, len(token) - 1, len(token), len(token) + 1)
                if size < len(term)
            )
            if apart > slips or term == token:
                continue
            rank = (apart + cut, -len(self._whole.get(term, ())), -count / len(own), term)
            best = rank if best is None or rank < best else best
        return best[3] if best else token


_LITTLE = frozenset(words.fold(word) for word in words.LITTLE_WORDS)


def _keep(found: dict[int, int], places: Iterable[int], worth: int) -> None:
    for place in places:
        if found.get(place, 0) < worth:
            found[place] = worth


def _beginning(terms: list[str], root: str) -> Iterable[str]:
    for at in range(bisect_left(terms, root), len(terms)):
        if not terms[at].startswith(root):
            return
        yield terms[at]


_MADE: dict[str, tuple[object, Index]] = {}
_SURE: dict[str, kept.Moment] = {}
"""The moment at which the index was seen to be right: within a GET it need not be asked again."""


def index() -> Index:
    """The index of the titles as they are now. Two small queries when nothing changed (none within a
    GET at a moment at which it was right), two more and some 30 ms for 3,000 titles when something did."""
    now = kept.within()
    made = _MADE.get("titles")
    is_sure = now is not None and _SURE.get("titles") == now
    if made is not None and is_sure and settings.SAMSPIL_REMEMBER_COUNTS:
        return made[1]
    stamp = (
        *Course.objects.order_by().aggregate(Count("pk"), Max("pk"), Sum("version")).values(),
        *CourseRelation.objects.order_by().aggregate(Count("pk"), Max("pk")).values(),
    )
    if made is not None and made[0] == stamp and settings.SAMSPIL_REMEMBER_COUNTS:
        if now is not None:
            _SURE["titles"] = now
        return made[1]
    fkbs: dict[int, list[str]] = defaultdict(list)
    for course, number in CourseRelation.objects.order_by("fkb__number", "pk").values_list(
        "course_id", "fkb__number"
    ):
        fkbs[course].append(number)
    fresh = Index(
        Title(pk, number, title, tuple(fkbs[pk]), days, is_constructed)
        for pk, number, title, days, is_constructed in Course.objects.order_by("pk").values_list(
            "pk", "number", "title", "duration_days", "is_constructed"
        )
    )
    _MADE["titles"] = (stamp, fresh)
    return fresh


def find(text: str) -> Found:
    """Courses that fit what somebody wrote, archived ones too, best first."""
    return index().find(text)
