"""What nobody asks for changes nothing: not one decision, not one bit of what is learned.

A log of a few thousand events is decided and folded, and what comes of it is held against what came
of it before relations, curated pairs, substitutes, a margin floor, net reward, decided numbers of
items and serial returners were there: constants, recorded then. The catalogue of the log is full of
what those would decide by; without their settings, it decides nothing.
"""

import hashlib
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.published.prompts import Prompt
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.answer import Answer
from tests.stories import NOON_MS, Story, Till

EVENTS = 3_000
ITEMS = [f"item-{number}" for number in range(40)]
KINDS = ("accessory_of", "spare_part_of", "excludes", "requires", "upgrade_of")
SLOTS = (("product_page",), ("basket",), ("basket", "upgrade"), ("product_page", "upgrade"))
DIGITS = 6
"""So many digits of a number count: the last ones may differ by machine."""
DECIDED = "aea216caa87960ee8c59948169ab7845c97861375347825faa1fda0d8ba5cc33"
"""All decisions with a catalogue and `KNOWN`, as they were recorded; anew when a top-up got a bound
beyond the threshold, when returns stopped to sign anybody in and to begin visits, when reasons of
several items got texts of their own, and when heavy sessions noted how their items were changed."""
KNOWN: dict[str, Any] = {"free_shipping": "EUR=9000", "catalog_prices_max": 1000}


def catalog(till: Till) -> Catalog:
    """Forty items, in ten categories, of which each names others."""
    chance, known = Random(17), Catalog.of(till.shop.settings)
    for number, item in enumerate(ITEMS):
        known.put(
            CatalogItem(
                item_id=item,
                category=f"kind {number % 10}",
                price_minor=500 + 90 * number,
                margin_minor=-50 + 7 * number,
                currency="EUR",
                in_stock=number % 13 != 0,
                hidden=number == 7,
                variant_of="item-x" if number in (8, 9) else None,
                relations=tuple(
                    Relation(kind=chance.choice(KINDS), item_id=ITEMS[(number + far) % len(ITEMS)])
                    for far in chance.sample(range(1, 20), 3)
                ),
            )
        )
    return known


def served(till: Till) -> Iterator[Answer]:
    """The answers to a log in which sixty shoppers look, add, react, order and return."""
    chance = Random(18)
    stories = [Story(f"s{n}", shopper_id=f"shopper-{n % 9}" if n % 3 else None) for n in range(60)]
    prompts: dict[str, Prompt] = {}
    for number in range(EVENTS):
        story = stories[chance.randrange(60)]
        story.now_ms = NOON_MS + 20_000 * number
        answer = till.serve(_event(chance, story, prompts.get(story.session_id)))
        if answer.prompt is not None:
            prompts[story.session_id] = answer.prompt
        yield answer


def _event(chance: Random, story: Story, prompt: Prompt | None) -> Event:
    # those that are bought together are near each other
    near = ITEMS[min(len(ITEMS) - 1, int(abs(chance.gauss(chance.randrange(4) * 10, 2))))]
    deed = chance.randrange(12)
    if prompt is not None and deed < 6:
        if deed < 2:
            return story.see(prompt)
        if deed == 2:
            return story.click(prompt)
        if deed == 3 and chance.random() < 0.3:
            return story.dismiss(prompt)
        return story.add(prompt.items[0].item_id, receipt=prompt.receipt)
    priced = {"price_minor": 500 + 90 * ITEMS.index(near), "currency": "EUR"}
    if deed == 11 and chance.random() < 0.5:
        return story.send_back(near)
    if deed >= 10:
        return story.order(near, ITEMS[chance.randrange(len(ITEMS))])
    act = story.add if deed % 2 else story.view
    return act(near, slots=SLOTS[chance.randrange(len(SLOTS))], **priced)


def told(answer: Answer) -> list[Any]:
    """All that an answer says, but for the seals; numbers as far as any machine agrees."""
    prompts = [one.prompt().model_dump(exclude={"receipt"}) for one in answer.outgoing_prompts]
    outcomes = [one.model_dump() for one in answer.outcomes]
    gone = [one.model_dump() for one in answer.withdrawals]
    silences = {slot: silence.reason for slot, silence in answer.silent_slots.items()}
    return [prompts, outcomes, gone, silences, answer.silence and answer.silence.reason]


def rounded(value: Any) -> Any:
    """The same, of which each number has so many digits at most."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    return [*map(rounded, value)] if isinstance(value, list | tuple) else value


def decided(known: bool, **settings: Any) -> tuple[str, str]:
    """A hash of all decisions on the log, and the digest of what was learned of it."""
    till = Till(together_min=1, **settings)
    if known:
        till.catalog = catalog(till)
        till.controls.put("arms.popular.share_max", 0.5, size=90)
    found, prompts = hashlib.sha256(), 0
    for answer in served(till):
        prompts += len(answer.outgoing_prompts)
        found.update(json.dumps(rounded(told(answer)), sort_keys=True, default=str).encode())
    assert prompts > EVENTS // 10
    return found.hexdigest(), till.shop.digest()


@pytest.mark.parametrize(
    ("settings", "known", "decisions", "digest"),
    [
        (
            {},
            False,
            "f97c204b47a3777696f934cf2897460c0f9a9e7da43429c2767ed1b307fe91f0",
            "ec5bdb9c0215bfd21b8dc2dbb182112c765c40000f410964645f624ee81c69de",
        ),
        (
            KNOWN,
            True,
            DECIDED,
            "8585f95d915e10ca7e09abf2360b058b66ff94be34f52e60c746661d7b4a2335",
        ),
        (
            {"best_fit": True, "holdout_share": 0.2, "arm_policy": "factors"},
            True,
            "5f452acb4fc2b8dd1961c032c48c44a0a749836157d5fd5a9fc83d35a609999c",
            "5d7d7b61c26c4cd17208977620ad4fd96c539d687782c1e49eaf717c644b58d4",
        ),
    ],
    ids=["without-a-catalogue", "with-a-catalogue", "learned-rankers"],
)
def test_without_their_settings_relations_and_rewards_change_nothing(
    settings: dict[str, Any], known: bool, decisions: str, digest: str
) -> None:
    """The decisions, and what was learned, are those that were recorded."""
    assert (decisions, digest) == decided(known, **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"catalog_relations": "guards"},
        {"catalog_relations": "arms"},
        {"margin_ratio_min": 0.05},
        {"substitute_probability_max": 0.5},
        {"reward": "net"},
        {"reward": "net", "items_decided": True},
        {"returned_share_max": 0.0, "returned_lines_min": 1},
    ],
    ids=["guards", "arms", "floor", "substitutes", "money", "numbers", "returns"],
)
def test_each_of_them_would_change_what_this_log_gets(settings: dict[str, Any]) -> None:
    """Else the constants would say nothing."""
    assert decided(True, **KNOWN, **settings)[0] != DECIDED
