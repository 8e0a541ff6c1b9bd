"""Why an item was not offered, where the catalogue, curators or what prompts earn decide."""

from collections.abc import Sequence
from typing import Any

import pytest

from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.slots import Placement
from streams.contract.published.prompts import Prompt
from streams.operations.explanation.log.session_log import read_published, read_session
from streams.operations.explanation.why_not.asking import answer, last_asked, standing_now
from streams.operations.explanation.why_not.considered import Considered
from streams.operations.explanation.why_not.proposals import Source
from streams.operations.explanation.why_not.words import COLUMNS, in_words
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.test_why_not import TOGETHER, prompts, shop_of
from tests.stories import NOON_MS, Story

EARNING: dict[str, Any] = {
    "reward": "net",
    "items_decided": True,
    "items_exploration": 0.0,
    "dismissal_cost_minor": 50,
}
PRICED: dict[str, Any] = {"price_minor": 400, "currency": "EUR"}


def told(
    worker: OneWorker,
    item_id: str,
    items: Sequence[CatalogItem] = (),
    controls: Sequence[ControlRecord] = (),
    slot: Placement | None = None,
) -> tuple[Considered, Shop]:
    """What is told of an item by somebody with the secret, and the shop that was folded."""
    settings = worker.settings
    log = read_session(worker.log, "s1", settings)
    published = read_published(worker.log, log, "s1", settings)
    standing = standing_now(settings, items, controls)
    shop = Shop(settings)
    decision = last_asked(log, "s1", slot)
    return answer(shop, worker.log, log, published, decision, standing, item_id), shop


def source(of: Considered, arm: str) -> Source:
    """What an arm says of the item."""
    return next(one for one in of.sources if one.arm == arm)


def item(item_id: str, kind: Any = None, of: str = "bread", **more: Any) -> CatalogItem:
    """An item of the catalogue, with a relation if one is named."""
    relations = () if kind is None else (Relation(kind=kind, item_id=of),)
    return CatalogItem(item_id=item_id, relations=relations, **more)


@pytest.mark.parametrize(
    ("refusal", "settings", "items"),
    [
        ("upgrade", {"catalog_relations": "guards"}, [item("butter", "upgrade_of")]),
        ("excluded", {"catalog_relations": "guards"}, [item("butter", "excludes")]),
        ("requires", {"catalog_relations": "guards"}, [item("butter", "requires", "knife")]),
        ("margin", {"margin_ratio_min": 0.2}, [item("butter", margin_minor=9, **PRICED)]),
        (
            "substitute",
            {"substitute_probability_max": 0.5},
            [item("soap", category="stuff"), item("bread", category="stuff")],
        ),
    ],
    ids=["upgrade", "excluded", "requires", "margin", "substitute"],
)
def test_what_the_catalogue_refuses_is_told_with_its_reason(
    refusal: str, settings: dict[str, Any], items: list[CatalogItem]
) -> None:
    """And where the settings of the shell let it decide nothing, it is in nobody's way."""
    worker, plain = shop_of(**settings), shop_of()
    for shop in (worker, plain):
        shop.take(0, Story().view("bread"))

    said, _ = told(worker, items[0].item_id, items)
    assert (refusal,) == said.refusals
    assert f"refused, {refusal}:" in in_words(said)
    assert () == told(plain, items[0].item_id, items)[0].refusals


def test_whose_segment_an_item_is_not_for_is_told_so() -> None:
    """By the segment of the event that asked."""
    worker = shop_of()
    worker.take(0, Story().view("bread", segment="student"))
    said, _ = told(worker, "butter", [item("butter", eligible_segments=("club",))])

    assert ("segment",) == said.refusals
    assert "refused, segment: it is not for this shopper's segment" in in_words(said)
    fine, _ = told(worker, "butter", [item("butter", eligible_segments=("student",))])
    assert () == fine.refusals


def test_what_the_catalogue_or_a_curator_says_is_told_as_an_arm() -> None:
    """With its place in what is said; of what nobody names, that nobody does."""
    worker = shop_of(catalog_relations="arms")
    worker.take(0, Story().view("bread"))
    items = [item("knife", "accessory_of")]
    pair = {"items": ["honey", "jam"], "source": "editors"}
    said = ControlRecord(key="curated.bread", value=pair, author="ann", reason="try", at_ms=NOON_MS)

    assert (1, None) == _place(told(worker, "knife", items)[0], "accessories")
    assert (None, "not_said") == _place(told(worker, "butter", items)[0], "accessories")
    assert (2, None) == _place(told(worker, "jam", items, [said])[0], "curated")
    off = ControlRecord(
        key="arms.accessories.state", value="off", author="ann", reason="try", at_ms=NOON_MS
    )
    assert not source(told(worker, "knife", items, [off])[0], "accessories").drawable


