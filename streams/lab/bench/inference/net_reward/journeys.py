"""Customers who send back what prompts sold them: what does another policy earn, of what is kept?

A customer puts something in the basket, sees the prompt, and does with it what its arm and the
segment make likely: one of a list of *journeys*, each with its probability. Some take things out
again, most who take something order it, and some send it back, in part or whole, within two weeks,
in another session on another partition, and now and then before the order itself is read.

```
click ── add (1, 4, or 2 and 1 pieces) ── take out ── order ── send back: all, or a part
```

What a journey earns is reckoned here from the rules alone (`net_reward`), and so is what an arm is
worth on average: the truth.

The arm that sells most is not the one whose sales are kept. Who judges impressions ten minutes
after they were shown takes it for the best.
"""

from collections.abc import Iterator
from typing import NamedTuple

from streams.experiments.impressions import Trial
from streams.experiments.off_policy.target_policy import TargetPolicy

CLICKED, ADDED, BOUGHT = 0.1, 0.5, 1.0
BASKETS = ((1,), (4,), (2, 1))
"""Pieces of each item that is taken from a prompt."""
TAKEN_OUT = 0.2


class Habits(NamedTuple):
    """What customers do with the prompts of an arm, if they have done what is before that."""

    click: float
    add: float
    order: float
    back: float


HABITS: dict[tuple[str, str], Habits] = {
    ("bought_together", "new"): Habits(0.7, 0.6, 0.8, 0.1),
    ("viewed_together", "new"): Habits(0.7, 0.7, 0.9, 0.7),
    ("popular", "new"): Habits(0.6, 0.5, 0.6, 0.2),
    ("bought_together", "club"): Habits(0.8, 0.7, 0.9, 0.1),
    ("viewed_together", "club"): Habits(0.8, 0.8, 0.9, 0.8),
    ("popular", "club"): Habits(0.8, 0.7, 0.8, 0.3),
}
"""By arm and segment."""
ARMS = sorted({arm for arm, _ in HABITS})
TARGETS = {
    "alike": TargetPolicy(dict.fromkeys(ARMS, 1.0 / len(ARMS))),
    "sells most": TargetPolicy({"viewed_together": 1.0}),
    "is kept most": TargetPolicy({"bought_together": 1.0}),
}


class Journey(NamedTuple):
    """What a customer does with a prompt."""

    clicked: bool = False
    pieces: tuple[int, ...] = ()
    """Of the items that are taken from it, in its order."""
    taken_out: bool = False
    """Whether the first of them is taken out again."""
    ordered: bool = False
    back: tuple[int, ...] = ()
    """How many pieces of each come back; none: nothing does."""

    @property
    def stands(self) -> list[int]:
        """Which of the items stay in the basket."""
        return list(range(len(self.pieces)))[self.taken_out :]


def net_reward(journey: Journey) -> float:
    """What the prompt has earned in the end, by the rules of attribution.

    >>> net_reward(Journey(clicked=True)), net_reward(Journey(True, (1,), taken_out=True))
    (0.1, 0.1)
    >>> net_reward(Journey(True, (4,), ordered=True)), net_reward(Journey(True, (4,)))
    (1.0, 0.5)
    >>> net_reward(Journey(True, (4,), ordered=True, back=(1,)))
    0.875
    """
    if not journey.stands:
        return CLICKED if journey.clicked else 0.0
    if not journey.ordered:
        return ADDED
    back = journey.back or (0,) * len(journey.pieces)
    kept = [1.0 - back[item] / journey.pieces[item] for item in journey.stands]
    return ADDED + (BOUGHT - ADDED) * sum(kept) / len(kept)


def journeys(habits: Habits) -> Iterator[tuple[float, Journey]]:
    """All that may happen, with its probability."""
    yield 1.0 - habits.click, Journey()
    yield habits.click * (1.0 - habits.add), Journey(clicked=True)
    for pieces in BASKETS:
        for taken_out in (False, True):
            there = habits.click * habits.add / len(BASKETS)
            there *= TAKEN_OUT if taken_out else 1.0 - TAKEN_OUT
            added = Journey(True, pieces, taken_out)
            if not added.stands:
                yield there, added
                continue
            yield there * (1.0 - habits.order), added
            there *= habits.order
            yield there * (1.0 - habits.back), added._replace(ordered=True)
            for back in _returns(added):
                yield there * habits.back / 2.0, added._replace(ordered=True, back=back)


def _returns(journey: Journey) -> Iterator[tuple[int, ...]]:
    """All of it; or of what stands the first item, or half of that where it is several pieces."""
    yield tuple(n if at in journey.stands else 0 for at, n in enumerate(journey.pieces))
    first = journey.stands[0]
    yield tuple(max(1, n // 2) if at == first else 0 for at, n in enumerate(journey.pieces))


def worth(arm: str, segment: str) -> float:
    """What a prompt of this arm earns on average: the truth.

    >>> sold, kept = worth("viewed_together", "new"), worth("bought_together", "new")
    >>> round(sold, 3), round(kept, 3)
    (0.323, 0.349)
    """
    return sum(p * net_reward(one) for p, one in journeys(HABITS[arm, segment]))


WORTH = {of: worth(*of) for of in HABITS}


def true_value(target: TargetPolicy, trial: Trial) -> float:
    """What a policy would have earned on average at this impression."""
    segment = trial.context.partition("/")[2]
    chances = target.propensities(set(trial.propensities), trial.context) or {}
    return sum(chance * WORTH[arm, segment] for arm, chance in chances.items())
