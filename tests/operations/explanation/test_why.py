"""Why a prompt was what it was is recomputed, and held against what was published."""

from typing import Any

import pytest

from streams.cli.options import with_some_secret
from streams.contract.errors import NotEnough
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.wire.shop.offers import BundleOffer, FreeShippingOffer, LoyaltyOffer, Offer
from streams.operations.explanation.log.session_log import (
    published_in,
    read_published,
    read_session,
)
from streams.operations.explanation.why.asking import Why, asked_by, event_of
from streams.operations.explanation.why.command import as_plain
from streams.operations.explanation.why.decided import behind
from streams.operations.explanation.why.words import in_words
from streams.operations.explanation.why_not.asking import Standing, asked_at, standing_now
from streams.operations.explanation.why_not.words import COLUMNS
from streams.operations.explanation.words.offers import offer_in_words
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.test_why_not import PROMPTS, busy, prompts, replayed, shop_of
from tests.stories import NOON_MS, Story


def told(worker: OneWorker, prompt: Prompt, standing: Standing | None = None) -> Why:
    """What is told of a prompt by somebody without the secret."""
    settings = with_some_secret(worker.settings)
    log = read_session(worker.log, prompt.session_id, settings)
    published = read_published(worker.log, log, prompt.session_id, settings)
    event = asked_by(log, published, prompt)
    shop, decision = Shop(settings), (event, prompt.placement)
    asked = asked_at(shop, worker.log, log, published, decision, standing or Standing())
    return Why(prompt, event.timestamp_ms, behind(shop, asked, prompt), ())


def asked_for_bread(**settings: Any) -> tuple[OneWorker, Prompt]:
    """A shopper looks at bread; what they are offered."""
    worker, story = shop_of(**settings), Story()
    worker.take(0, story.add("butter"))
    worker.take(0, story.view("bread"))
    return worker, prompts(worker)[-1]


def test_a_prompt_is_told_with_its_counts_its_arms_and_the_draw() -> None:
    """As it was published: the items at their ranks, the vector, and what others would have had."""
    worker, prompt = asked_for_bread()
    found = told(worker, prompt)
    arms = {arm.arm: arm for arm in found.behind.arms}

    assert found.behind.agrees
    assert [item.item_id for item in prompt.items] == [i.item_id for i in found.behind.items]
    assert {"offered"} == {item.verdict for item in found.behind.items}
    assert prompt.propensities == {
        name: arm.propensity for name, arm in arms.items() if arm.propensity is not None
    }
    drawn = [one.item for one in arms[prompt.arm].candidates]
    assert [item.item_id for item in prompt.items] == drawn[: len(prompt.items)]
    jam = arms["bought_together"].candidates[0]
    assert ("jam", 12, 24) == (jam.item, jam.together, jam.of)


def test_what_the_guards_kept_out_is_told_with_what_was_in_its_way() -> None:
    """Butter goes best with bread, and is in the basket already."""
    worker, prompt = asked_for_bread()
    kept_out = {one.item_id: one.refusals for one in told(worker, prompt).behind.kept_out}

    assert {"butter": ("in_basket",)} == kept_out


def test_catalogue_and_controls_of_now_show_that_it_would_be_another_prompt_today() -> None:
    """What it offered is sold out by now: the fold does not agree, and says so."""
    worker, prompt = asked_for_bread()
    gone = [CatalogItem(item_id=item.item_id, in_stock=False) for item in prompt.items]
    off = ControlRecord(
        key="arms.popular.state", value="off", author="ann", reason="try", at_ms=NOON_MS
    )
    standing = standing_now(worker.settings, gone, [off])
    found = told(worker, prompt, standing)

    assert not found.behind.agrees
    assert {"out_of_stock"} <= {r for one in found.behind.kept_out for r in one.refusals}
    assert not next(arm for arm in found.behind.arms if arm.arm == "popular").drawable


def test_a_prompt_is_found_by_its_id_alone() -> None:
    """Not by one that holds it, and not in a withdrawal."""
    worker, prompt = asked_for_bread()
    topic = worker.settings.topics.prompts
    records = [r for at, some in worker.log.records.items() if at.topic == topic for r in some]
    found = [published_in(record, prompt.prompt_id) for record in records]

    assert [prompt] == [one for one in found if one is not None]
    assert not any(published_in(record, prompt.prompt_id[:-1]) for record in records)
    assert all(ANY_PUBLISHED.validate_json(record.value or b"") for record in records)


def test_a_prompt_whose_event_is_gone_is_said_so() -> None:
    """The prompt lives longer than the log, where the topics are kept so."""
    worker, prompt = asked_for_bread()
    other = prompt.model_copy(update={"prompt_id": "0" * 24})

    with pytest.raises(NotEnough, match="gone from the log"):
        told(worker, other)


