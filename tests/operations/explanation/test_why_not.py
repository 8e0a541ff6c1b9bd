"""Why an item was not offered is recomputed, and held against what was published."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from streams.cli.options import with_some_secret
from streams.contract.errors import NotEnough
from streams.contract.events import decode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings
from streams.operations.explanation.log.session_log import read_published, read_session
from streams.operations.explanation.why_not.asking import (
    Standing,
    WhyNot,
    answer,
    last_asked,
    standing_now,
)
from streams.operations.explanation.why_not.command import as_plain
from streams.operations.explanation.why_not.considered import Considered, DecisionAsked, considered
from streams.operations.explanation.why_not.words import COLUMNS, in_words
from streams.operations.rebuild import fold_record
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.people.context import asks
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.stories import NOON_MS, OPEN, Story

PROMPTS = int(os.environ.get("WHY_PROMPTS", "100"))
"""How many replayed prompts are recomputed: `WHY_PROMPTS=1000` for as many as a release has."""
TOGETHER = {"bread": ("butter", "jam", "honey"), "tea": ("milk", "lemon", "sugar")}


def shop_of(**settings: Any) -> OneWorker:
    """A worker of one partition that knows what goes with bread: butter most, honey least."""
    worker = OneWorker(Settings(**{**OPEN, "partitions": 1, "prompt_items_max": 2, **settings}))
    for number in range(24):
        story = Story(f"past-{number}", start_ms=NOON_MS - 86_400_000 + 60_000 * number)
        for item in (
            "bread",
            "butter",
            *(["jam"] * (number % 2)),
            *(["honey"] * (number % 3 == 0)),
        ):
            worker.take(0, story.add(item))
        worker.take(0, story.order("bread", "butter"))
        other = Story(f"other-{number}", start_ms=NOON_MS - 86_400_000 + 60_000 * number)
        worker.take(0, other.add("soap"))
        worker.take(0, other.order("soap"))
    return worker


def told(
    worker: OneWorker,
    item_id: str,
    session: str = "s1",
    slot: Placement | None = None,
    standing: Standing | None = None,
) -> Considered:
    """What is told of an item by somebody without the secret."""
    settings = with_some_secret(worker.settings)
    log = read_session(worker.log, session, settings)
    published = read_published(worker.log, log, session, settings)
    decision = last_asked(log, session, slot)
    shop = Shop(settings)
    return answer(shop, worker.log, log, published, decision, standing or Standing(), item_id)


def source(of: Considered, arm: str = "bought_together") -> Any:
    """What an arm says of the item."""
    return next(one for one in of.sources if one.arm == arm)


def test_what_was_offered_is_told_with_its_rank_and_its_counts() -> None:
    """As the prompt has them."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    best = told(worker, "butter")

    assert ("offered", 1, ("butter", 24, 24)) == (
        best.verdict,
        source(best).rank,
        (best.chosen[0], source(best).counts.together, source(best).counts.of),
    )
    assert source(best).counts.lift == pytest.approx(48 / 24)