def test_what_completes_a_bundle_or_brings_points_is_told_as_an_arm() -> None:
    """By the controls and the prices of now; of what is in no bundle, that it completes none."""
    worker = shop_of(catalog_prices_max=100)
    worker.take(0, Story().view("bread", segment="gold"))
    items = [item(name, **PRICED) for name in ("bread", "knife", "butter")]
    bundle = {"items": ["bread", "knife"], "discount_per_mille": 100}
    program = {"points_per_mille": {"EUR": 10}, "tiers": {"gold": 1000}}
    controls = [
        ControlRecord(key=key, value=value, author="ann", reason="try", at_ms=NOON_MS)
        for key, value in (("bundles.breakfast", bundle), ("loyalty.program", program))
    ]

    assert (1, None) == _place(told(worker, "knife", items, controls)[0], "bundle")
    assert (None, "no_bundle") == _place(told(worker, "butter", items, controls)[0], "bundle")
    assert (1, None) == _place(told(worker, "butter", items, controls)[0], "loyalty")
    assert (None, "not_said") == _place(told(worker, "knife", items, controls)[0], "loyalty")


def test_a_part_of_a_bundle_that_needs_the_other_one_is_told_as_the_bundle_has_it() -> None:
    """The knife is of no use without its board: a bundle has both, and no other arm either."""
    worker = shop_of(catalog_prices_max=100, catalog_relations="guards")
    for number in range(12):
        past = Story(f"cut-{number}", start_ms=NOON_MS - 60_000 * (number + 1))
        worker.take(0, past.add("bread", slots=()))
        worker.take(0, past.add("knife", slots=()))
    items = [item("bread", **PRICED), item("board", **PRICED)]
    items.append(item("knife", "requires", "board", **PRICED))
    bundle = {"items": ["bread", "knife", "board"], "discount_per_mille": 100}
    set_up = ControlRecord(
        key="bundles.cut", value=bundle, author="ann", reason="try", at_ms=NOON_MS
    )
    worker.catalog = standing_now(worker.settings, items, [set_up]).catalog
    story, verdicts = Story("s1"), dict[bool, str]()
    for _ in range(24):
        worker.take(0, story.view("bread"))
        said, _ = told(worker, "knife", items, [set_up])
        assert ((), (1, None)) == (said.refusals, _place(said, "bundle"))
        assert (said.drawn == "bundle") == (("knife", "board") == said.chosen)
        verdicts[said.drawn == "bundle"] = said.verdict
    assert {True: "offered", False: "not_drawn"} == verdicts

    alone, _ = told(worker, "knife", items)
    assert ("requires",) == alone.refusals

    off = ControlRecord(
        key="arms.bundle.state", value="off", author="ann", reason="try", at_ms=NOON_MS
    )
    stopped, _ = told(worker, "knife", items, [set_up, off])
    assert ("requires",) == stopped.refusals


def test_who_sends_too_much_back_and_what_comes_back_is_told_so() -> None:
    """The silence by its name; the item by its own."""
    worker = shop_of(returned_share_max=0.5, returned_lines_min=1)
    story = Story("s1", shopper_id="ann")
    for event in (story.order("kite"), story.send_back("kite"), story.view("bread")):
        worker.take(0, event)
    said, _ = told(worker, "kite")

    assert ("silence", "returns") == (said.verdict, said.silence)
    assert "comes_back" in said.refusals
    assert "refused, comes_back: it was sent back too often" in in_words(said)


def test_what_does_not_fit_a_better_one_is_told_so() -> None:
    """Honey replaces butter, which is bought with bread more often."""
    worker = shop_of(catalog_relations="guards")
    worker.take(0, Story().view("bread"))
    said, _ = told(worker, "honey", [item("honey", "excludes", "butter")])

    assert (None, "unfit") == _place(said, "bought_together")
    assert source(said, "bought_together").counts is not None
    assert () == said.refusals


def test_in_the_slot_of_upgrades_an_upgrade_is_not_in_its_own_way() -> None:
    """Its place is told, and of any other item that nobody names it."""
    worker = shop_of(catalog_relations="guards")
    worker.take(0, Story().view("bread", slots=("upgrade",), **PRICED))
    items = [item("loaf", "upgrade_of", price_minor=900, currency="EUR")]
    said, _ = told(worker, "loaf", items, slot="upgrade")

    assert ((1, None), ()) == (_place(said, "upgrade"), said.refusals)
    assert (None, "not_said") == _place(told(worker, "butter", items, slot="upgrade")[0], "upgrade")


def of_top_up(prices: dict[str, int], item_id: str, **fields: Any) -> tuple[int | None, str | None]:
    """What the top-up says of an item where bread is in the basket, and 10.00 ship for free."""
    worker = shop_of(free_shipping="EUR=1000", catalog_prices_max=100)
    worker.take(0, Story().add("bread"))
    every: dict[str, dict[str, Any]] = {
        name: {"price_minor": price, "margin_minor": 90, "currency": "EUR"}
        for name, price in {"bread": 600, **prices}.items()
    }
    every[item_id] = every.get(item_id, {}) | fields
    items = [CatalogItem(item_id=name, **said) for name, said in every.items()]
    said, _ = told(worker, item_id, items)
    assert max(map(len, in_words(said).splitlines())) <= COLUMNS
    return _place(said, "top_up")