def test_of_a_session_each_prompt_is_found_with_the_event_that_it_answers() -> None:
    """By its whole id, wherever in the session it was; one that it never got is said so."""
    worker, story = shop_of(cool_down_s=0.0), Story()
    for event in (story.add("bread"), story.view("bread"), story.add("soap"), story.view("bread")):
        worker.take(0, event)
    log = read_session(worker.log, "s1", worker.settings)
    published = read_published(worker.log, log, "s1", worker.settings)
    mine = [one for one in prompts(worker) if one.session_id == "s1"]
    found = [event_of(log, published, "s1", one.prompt_id) for one in mine]

    assert len(mine) >= 2
    assert [one.caused_by for one in mine] == [
        getattr(event.held, "event_id", None) for event, _ in found
    ]
    assert [one.placement for one in mine] == [slot for _, slot in found]
    with pytest.raises(NotEnough, match="has no prompt '0'"):
        event_of(log, published, "s1", "0")


def test_it_is_readable_at_eighty_columns_and_holds_no_receipt() -> None:
    """A receipt is the session's alone."""
    worker, prompt = asked_for_bread(reason_evidence=True)
    found = told(worker, prompt)
    lines = in_words(found).splitlines()

    assert max(map(len, lines)) <= COLUMNS
    assert any("said to the shopper: " in line for line in lines)
    assert any("kept out, butter: it is in the basket" in line for line in lines)
    assert prompt.receipt not in str(as_plain(found)) + in_words(found)
    assert as_plain(found)["arms"][0]["candidates"]


POINTS: dict[str, Any] = {"tier": "member", "points": (90, 1020)}
MORE: dict[str, Any] = {
    "balance": 1920,
    "next_tier": "gold",
    "missing_points": 80,
    "reaches": (True, False),
}


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (
            FreeShippingOffer(missing_minor=7_500, threshold_minor=20_000, currency="KWD"),
            "free shipping from 20.000 KWD on, of which 7.500 KWD are missing",
        ),
        (
            FreeShippingOffer(missing_minor=1_000, threshold_minor=5_000, currency="XAU"),
            (
                "free shipping from 5,000 minor units of XAU on, of which 1,000 minor units "
                "of XAU are missing"
            ),
        ),
        (
            BundleOffer(
                bundle="photo",
                bundle_items=("camera", "case"),
                price_minor=156_000,
                discount_minor=1_500,
                currency="EUR",
            ),
            "bundle photo of camera, case: 1,560.00 EUR, together 15.00 EUR less",
        ),
        (LoyaltyOffer(**POINTS), "points of tier member: 90 for jam, 1,020 for soap"),
        (
            LoyaltyOffer(**POINTS, **MORE, worth_minor=1_920, currency="EUR"),
            (
                "points of tier member: 90 for jam, 1,020 for soap; balance 1,920, worth 19.20 "
                "EUR; 80 more to tier gold, reached by jam"
            ),
        ),
        (
            LoyaltyOffer(**POINTS, **MORE | {"reaches": (False, False)}),
            (
                "points of tier member: 90 for jam, 1,020 for soap; balance 1,920; 80 more to tier "
                "gold, reached by no item alone"
            ),
        ),
    ],
    ids=["shipping", "gold", "bundle", "points", "balance", "far"],
)
def test_what_the_items_bring_besides_is_told_in_words(offer: Offer, said: str) -> None:
    """All that is known of it, and nothing of what is not; it is cut off nowhere."""
    worker, prompt = asked_for_bread()
    found = told(worker, prompt)
    assert said == offer_in_words(offer, ["jam", "soap"])

    offered = found._replace(prompt=prompt.model_copy(update={"offer": offer}))
    lines = in_words(offered)
    assert max(map(len, lines.splitlines())) <= COLUMNS
    assert "null" not in lines
    assert offer_in_words(offer, [i.item_id for i in prompt.items]) in " ".join(lines.split())


def test_what_stood_behind_each_replayed_prompt_is_told_without_a_contradiction() -> None:
    """The arm that was drawn offers just these items, in this order, on these counts.

    The vector is told arm by arm, an arm without a chance has nothing to offer, and nothing that
    was offered was kept out.
    """
    explained = 0
    for shop, asked, prompt in replayed(busy()):
        found = behind(shop, asked, prompt)
        arms = {arm.arm: arm for arm in found.arms}
        said = [(i.item_id, i.evidence.together, i.evidence.of) for i in prompt.items]
        drawn = [(one.item, one.together, one.of) for one in arms[prompt.arm].candidates]

        assert found.agrees
        assert said == drawn[: len(said)]
        chances = {name: arm.propensity for name, arm in arms.items() if arm.propensity is not None}
        assert prompt.propensities == chances
        assert all(bool(arm.candidates) == (name in chances) for name, arm in arms.items())
        assert not {one.item_id for one in found.kept_out} & {i.item_id for i in prompt.items}
        explained += 1
    assert explained >= PROMPTS
