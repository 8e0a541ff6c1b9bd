"""What a shopper has in mind when a visit begins: the plan, drawn before any prompt is seen.

```
mission: 1 to 3 staples ──► looked at, then taken
              └──► their complements, by the true probabilities ─┐
popular items, whatever the mission ─────────────────────────────┼─ shuffled ──► checkout ──► order
looking around ──────────────────────────────────────────────────┘
```
"""

from random import Random
from typing import Literal, NamedTuple

from streams.lab.demo.shoppers.shoppers import Shopper
from streams.lab.demo.shops.assortment import GROCERY, Assortment

MORE_STAPLES = 0.35
STAPLES_MAX = 3
HABIT_SHARE = {"regular": 0.7, "explorer": 0.2}
LOOKS_AROUND_MAX = {"regular": 1, "explorer": 4}
LOOKS_FIRST = 0.5
LOOKS_AT_SUBSTITUTE = 0.5
TAKES_SUBSTITUTE = 0.15
CHANGES_MIND = 0.08
BUYS = 0.85
RETURNS = 0.02


class Intent(NamedTuple):
    """One thing that the shopper means to do; `item_id` is empty where no item is meant."""

    what: Literal["view", "add", "remove", "checkout", "order", "return"]
    item_id: str = ""


def plan(shopper: Shopper, rng: Random, shop: Assortment = GROCERY) -> tuple[Intent, ...]:
    """All that a visit would be without prompts.

    >>> intents = plan(Shopper("s", "regular", ("bread", "tea", "tent")), Random(3))
    >>> intents[0], intents[-1].what
    (Intent(what='view', item_id='tent'), 'order')
    """
    staples = [_chosen(staple, shopper, rng, shop) for staple in mission(shopper, rng, shop)]
    first = [intent for staple in staples for intent in _fetched(staple, rng, shop)]
    then = [
        _fetched(item, rng, shop)
        for item in _extras(staples, rng, shop)
        if item not in shopper.owned
    ]
    everything = tuple(shop.items)
    then += [[Intent("view", rng.choice(everything))] for _ in range(_looks_around(shopper, rng))]
    if rng.random() < CHANGES_MIND:
        then.append([Intent("remove")])
    rng.shuffle(then)
    return (*first, *(intent for some in then for intent in some), *_end(rng))


def mission(shopper: Shopper, rng: Random, shop: Assortment = GROCERY) -> list[str]:
    """The 1 to 3 different staples that somebody comes for; habits first, by segment.

    One staple at least is not owned.
    """
    wanted: list[str] = []
    while len(wanted) < 1 or (len(wanted) < STAPLES_MAX and rng.random() < MORE_STAPLES):
        habitual = shopper.habits and rng.random() < HABIT_SHARE[shopper.segment]
        staple = rng.choice(shopper.habits if habitual else shop.staples)
        if staple not in wanted and staple not in shopper.owned:
            wanted.append(staple)
    return wanted


def _extras(staples: list[str], rng: Random, shop: Assortment) -> list[str]:
    """Complements by the truth and popular items by their popularity, each once."""
    truths = [pair for staple in staples for pair in shop.complements.get(staple, {}).items()]
    taken = [item for item, chance in truths if rng.random() < chance]
    taken += [item for item, chance in shop.popular.items() if rng.random() < chance]
    return list(dict.fromkeys(taken))


def _chosen(staple: str, shopper: Shopper, rng: Random, shop: Assortment) -> str:
    """The staple, or now and then its substitute, which calls for nothing else."""
    replaced = staple in shop.substitutes and rng.random() < TAKES_SUBSTITUTE
    other = shop.substitutes[staple] if replaced else staple
    return staple if other in shopper.owned else other


def _fetched(item_id: str, rng: Random, shop: Assortment) -> list[Intent]:
    """How an item gets into the basket: sometimes looked at first, sometimes compared."""
    intents = []
    if item_id in shop.substitutes and rng.random() < LOOKS_AT_SUBSTITUTE:
        intents.append(Intent("view", shop.substitutes[item_id]))
    if rng.random() < LOOKS_FIRST:
        intents.append(Intent("view", item_id))
    return [*intents, Intent("add", item_id)]


def _looks_around(shopper: Shopper, rng: Random) -> int:
    return rng.randint(0, LOOKS_AROUND_MAX[shopper.segment])


def _end(rng: Random) -> list[Intent]:
    """Most visits end in an order, few orders come back."""
    if rng.random() >= BUYS:
        return []
    bought = [Intent("checkout"), Intent("order")]
    return [*bought, Intent("return")] if rng.random() < RETURNS else bought
