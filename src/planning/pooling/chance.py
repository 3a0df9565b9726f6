"""How likely it is that enough people come. Exact: whole numbers over one denominator, no rounding anywhere.

Method: the number of heads is a sum of independent answers, each with its own probability (a Poisson binomial
distribution; with groups of several heads, its weighted form). The distribution is built one answer at a time,
which takes as many steps as there are answers times heads (Hong, 'On computing the distribution function for
the Poisson binomial distribution', Computational Statistics & Data Analysis 59, 2013, on direct convolution).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Answers:
    """So many heads that come together with this probability, or not at all."""

    heads: int
    chance: Fraction


@dataclass(frozen=True, slots=True)
class Heads:
    """The distribution of a number of heads: `weights[n] / whole` is the probability of exactly n."""

    weights: tuple[int, ...]
    whole: int

    def at_least(self, minimum: int) -> Fraction:
        """The probability of at least so many."""
        return Fraction(sum(self.weights[max(0, minimum) :]), self.whole)

    def mean_from(self, minimum: int) -> Fraction:
        """The expected number of heads where anything below `minimum` counts as none."""
        first = max(0, minimum)
        return Fraction(
            sum(n * weight for n, weight in enumerate(self.weights[first:], first)), self.whole
        )


def heads(certain: int, answers: Iterable[Answers]) -> Heads:
    """The distribution of `certain` heads and those who come by independent answers."""
    weights = [0] * certain + [1]
    whole = 1
    for answer in answers:
        yes, all_of = answer.chance.numerator, answer.chance.denominator
        grown = [weight * (all_of - yes) for weight in weights] + [0] * answer.heads
        for n, weight in enumerate(weights):
            grown[n + answer.heads] += weight * yes
        weights = grown
        whole *= all_of
    return Heads(tuple(weights), whole)


def permille(chance: Fraction) -> int:
    """A probability as whole thousandths, to the nearest; but 1000 and 0 only when it is certain."""
    near = (chance * 2000 + 1) // 2
    if 0 < chance < 1:
        return min(999, max(1, near))
    return near
