"""How often what was offered was really bought: hit rates, ours and popularity's, by window.

An example is one add and what was offered at it, at most three items; a hit is an example of which
an item enters *the same basket later*. Silence and the last add of a basket are examples too, and
misses for both: the two rates have the same denominator. The rate of an arm is that of its prompts.

Nobody can hit at the last add of a basket, which one add in ten is. So each rate is told twice: of
all examples, as a shop sees it, and of those after which the basket was *continued*, as a ranking
is judged elsewhere.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

WINDOW_EVENTS = 60_000
"""The first so many adds stand apart: there the shop has little to go by yet."""


@dataclass
class Window:
    """Examples and hits of one stretch of the log."""

    examples: int = 0
    continued: int = 0
    hits: int = 0
    hits_popular: int = 0
    arms: dict[str, Counter[str]] = field(default_factory=dict)
    """The same of the prompts of each arm; no example without a prompt is among them."""

    def count(self, arm: str, hit: bool, hit_popular: bool, *, continued: bool) -> None:
        """One more example; `arm` is empty when nothing was offered."""
        self.examples += 1
        self.continued += continued
        self.hits += hit
        self.hits_popular += hit_popular
        if arm:
            more = {"examples": 1, "continued": continued, "hits": hit}
            self.arms.setdefault(arm, Counter()).update(more)

    def summary(self) -> dict[str, Any]:
        """Rates, or None where there is no example."""
        return {
            "examples": self.examples,
            "continued": self.continued,
            "hit_rate": _rate(self.hits, self.examples),
            "hit_rate_popular": _rate(self.hits_popular, self.examples),
            "hit_rate_continued": _rate(self.hits, self.continued),
            "hit_rate_popular_continued": _rate(self.hits_popular, self.continued),
            "arms": {
                name: {
                    "examples": arm["examples"],
                    "continued": arm["continued"],
                    "hit_rate": _rate(arm["hits"], arm["examples"]),
                    "hit_rate_continued": _rate(arm["hits"], arm["continued"]),
                }
                for name, arm in sorted(self.arms.items())
            },
        }


@dataclass
class Score:
    """Both windows. An example belongs to one by its number in the order of time."""

    first: Window = field(default_factory=Window)
    rest: Window = field(default_factory=Window)

    def count(
        self,
        first_number: int,
        items: Sequence[str],
        ours: Sequence[Collection[str]],
        popular: Sequence[Collection[str]],
        arms: Sequence[str],
    ) -> None:
        """Count a whole basket: its items in order, what was offered at each, and by which arm."""
        found = zip(arms, hits(items, ours), hits(items, popular), strict=True)
        last = first_number + len(items) - 1
        for number, (arm, our_hit, popular_hit) in enumerate(found, start=first_number):
            window = self.first if number < WINDOW_EVENTS else self.rest
            window.count(arm, our_hit, popular_hit, continued=number < last)

    def summary(self) -> dict[str, Any]:
        """Both windows, by name."""
        return {f"first_{WINDOW_EVENTS}": self.first.summary(), "rest": self.rest.summary()}


def hits(items: Sequence[str], offers: Sequence[Collection[str]]) -> list[bool]:
    """For each item of a basket: was something offered at it that came later?

    >>> hits(["bread", "butter", "jam"], [["jam"], ["bread"], ["butter"]])
    [True, False, False]
    """
    return [
        any(item in offered for item in items[place + 1 :]) for place, offered in enumerate(offers)
    ]


def _rate(hits: int, examples: int) -> float | None:
    return round(hits / examples, 4) if examples else None