def test_what_ranked_below_is_told_with_its_place_behind_those_chosen() -> None:
    """Honey is the third, and two are offered."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    third = told(worker, "honey")

    assert third.drawn in ("bought_together", "popular")
    assert {"ranked_below"} == {third.verdict}
    assert 3 == source(third).rank


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        (lambda story: [story.add("butter")], "in_basket"),
        (lambda story: [story.order("butter")], "bought"),
        (lambda story: [story.add("butter"), story.remove("butter")], "taken_out"),
    ],
    ids=["in-the-basket", "bought", "taken-out"],
)
def test_what_must_not_be_offered_is_told_with_what_is_in_its_way(deed: Any, refusal: str) -> None:
    """And with the rank that it would have had."""
    worker, story = shop_of(), Story()
    for event in deed(story):
        worker.take(0, event)
    worker.take(0, story.view("bread"))
    out = told(worker, "butter")

    assert ("refused", (refusal,), 1) == (out.verdict, out.refusals, source(out).rank)


def test_what_was_sent_away_is_told_so() -> None:
    """It is not offered again in this visit."""
    worker, story = shop_of(dismissals_max=5), Story()
    worker.take(0, story.view("bread"))
    prompt = prompts(worker)[-1]
    worker.take(0, story.see(prompt))
    worker.take(0, story.dismiss(prompt))
    worker.take(0, story.view("bread", after_s=60))

    assert ("sent_away",) == told(worker, prompt.items[0].item_id).refusals


def test_catalogue_and_controls_are_those_of_now() -> None:
    """Sold out, hidden, or proposed by arms alone that are off: told as such."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    said = ControlRecord(
        key="items.hidden", value=["butter"], author="ann", reason="recall", at_ms=NOON_MS
    )
    sold_out = [CatalogItem(item_id="honey", in_stock=False)]
    standing = standing_now(worker.settings, sold_out, [said])

    assert ("out_of_stock",) == told(worker, "honey", standing=standing).refusals
    assert ("hidden",) == told(worker, "butter", standing=standing).refusals
    off = [
        ControlRecord(
            key=f"arms.{arm}.state", value="off", author="ann", reason="try", at_ms=NOON_MS
        )
        for arm in ("bought_together", "popular", "viewed_together")
    ]
    idle = told(worker, "honey", standing=standing_now(worker.settings, [], off))
    assert not source(idle).drawable


def test_what_nobody_proposes_is_told_with_the_counts_that_speak_against_it() -> None:
    """Never met; met too seldom; no oftener than chance has it; or not known at all."""
    worker, story = shop_of(together_min=9), Story()
    worker.take(0, story.view("bread"))

    assert "never_met" == source(told(worker, "soap")).missing
    assert "too_few" == source(told(worker, "honey")).missing
    assert "never_met" == source(told(worker, "unheard-of")).missing
    assert "no_history" == source(told(worker, "butter"), "buy_again").missing
    assert "never_chosen" == source(told(worker, "unheard-of"), "popular").missing
    assert ": nobody has chosen it, as far as is known" in in_words(told(worker, "unheard-of"))


def test_a_silence_is_told_before_the_item() -> None:
    """In the pause after a prompt nothing is offered, whatever ranks first."""
    worker, story = shop_of(cool_down_s=60.0), Story()
    worker.take(0, story.view("bread"))
    worker.take(0, story.view("bread"))

    out = told(worker, "butter")
    assert ("silence", "cool_down") == (out.verdict, out.silence)


def test_a_session_that_asked_nothing_there_is_said_so() -> None:
    """With the command that tells what it did."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))

    assert "product_page" == told(worker, "honey").slot
    with pytest.raises(NotEnough, match="slot checkout"):
        told(worker, "honey", slot="checkout")
    with pytest.raises(NotEnough, match="goeswith explain"):
        told(worker, "honey", session="nobody")


def test_it_is_readable_at_eighty_columns() -> None:
    """Long ids and control characters break nothing."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    for item in ("butter", "honey", "soap", "x" * 120, "a\u202eb", "bread"):
        lines = in_words(told(worker, item)).splitlines()
        assert max(map(len, lines)) <= COLUMNS
        assert "\u202e" not in "".join(lines)


def test_all_of_it_is_told_as_json() -> None:
    """With the event that asked, and rank and counts of each arm."""
    worker, story = shop_of(), Story()
    view = story.view("bread")
    worker.take(0, view)
    told_of = WhyNot(view.event_id, view.occurred_at_ms, told(worker, "butter"), ("by hand",))
    said = json.loads(json.dumps(as_plain("s1", told_of)))

    assert ("s1", view.event_id) == (said["session_id"], said["event_id"])
    assert "offered" == said["verdict"]
    arm = next(one for one in said["sources"] if one["arm"] == "bought_together")
    assert (1, 24, 24) == (arm["rank"], arm["counts"]["together"], arm["candidate"]["of"])