@pytest.mark.parametrize(
    ("of", "item_id", "fields", "said"),
    [
        ({"butter": 400, "jam": 450}, "butter", {}, (1, None)),
        ({"butter": 400, "jam": 450}, "jam", {}, (None, "no_top_up")),
        ({"butter": 400, "jam": 501}, "jam", {}, (None, "too_dear")),
        ({"butter": 400, "jam": 450}, "jam", {"margin_minor": 0}, (None, "no_margin")),
        ({"butter": 400, "jam": 450}, "jam", {"currency": "USD"}, (None, "no_price")),
        ({"butter": 400}, "jam", {}, (None, "no_price")),
        ({"butter": 501, "jam": 200}, "jam", {}, (None, "no_reach")),
        ({"butter": 400, "camera": 450}, "camera", {}, (None, "no_source")),
    ],
    ids=["chosen", "dearer", "too-dear", "no-margin", "dollars", "unknown", "alone", "no-source"],
)
def test_of_a_top_up_it_is_told_why_an_item_is_not_in_it(
    of: dict[str, int], item_id: str, fields: dict[str, Any], said: tuple[int | None, str | None]
) -> None:
    """What holds of the item, not all that might; 4.00 are missing, and 1.00 beyond is well."""
    assert said == of_top_up(of, item_id, **fields)


def test_of_an_exact_top_up_both_items_are_told_to_be_in_it_beside_an_open_bundle() -> None:
    """Bread, butter and honey would be one: butter and jam, for just what is missing, are none."""
    worker = shop_of(free_shipping="EUR=1000", catalog_prices_max=100)
    worker.take(0, Story().add("bread"))
    prices = {"bread": 600, "butter": 150, "jam": 250, "honey": 190, "soap": 290}
    items = [
        item(name, price_minor=price, margin_minor=90, currency="EUR")
        for name, price in prices.items()
    ]
    terms = {"items": ["bread", "butter", "honey"], "discount_minor": {"EUR": 100}}
    control = ControlRecord(
        key="bundles.break", value=terms, author="ann", reason="try", at_ms=NOON_MS
    )
    said = {name: told(worker, name, items, [control])[0] for name in ("butter", "jam", "soap")}

    places = [_place(said[name], "top_up") for name in ("butter", "jam")]
    assert [(1, None), (2, None)] == sorted(places, key=str)
    assert (None, "no_top_up") == _place(said["soap"], "top_up")


def test_where_nothing_is_worth_it_that_is_the_silence_that_is_told() -> None:
    """A dismissal costs more than anything earns."""
    worker = shop_of(**EARNING | {"dismissal_cost_minor": 1900})
    items = [item(name, margin_minor=1, **PRICED) for name in (*TOGETHER["bread"], "soap")]
    worker.catalog = standing_now(worker.settings, items, []).catalog
    worker.take(0, Story().view("bread"))
    assert "not_worth" == [*worker.silences.values()][-1].reason
    said, _ = told(worker, "butter", items)

    assert ("silence", "not_worth") == (said.verdict, said.silence)
    assert "(not_worth)" in in_words(said)


def test_how_often_offers_are_sold_is_known_as_the_worker_knows_it() -> None:
    """By the receipts of others, and by what the session's own prompts say."""
    worker = shop_of(**EARNING)
    for number in range(30):
        story = Story(f"buyer-{number}" if number < 25 else "s1", start_ms=NOON_MS + 9_000 * number)
        worker.take(0, story.view("bread"))
        mine = [one for one in prompts(worker) if one.session_id == story.session_id]
        if mine:
            _bought(worker, story, mine[-1], kept=number % 3 > 0)
    worker.take(0, story.view("bread"))
    _, shop = told(worker, "honey")
    known, again = (each.attribution.rewards.offers for each in (worker.shop, shop))

    assert known is not None
    assert again is not None
    assert known.sales.to_bytes() == again.sales.to_bytes()
    assert known.dismissals.to_bytes() == again.dismissals.to_bytes()
    assert known.sale("bought_together", "product_page/new", 1, 0).trials > 1


def test_what_would_earn_less_than_it_annoys_is_told_so() -> None:
    """Two fit, and jam loses: it is not said that there were better ones."""
    worker, margins = shop_of(**EARNING), dict.fromkeys(("jam", "honey", "soap"), -4)
    margins["butter"] = 150
    items = [item(name, margin_minor=margin, **PRICED) for name, margin in margins.items()]
    worker.catalog = standing_now(worker.settings, items, []).catalog
    worker.take(0, Story().add("bread"))

    best, _ = told(worker, "butter", items)
    assert ("offered", ("butter",)) == (best.verdict, best.chosen)
    assert "not_worth" == told(worker, "jam", items)[0].verdict


def _bought(worker: OneWorker, story: Story, prompt: Prompt, *, kept: bool) -> None:
    """It is seen; its first item is added and bought, or it is sent away."""
    worker.take(0, story.see(prompt))
    if not kept:
        worker.take(0, story.dismiss(prompt))
        return
    worker.take(0, story.add(prompt.items[0].item_id, receipt=prompt.receipt))
    worker.take(0, story.order(prompt.items[0].item_id))


def _place(said: Considered, arm: str) -> tuple[int | None, str | None]:
    one = source(said, arm)
    return one.rank, one.missing
