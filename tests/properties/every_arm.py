"""A random shop in which every arm, guard, slot and control has something to say."""

from collections.abc import Iterator
from random import Random
from typing import Any

from streams.contract.events import Event
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.curated import CuratedItems
from streams.contract.events.reference.loyalty import LoyaltyProgram
from streams.contract.events.slots import PLACEMENTS
from streams.contract.published.prompts import Prompt
from streams.shop.decision.catalog.catalog import Catalog
from tests.stories import Story, Till

ITEMS = [f"item-{number}" for number in range(48)]
PRODUCTS = [f"product-{number}" for number in range(6)]
RELATIONS = ("accessory_of", "spare_part_of", "upgrade_of", "requires", "excludes")
STORIES = 12
RETURNS = 0.04
"""Of events that many are the first ones of somebody's next visit."""
CONTROLS = (
    ("arms.popular.state", "off"),
    ("arms.popular.state", None),
    ("arms.viewed_together.state", "shadow"),
    ("arms.viewed_together.state", None),
    ("arms.curated.state", "off"),
    ("arms.curated.state", None),
    ("arms.bought_together.share_max", 0.2),
    ("arms.bought_together.share_max", None),
    ("prompts.items_max", 2),
    ("prompts.items_max", None),
)
PROGRAM = LoyaltyProgram(
    points_per_mille={"EUR": 10},
    tiers={"club": 1000, "gold": 1500},
    tier_begins={"club": 0, "gold": 1500},
    worth_per_mille={"EUR": 1000},
)
WIDE: dict[str, Any] = {
    "together_min": 1,
    "lift_z_min": 0.0,
    "segments": "club,gold",
    "slot_cool_down_s": 0.0,
    "just_bought_s": 0.0,
    **dict.fromkeys(
        ("checkout_prompts_max", "upgrade_prompts_max", "post_purchase_prompts_max"), 1000
    ),
    "catalog_relations": "arms",
    "catalog_prices_max": 1000,
    "free_shipping": "EUR=4000",
}
"""With a catalogue every arm speaks."""
SHOPS: dict[str, dict[str, Any]] = {
    "arms": WIDE,
    "relations off": WIDE | {"catalog_relations": "off"},
    "substitutes": WIDE | {"substitute_probability_max": 0.5, "margin_ratio_min": 0.05},
    "capped": WIDE
    | {
        "prompts_per_session_max": 4,
        "holdout_share": 0.2,
        "staples_withheld": 3,
        "just_bought_s": 600.0,
    },
    "numbers decided": WIDE
    | {
        "reward": "net",
        "items_decided": True,
        "dismissal_cost_minor": 5,
        "items_exploration": 0.2,
    },
    "best worth": WIDE
    | {
        "reward": "net",
        "items_decided": True,
        "best_worth": True,
        "dismissal_cost_minor": 5,
    },
}


def catalog_item(chance: Random) -> CatalogItem:
    """A record of the catalogue, drawn."""
    item, *others = chance.sample(ITEMS, 5)
    told = others[: chance.choice((0, 0, 0, 1, 2, 3))]
    return CatalogItem(
        item_id=item,
        in_stock=chance.random() < 0.92,
        hidden=chance.random() < 0.03,
        restricted="age" if chance.random() < 0.03 else None,
        category=chance.choice((None, "a", "b", "c", "d")),
        price_minor=chance.choice((None, 200, 500, 1000, 1500, 2500)),
        margin_minor=chance.choice((None, -50, 99, 100, 400)),
        currency="USD" if chance.random() < 0.1 else "EUR",
        variant_of=chance.choice((None, None, None, *PRODUCTS)),
        owned_once=chance.random() < 0.05,
        eligible_segments=("club",) if chance.random() < 0.05 else (),
        excluded_segments=("new",) if chance.random() < 0.05 else (),
        relations=tuple(
            {"kind": chance.choice(RELATIONS), "item_id": chance.choice((other, *PRODUCTS[:2]))}
            for other in told
        ),
    )


def move(till: Till, chance: Random) -> None:
    """Merchant and operators change something, now and then."""
    roll, catalog = chance.random(), till.catalog
    assert catalog is not None
    if roll < 0.01:
        key, value = chance.choice(CONTROLS)
        till.controls.put(key, value, size=9)
    elif roll < 0.06:
        catalog.put(catalog_item(chance))
    elif roll < 0.07:
        catalog.take_out(chance.choice(ITEMS))
    elif roll < 0.08:
        catalog.hidden = frozenset(chance.sample((*ITEMS, *PRODUCTS), 2))
    elif roll < 0.1:
        main, *said = chance.sample(ITEMS, 4)
        catalog.curation.put(
            f"curated.{main}", main, CuratedItems(items=tuple(said), source="editors")
        )
    elif roll < 0.12:
        terms = BundleTerms(items=tuple(chance.sample(ITEMS, 3)), discount_per_mille=100)
        catalog.bundles.put(f"bundle-{chance.randrange(20)}", terms)
    elif roll < 0.13:
        catalog.loyalty = chance.choice((None, PROGRAM))


def deed(chance: Random, story: Story, prompt: Prompt | None, who: int) -> Event:
    """What one of the shoppers does next; `prompt`: the latest that was said to them."""
    said: dict[str, Any] = {"shopper_id": f"shopper-{who}"} if who % 3 else {}
    asking: dict[str, Any] = {"segment": chance.choice((None, "club", "gold"))}
    asking["points_balance"] = story.now_ms // 1000 % 2000
    if chance.random() < 0.8:
        asking["slots"] = tuple(chance.sample(PLACEMENTS, chance.randrange(1, 4)))
    item, roll = chance.choice(ITEMS[:16] if chance.random() < 0.6 else ITEMS), chance.random()
    priced: dict[str, Any] = {"price_minor": chance.choice((100, 400, 900)), "currency": "EUR"}
    if roll < 0.4:
        return story.view(item, **said, **asking, **priced)
    if roll < 0.7:
        return story.add(item, **said, **asking, **(priced if roll < 0.6 else {}))
    if roll < 0.75:
        return story.remove(item, **said)
    if roll < 0.8:
        return story.check_out(**said, **asking)
    if roll < 0.86 or prompt is None:
        return story.order(*chance.sample(ITEMS[:20], 2), **said, **asking)
    act = chance.choice((story.see, story.see, story.click, story.dismiss))
    return act(prompt, **said)


def served(till: Till, chance: Random, number: int) -> Iterator[tuple[Event, int]]:
    """So many events of a dozen visits, each folded, with its offset, while the catalogue changes.

    After each it is answered as ever.
    """
    stories, prompts = [Story(f"visit-{who}") for who in range(STORIES)], dict[str, Prompt]()
    till.catalog = Catalog.of(till.shop.settings)
    for _ in range(4 * len(ITEMS)):
        till.catalog.put(catalog_item(chance))
    for offset in range(number):
        move(till, chance)
        who = chance.randrange(STORIES)
        if chance.random() < RETURNS:
            stories[who] = Story(f"visit-{who}-{offset}", start_ms=stories[who].now_ms)
        event = deed(chance, stories[who], prompts.get(stories[who].session_id), who)
        assert "folded" == till.shop.learn(0, offset, event)
        yield event, offset
        if (prompt := till.ask(event, offset).prompt) is not None:
            prompts[event.session_id] = prompt