def prompts(worker: OneWorker) -> list[Prompt]:
    """All that was published."""
    at = next(at for at in worker.log.partitions if at.topic == worker.settings.topics.prompts)
    said = [ANY_PUBLISHED.validate_json(record.value or b"") for record in worker.log.records[at]]
    return [one for one in said if isinstance(one, Prompt)]


def busy() -> OneWorker:
    """A shop in which shoppers look, add, see prompts, dismiss and order, until so many prompts."""
    worker = shop_of(dismissals_max=9)
    number = 0
    while len(prompts(worker)) < PROMPTS if number % 50 == 0 else True:
        story = Story(f"b{number}", start_ms=NOON_MS + 7_000 * number)
        goes = TOGETHER["bread" if number % 3 else "tea"]
        worker.take(0, story.view("bread" if number % 3 else "tea"))
        worker.take(0, story.add(goes[number % 3]))
        worker.take(0, story.add("bread" if number % 3 else "tea"))
        if number % 4 == 0 and (said := prompts(worker)):
            mine = [one for one in said if one.session_id == story.session_id]
            for prompt in mine[-1:]:
                worker.take(0, story.see(prompt))
                worker.take(0, story.dismiss(prompt))
        worker.take(0, story.view(goes[(number + 1) % 3]))
        if number % 5 == 0:
            worker.take(0, story.order(goes[number % 3]))
        number += 1
    return worker


def replayed(worker: OneWorker) -> Iterator[tuple[Shop, DecisionAsked, Prompt]]:
    """The log once more, by a shop of its own: at each prompt what was asked, and said."""
    shop, settings = Shop(worker.settings), worker.settings
    by_cause = {one.caused_by: one for one in prompts(worker)}
    at = next(at for at in worker.log.partitions if at.topic == settings.topics.events)
    for record in worker.log.records[at]:
        fold_record(shop, record)
        said = read_event(record, settings)
        prompt = by_cause.get(said.event_id)
        if asks(said) and prompt is not None:
            yield shop, DecisionAsked(said, 0, prompt.placement, PendingPrompts(), prompt), prompt


def read_event(record: Any, settings: Settings) -> Any:
    """The event of a record."""
    return decode(record.key, record.value, timestamp_ms=record.timestamp_ms, settings=settings)


def test_each_replayed_prompt_is_explained_without_a_contradiction() -> None:
    """What was offered is told as offered, at its place, with its evidence; what was not, is not.

    And the decision, asked again, is the one that was published.
    """
    worker, explained = busy(), 0
    for shop, asked, prompt in replayed(worker):
        offset = shop.position[0] - 1
        again = shop.answer(asked.event, 0, offset, PendingPrompts()).prompt
        assert again is not None
        assert prompt.model_dump(exclude={"receipt"}) == again.model_dump(exclude={"receipt"})
        for place, item in enumerate(prompt.items):
            one = considered(shop, asked, item.item_id)
            mine = source(one, prompt.arm)
            assert ("offered", place + 1, ()) == (one.verdict, mine.rank, one.refusals)
            assert (item.score, item.evidence.together, item.evidence.of) == (
                mine.candidate.score,
                mine.candidate.together,
                mine.candidate.of,
            )
            assert prompt.propensity == mine.propensity
        for other in ("bread", "butter", "jam", "honey", "soap", "tea", "milk", "lemon"):
            one = considered(shop, asked, other)
            offered = other in {item.item_id for item in prompt.items}
            assert offered == (one.verdict == "offered")
            places = [each.rank for each in one.sources if each.arm == prompt.arm and each.rank]
            if not offered and not one.refusals and places:
                assert "ranked_below" == one.verdict
                assert places[0] > len(prompt.items)
        explained += 1
    assert explained >= PROMPTS
