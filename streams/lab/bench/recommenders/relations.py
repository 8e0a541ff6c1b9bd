"""Relation typing on real grocery baskets, whose hierarchy of products is the truth.

Two products of one category and type ("SOFT DRINKS/SFT DRNK 2 LITER") are held to replace each
other. The catalogue says as much (`type`), only the category above (`category`), or nothing: what
it says decides how well substitutes can be known. There are no views in these data.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.lab.replay.baskets import Basket
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.catalog.substitutes import Likeness
from streams.shop.memory.learned import Learned, new_recommenders

LEVELS = ("type", "category", "nothing")
"""What the catalogue says of an item, from as much as the truth to nothing."""
TIMES_MIN = 20
"""Baskets that an item was in, to be judged: of what is rarer nothing is known."""
ITEMS = 3
SPARE = 4
PROBABILITY_MAX = 0.5
"""What is a substitute with a larger probability is one."""


def taught(baskets: Iterable[Basket]) -> Learned:
    """What these baskets teach of what is bought together."""
    learned = new_recommenders(Settings())
    for basket in baskets:
        items = [*dict.fromkeys(line.item_id for line in basket.lines)]
        for place, item in enumerate(items):
            learned.baskets.learn_one(items[:place], item, time_s=basket.time_ms / 1000)
    return learned


def types_of(baskets: Iterable[Basket]) -> dict[str, str]:
    """The true kind of each item that has one."""
    return {line.item_id: line.category for one in baskets for line in one.lines if line.category}


def catalog_of(types: Mapping[str, str], level: str) -> Catalog:
    """A catalogue that says so much."""
    catalog = Catalog(substitute_probability_max=PROBABILITY_MAX)
    for item, kind in types.items() if level != "nothing" else ():
        said = kind if level == "type" else kind.partition("/")[0]
        catalog.put(CatalogItem(item_id=item, category=said))
    return catalog


def typing_figures(learned: Learned, types: Mapping[str, str], level: str) -> dict[str, Any]:
    """Precision and recall of "substitute", of all pairs of items that are known well enough."""
    catalog = catalog_of(types, level)
    likeness = Likeness(
        *(catalog.categories, catalog.relations, catalog.curation),
        catalog.substitute_probability_max,
    )
    known = [item for item in sorted(types) if learned.baskets.meetings(item)[0] >= TIMES_MIN]
    true = sum(n * (n - 1) // 2 for n in Counter(types[item] for item in known).values())
    groups: dict[str, list[str]] = defaultdict(list)
    for item in known:
        if (kind := catalog.categories.of(item)) is not None:
            groups[kind].append(item)
    said = right = 0
    for group in groups.values():
        for a, b in combinations(group, 2):
            likeness.ask(learned)  # as a decision of its own: one reads of so many items at most
            if likeness.alike(a, b):
                said += 1
                right += types[a] == types[b]
    return {
        "items": len(known),
        "substitutes": true,
        "said": said,
        "precision": right / said if said else None,
        "recall": right / true if true else None,
    }


def offer_figures(
    learned: Learned, types: Mapping[str, str], level: str, baskets: Sequence[Basket]
) -> dict[str, Any]:
    """What is offered beside the first items of each basket, and how much of it replaces them."""
    catalog, count = catalog_of(types, level), Counter[str]()
    for items, later in _asked(baskets):
        exclusions = Exclusions(catalog)
        exclusions.fill({*items}, items, learned=learned)
        found = learned.baskets.recommend(items, ITEMS * SPARE, exclude=exclusions)
        offered = [one.item for one in exclusions.pairs.fitting(found, ITEMS)]
        there = {types[item] for item in items if item in types}
        kinds = [types[item] for item in offered if item in types]
        count["asked"] += 1
        count["prompts"] += bool(offered)
        count["hits"] += not later.isdisjoint(offered)
        count["offered"] += len(offered)
        count["substitutes"] += sum(kind in there for kind in kinds)
        count["twice"] += len({*kinds}) < len(kinds)
    return {
        "prompts": count["prompts"] / count["asked"],
        "substitutes_offered": count["substitutes"] / max(1, count["offered"]),
        "two_of_a_kind": count["twice"] / max(1, count["prompts"]),
        "hit_rate": count["hits"] / count["asked"],
    }


def _asked(baskets: Iterable[Basket]) -> Iterator[tuple[list[str], set[str]]]:
    """Half of each basket, and what else enters it."""
    for basket in baskets:
        items = [*dict.fromkeys(line.item_id for line in basket.lines)]
        half = len(items) // 2
        if half:
            yield items[:half], {*items[half:]}
