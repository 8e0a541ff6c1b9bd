"""Feeds say what was decided, to whoever said yes, about what was not bought."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import Misconfigured
from streams.contract.events import Event
from streams.contract.events.fields import OrderLine
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.outcomes import Assigned
from streams.contract.published.prompts import (
    Evidence,
    Prompt,
    PromptItem,
    PromptWithdrawn,
    Reason,
    prompt_id,
)
from streams.contract.wire.shop.offers import BundleOffer, FreeShippingOffer, LoyaltyOffer
from streams.shop.decision.languages.message_files import LANGUAGES
from streams.shop.decision.languages.messages import reason
from streams.storefront.feeds.command import cells
from streams.storefront.feeds.rows import FeedMaker, FeedRow
from streams.storefront.feeds.sessions import FeedSessions
from tests.stories import Story

YES = {"consent": True}


def prompt(story: Story, cause: Any, *items: str, key: str = "bought_together") -> Prompt:
    """What a worker offered for an event."""
    id_ = prompt_id(cause.event_id, story.session_id, "basket")
    evidence = Evidence(anchor=cause.item_id, together=41, of=57)
    said = reason(key, anchor=cause.item_id, locale=cause.locale)
    return Prompt(
        prompt_id=id_,
        session_id=story.session_id,
        placement="basket",
        anchor=cause.item_id,
        items=tuple(PromptItem(item_id=item, score=0.5, evidence=evidence) for item in items),
        arm=key.partition("/")[0],
        context="basket/new",
        propensity=1.0,
        propensities={"bought_together": 1.0},
        reason=Reason.model_validate(said),
        locale=cause.locale,
        caused_by=cause.event_id,
        occurred_at_ms=cause.occurred_at_ms,
        expires_at_ms=cause.occurred_at_ms + 120_000,
        receipt=f"2.{id_}",
    )


class Log:
    """What was published, and what happened."""

    def __init__(self) -> None:
        self.sessions = FeedSessions()
        self.catalog: dict[str, CatalogItem] = {}

    def offers(self, story: Story, item: str, *items: str, **more: Any) -> Prompt:
        """An item is added, and others are offered with it."""
        key = more.pop("key", "bought_together")
        added = story.add(item, **more)
        offered = prompt(story, added, *items, key=key)
        self.sessions.publish(offered)
        self.sessions.happen(added)
        return offered

    def happens(self, *events: Any) -> None:
        """These events."""
        for event in events:
            self.sessions.happen(event)

    def maker(self, **more: Any) -> FeedMaker:
        """Of what there is by now."""
        return FeedMaker(self.sessions, self.catalog, **{"margin_ratio_min": -1.0, **more})

    def post_purchase(self, **more: Any) -> list[FeedRow]:
        """The rows for e-mail tools."""
        return [*self.maker(**more).post_purchase()]

    def staff(self, **more: Any) -> list[FeedRow]:
        """The rows for tills."""
        return [*self.maker(**more).staff()]


def items(rows: list[FeedRow]) -> list[str]:
    """What they offer."""
    return [row.item_id for row in rows]


def withdrawn(said: Prompt, because: Any = "added") -> PromptWithdrawn:
    """The prompt is pointless by now."""
    return PromptWithdrawn(
        prompt_id=said.prompt_id,
        session_id=said.session_id,
        because=because,
        caused_by="e",
        occurred_at_ms=1,
    )


def test_an_order_is_completed_by_what_was_offered_and_not_bought() -> None:
    """The withdrawal that the order caused does not matter; what was bought is not offered."""
    log, ann = Log(), Story("ann", shopper_id="a-1", **YES)
    offered = log.offers(ann, "bread", "butter", "jam")
    log.happens(ann.add("butter"), ann.order("bread", "butter"))
    log.sessions.publish(withdrawn(offered, "ordered"))

    (row,) = log.post_purchase()

    assert ("jam", "bread", "a-1", "o-ann-1") == (
        row.item_id,
        row.anchor,
        row.shopper_id,
        row.order_id,
    )
    assert "Often bought together with bread" == row.text
    assert "In 41 of 57 baskets" == row.evidence_text
    assert [] == log.staff()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("bought_together_several", "Often bought together with bread"),
        ("viewed_together_several", "Shoppers who looked at bread looked at this too"),
        ("accessories_several", "Made to go with bread"),
        ("curated_several", "Recommended with items of this visit"),
    ],
)
def test_a_row_names_its_own_anchor_whatever_the_prompt_says_of_several(
    key: str, text: str
) -> None:
    """Who recommended it the prompt does not say of each: that stays as it is."""
    log, ann = Log(), Story("ann", shopper_id="a-1", **YES)
    log.offers(ann, "bread", "jam", key=key)
    log.happens(ann.order("bread"))
    (row,) = log.post_purchase()

    assert ("bread", text) == (row.anchor, row.text)


def test_staff_are_told_what_to_say_before_anything_is_ordered() -> None:
    """In one sentence with the titles of both items."""
    log, ann = Log(), Story("ann", **YES)
    log.catalog["bread"] = CatalogItem(item_id="bread", titles={"en": "sourdough bread"})
    log.catalog["butter"] = CatalogItem(item_id="butter", titles={"en": "salted butter"})
    log.offers(ann, "bread", "butter")

    (row,) = log.staff()

    assert "Who buys sourdough bread often takes salted butter, too." == row.text
    assert ("salted butter", None) == (row.title, row.order_id)
    assert [] == log.post_purchase()


@pytest.mark.parametrize("said", [{}, {"consent": False}, {"consent": None}])
def test_who_did_not_say_yes_is_in_no_feed(said: dict[str, Any]) -> None:
    """Whatever the shop's default is: silence is no consent to be written to."""
    log, ann = Log(), Story("ann", **said)
    log.offers(ann, "bread", "butter")
    maker = log.maker()

    assert [] == [*maker.staff()]
    assert {"no_consent": 1} == dict(maker.left_out)
    log.happens(ann.order("bread"))
    assert [] == log.post_purchase()


@pytest.mark.parametrize("how", ["here", "elsewhere", "forgotten", "as_visitor"])
def test_a_no_takes_a_yes_back(how: str) -> None:
    """In the session, in another one of shopper or visitor, or by being forgotten."""
    log, ann = Log(), Story("ann", shopper_id="a-1", visitor_id="v-1", **YES)
    log.offers(ann, "bread", "butter")
    log.happens(ann.order("bread"))
    assert ["butter"] == items(log.post_purchase())
    later = Story("other", start_ms=ann.now_ms + 1000)
    said: dict[str, Event] = {
        "here": ann.view("tea", consent=False),
        "elsewhere": later.view("tea", shopper_id="a-1", consent=False),
        "forgotten": later.forget("a-1"),
        "as_visitor": later.view("tea", visitor_id="v-1", consent=False),
    }
    log.happens(said[how])

    assert [] == log.post_purchase()


def test_a_yes_after_a_no_is_a_yes() -> None:
    """The latest word counts."""
    log, ann = Log(), Story("ann", shopper_id="a-1")
    log.happens(Story("before").view("tea", shopper_id="a-1", consent=False))
    ann.now_ms += 60_000
    log.offers(ann, "bread", "butter", **YES)

    assert ["butter"] == items(log.staff())


V2: dict[str, Any] = {"schema_version": 2}


def test_the_yes_of_the_next_one_is_none_of_the_one_before() -> None:
    """Ann orders without consent; then Bob is there, and says yes."""
    log, tab = Log(), Story("tab", **V2)
    log.offers(tab, "bread", "butter", shopper_id="ann", consent=False)
    log.happens(tab.order("bread"), tab.view("tea", shopper_id="bob", **YES))

    assert [] == log.post_purchase()


def test_who_has_signed_out_is_not_named_by_what_comes_after() -> None:
    """Ann said nothing of consent; whoever comes next says yes, and orders."""
    log, tab = Log(), Story("tab", **V2)
    log.offers(tab, "bread", "butter", shopper_id="ann")
    log.happens(tab.view("tea", shopper_id=None, **YES), tab.order("bread"))

    assert [None] == [row.shopper_id for row in log.post_purchase()]


def test_a_tab_that_is_still_open_brings_nobody_back_who_was_forgotten() -> None:
    """Its next yes is of what comes next, not of the order before."""
    log, tab = Log(), Story("tab", **V2)
    log.offers(tab, "bread", "butter", shopper_id="ann", **YES)
    log.happens(tab.order("bread"), Story("desk", start_ms=tab.now_ms + 1).forget("ann"))
    log.happens(tab.view("tea", after_s=60, **YES))

    assert [] == log.post_purchase()


def test_a_no_need_not_say_again_who_is_signed_in() -> None:
    """In a session that was offered nothing, too."""
    log, ann = Log(), Story("ann", **V2)
    log.offers(ann, "bread", "butter", shopper_id="a-1", **YES)
    log.happens(ann.order("bread"))
    assert ["butter"] == items(log.post_purchase())
    other = Story("other", start_ms=ann.now_ms + 1000, **V2)
    log.happens(other.view("tea", shopper_id="a-1"), other.view("tea", consent=False))

    assert [] == log.post_purchase()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("how", ["return", "cancel"])
def test_a_refund_signs_nobody_in_or_out(how: str, version: int) -> None:
    """Ann's refund is told in the tab in which Bob is by now: his lines stay his, with his yes."""
    log, tab = Log(), Story("tab", schema_version=version)
    bob: dict[str, Any] = {"shopper_id": "bob", "visitor_id": "v-1", **YES}
    log.offers(tab, "bread", "butter", **bob)
    refund = partial(tab.send_back, "milk") if how == "return" else tab.cancel
    log.happens(refund(order_id="of ann", shopper_id="ann", visitor_id="office"))
    assert [("butter", "bob")] == [(row.item_id, row.shopper_id) for row in log.staff()]
    log.happens(refund(order_id="of nobody", consent=False))
    log.happens(tab.order("bread", **bob))

    assert [("butter", "bob")] == [(row.item_id, row.shopper_id) for row in log.post_purchase()]


def test_the_yes_of_a_refund_is_nobodys() -> None:
    """A back office that always says yes knows not who is there; its no is of whom it names."""
    log, tab = Log(), Story("tab", **V2)
    log.offers(tab, "bread", "butter", visitor_id="v-1")
    log.happens(tab.cancel(order_id="o-0", shopper_id="ann", **YES))
    maker = log.maker()
    assert [] == [*maker.staff()]
    assert {"no_consent": 1} == dict(maker.left_out)

    log.happens(tab.view("tea", shopper_id="ann", **YES))
    assert ["butter"] == items(log.staff())
    office = Story("office", start_ms=tab.now_ms + 1000, **V2)
    log.happens(office.cancel(order_id="o-0", shopper_id="ann", consent=False))
    maker = log.maker()
    assert [] == [*maker.staff()]
    assert {"denied": 1} == dict(maker.left_out)


def test_who_is_held_out_is_in_no_feed() -> None:
    """Though a prompt of theirs should be in the log."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter")
    log.sessions.assign(
        Assigned(
            session_id="ann",
            caused_by="e",
            occurred_at_ms=1,
            unit="u",
            experiment="x",
            holdout=True,
            share=0.05,
        )
    )
    maker = log.maker()

    assert [] == [*maker.staff()]
    assert {"held_out": 1} == dict(maker.left_out)


def test_what_was_sent_away_or_taken_is_not_said_again() -> None:
    """Dismissed, in the basket, withdrawn; another prompt's items still are."""
    log, ann = Log(), Story("ann", **YES)
    first = log.offers(ann, "bread", "butter")
    second = log.offers(ann, "tea", "milk", "sugar")
    third = log.offers(ann, "pasta", "sauce")
    log.sessions.publish(withdrawn(third))
    log.happens(ann.dismiss(first), ann.add("milk"))

    assert ["sugar"] == items(log.staff())
    log.happens(ann.remove("milk"))
    assert ["milk", "sugar"] == items(log.staff())
    log.happens(ann.order("tea"))
    assert {"milk", "sugar", "sauce"} == set(items(log.post_purchase(items_max=10)))
    assert second.prompt_id in {row.prompt_id for row in log.post_purchase()}


def test_what_is_instead_of_something_completes_nothing() -> None:
    """A prompt of another kind than `cross_sell` is in no feed."""
    log, ann = Log(), Story("ann", **YES)
    offered = prompt(ann, ann.add("bread"), "better bread")
    log.sessions.publish(offered.model_copy(update={"kind": "upsell"}))
    log.offers(ann, "tea", "milk")
    log.happens(ann.order("bread"))

    assert ["milk"] == items(log.post_purchase())


@pytest.mark.parametrize("why", [{"in_stock": False}, {"hidden": True}, {"restricted": "age"}])
def test_what_cannot_be_had_by_now_is_not_offered(why: dict[str, Any]) -> None:
    """The catalogue of today counts, though the prompt was decided yesterday."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter", "jam")
    log.happens(ann.order("bread"))
    log.catalog["butter"] = CatalogItem.model_validate({"item_id": "butter", **why})

    assert ["jam"] == items(log.post_purchase())


def test_a_variant_of_what_nobody_may_be_offered_is_in_no_mail() -> None:
    """What its product is restricted or hidden for holds for it; what that one lacks does not."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter-s", "jam-s")
    log.happens(ann.order("bread"))
    for product, why in (("butter", {"restricted": "age"}), ("jam", {"in_stock": False})):
        log.catalog[product] = CatalogItem.model_validate({"item_id": product, **why})
        variant = CatalogItem(item_id=f"{product}-s", variant_of=product)
        log.catalog[variant.item_id] = variant

    assert ["jam-s"] == items(log.post_purchase())


@pytest.mark.parametrize(("floor", "left"), [(-1.0, ["butter", "jam"]), (0.2, ["jam"])])
def test_what_the_workers_withhold_for_its_margin_is_in_no_mail(
    floor: float, left: list[str]
) -> None:
    """The floor of the installation is that of its feeds."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter", "jam")
    log.happens(ann.order("bread"))
    earns = {"price_minor": 400, "margin_minor": 10, "currency": "EUR"}
    log.catalog["butter"] = CatalogItem.model_validate({"item_id": "butter", **earns})

    assert left == items(log.post_purchase(margin_ratio_min=floor))


@pytest.mark.parametrize("how", ["cancelled", "returned"])
def test_an_order_that_does_not_stand_is_not_completed(how: str) -> None:
    """Said in any session, and perhaps read before the order itself."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter")
    order, desk = ann.order("bread"), Story("desk", start_ms=ann.now_ms + 1000)
    taken_back = desk.cancel if how == "cancelled" else desk.send_back
    log.happens(taken_back(order_id=order.order_id, lines=None), order)

    assert [] == log.post_purchase()


@pytest.mark.parametrize("by", ["ann", "desk"])
def test_an_order_of_which_nothing_was_kept_is_not_completed(by: str) -> None:
    """Returned line by line, once or twice, in its own session or another one."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "camera", "bag")
    order = ann.order("camera", "case")
    teller = ann if by == "ann" else Story("desk", start_ms=ann.now_ms + 1000)
    half = teller.send_back("camera", order_id=order.order_id)
    log.happens(half, order, half)
    maker = log.maker()

    assert [] == [*maker.post_purchase()], "its anchor came back"
    assert {} == dict(maker.left_out)
    assert [] == log.staff(), "the case was kept"
    log.happens(teller.send_back("case", order_id=order.order_id))
    assert [] == [*maker.post_purchase()]
    assert {"taken_back": 1} == dict(maker.left_out)
    assert ["bag"] == items(log.staff()), "whoever has kept nothing has not ordered"


def test_what_goes_with_what_was_kept_is_offered_after_a_return_of_a_part() -> None:
    """One of two pieces is kept; and a repeat of the return takes nothing more back."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter")
    log.offers(ann, "tea", "milk")
    two = OrderLine(item_id="bread", quantity=2)
    order = ann.order("tea").model_copy(update={"lines": (two, OrderLine(item_id="tea"))})
    back = ann.send_back("bread", "tea")
    log.happens(order, back, back)

    assert ["butter"] == items(log.post_purchase())
    log.happens(ann.send_back("bread"))
    assert [] == log.post_purchase()


@pytest.mark.parametrize("off", ["returned", "cancelled"])
def test_nothing_is_offered_with_what_came_back_of_another_order_of_the_session(off: str) -> None:
    """Unless it was ordered once more, and kept: it was sent in another size, say."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "tea", "mug")
    first, second = ann.order("tea", order_id="one"), ann.order("bread", order_id="two")
    back = ann.send_back("tea", order_id="one") if off == "returned" else ann.cancel(order_id="one")
    log.happens(first, second)
    assert ["mug", "mug"] == items(log.post_purchase())
    log.happens(back)
    assert [] == log.post_purchase()
    log.happens(ann.order("tea", order_id="three"))

    assert [("mug", "three")] == [(row.item_id, row.order_id) for row in log.post_purchase()]


@pytest.mark.parametrize("how", ["elsewhere", "forgotten", "silent", "another"])
def test_a_feed_after_the_purchase_says_how_many_sessions_it_left_out(how: str) -> None:
    """Who said no elsewhere, was forgotten, never said yes, or came before the one who did."""
    consent = None if how in ("silent", "another") else True
    log, ann = Log(), Story("ann", shopper_id="a-1", visitor_id="v-1", consent=consent, **V2)
    log.offers(ann, "bread", "butter")
    log.happens(ann.order("bread"))
    later = Story("other", start_ms=ann.now_ms + 1000)
    if how == "another":
        log.happens(ann.view("tea", shopper_id="b-1", **YES))
    elif how != "silent":
        denies = later.view("tea", visitor_id="v-1", consent=False)
        log.happens(denies if how == "elsewhere" else later.forget("a-1"))
    maker = log.maker()

    assert [] == [*maker.post_purchase()]
    said = "denied" if how in ("elsewhere", "forgotten") else "no_consent"
    assert {said: 1} == dict(maker.left_out)


def test_what_the_shopper_bought_in_another_session_is_not_offered() -> None:
    """On another device, say."""
    log, ann = Log(), Story("ann", shopper_id="a-1", **YES)
    log.offers(ann, "bread", "butter", "jam")
    log.happens(ann.order("bread"), Story("phone", shopper_id="a-1").order("butter"))

    assert ["jam"] == items(log.post_purchase())


WHO: list[dict[str, Any]] = [{"shopper_id": "a-1"}, {"visitor_id": "v-1"}]


@pytest.mark.parametrize("who", WHO)
def test_staff_are_not_sent_to_who_has_ordered_in_another_session(who: dict[str, Any]) -> None:
    """Of the same shopper or visitor: on a payment page, say, or before; whatever was bought."""
    log, ann = Log(), Story("ann", **who, **YES)
    log.offers(ann, "bread", "butter")
    assert ["butter"] == items(log.staff())
    pay = Story("pay-12", start_ms=ann.now_ms + 1000, **who)
    log.happens(pay.order("milk"))

    assert [] == log.staff()


def test_staff_are_sent_to_who_took_an_order_back() -> None:
    """Cancelled at the desk: nothing was ordered, in the end."""
    log, ann = Log(), Story("ann", visitor_id="v-1", **YES)
    log.offers(ann, "bread", "butter")
    order = Story("pay", visitor_id="v-1").order("milk")
    log.happens(order, Story("desk").cancel(order_id=order.order_id, lines=None))

    assert ["butter"] == items(log.staff())


def test_an_order_of_another_shopper_in_the_same_browser_is_not_this_ones() -> None:
    """Ann orders and signs out; Bob signs in there, and has not ordered."""
    log, bob = Log(), Story("bob", visitor_id="v-1", shopper_id="bob", **YES)
    log.offers(bob, "bread", "butter")
    log.happens(Story("ann", visitor_id="v-1", shopper_id="ann").order("butter"))

    assert ["butter"] == items(log.staff())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feed_speaks_the_shoppers_language_or_the_one_that_is_asked_for(language: str) -> None:
    """Texts, titles and evidence alike."""
    log, ann = Log(), Story("ann", **YES)
    log.catalog["butter"] = CatalogItem(item_id="butter", titles={"en": "Butter", language: "B."})
    log.offers(ann, "bread", "butter", locale=f"{language}-X")
    log.happens(ann.order("bread"))
    theirs, english = log.post_purchase(), log.post_purchase(language="en")

    assert (language, "B.") == (theirs[0].language, theirs[0].title)
    said = reason("bought_together", anchor="bread", locale=language)
    assert said["text"] == theirs[0].text
    assert "Often bought together with bread" == english[0].text


def test_a_reason_of_several_sources_is_told_of_its_own_item_alone() -> None:
    """Of the others only that they go together: which source spoke for them is not in a prompt."""
    log, ann = Log(), Story("ann", **YES)
    log.offers(ann, "bread", "butter", "jam", key="best_fit/next")
    log.happens(ann.order("bread"))
    butter, jam = log.post_purchase()

    assert ("Often the next after bread", "In 41 of 57 visits") == (
        butter.text,
        butter.evidence_text,
    )
    assert ("jam goes well with bread.", None) == (jam.text, jam.evidence_text)


def test_no_mail_after_the_order_promises_free_shipping() -> None:
    """That was said of a basket which is none any more; the item is offered all the same."""
    log, ann = Log(), Story("ann", **YES)
    added = ann.add("bread")
    said = prompt(ann, added, "butter", key="top_up").model_copy(update={"offer": SHIPPING})
    log.sessions.publish(said)
    log.happens(added, ann.order("bread"))

    (row,) = log.post_purchase()

    assert "We suggest butter." == row.text
    assert (None, None, None) == (row.evidence_text, row.offer, row.offer_missing_minor)


SHIPPING = FreeShippingOffer(missing_minor=2000, threshold_minor=5000, currency="EUR")
BUNDLE = BundleOffer(
    bundle="breakfast",
    bundle_items=("bread", "pot", "jam"),
    price_minor=900,
    discount_minor=90,
    currency="EUR",
)
POINTS = LoyaltyOffer(tier="member", points=(30, 6), currency="EUR")


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    ("key", "offer", "names", "said", "fields"),
    [
        ("top_up", SHIPPING, ["pot"], "With pot the shipping is free.", (2000, 5000, "EUR")),
        (
            *("top_up", SHIPPING, ["pot", "jam"]),
            *("pot brings the basket closer to free shipping.", (2000, 5000, "EUR")),
        ),
        ("bundle", BUNDLE, ["pot"], "pot is part of a bundle that costs", (900, 90, "EUR")),
        ("loyalty", POINTS, ["pot", "jam"], "pot brings you loyalty points.", (30, "EUR")),
    ],
)
def test_staff_tell_what_is_offered_with_an_item_and_no_more(
    key: str, offer: Any, names: list[str], said: str, fields: tuple[Any, ...], form: str
) -> None:
    """Not that it goes with anything; amounts are fields, in both forms."""
    log, ann = Log(), Story("ann", **YES)
    added = ann.add("bread")
    offered = prompt(ann, added, *names, key=key).model_copy(update={"offer": offer})
    log.sessions.publish(offered)
    log.happens(added)

    row = log.staff()[0]

    assert row.text.startswith(said)
    beside = row[FeedRow._fields.index("offer") :]
    told = [*row._asdict().values()] if form == "json" else cells(row)
    assert (offer.type, *fields) == tuple(each for each in beside if each is not None)
    assert [*beside] == [each if each != "" else None for each in told[-len(beside) :]]


@pytest.mark.parametrize("how", ["removed", "removed late", "ordered"])
def test_free_shipping_is_promised_of_the_basket_that_it_was_offered_for(how: str) -> None:
    """Something was taken out of it since: the item alone may not reach it any more.

    By an order, too, which was cancelled; and a removal of before that comes late changes nothing.
    """
    log, ann = Log(), Story("ann", **YES)
    tea, added = ann.add("tea"), ann.add("bread")
    offered = prompt(ann, added, "pot", key="top_up").model_copy(update={"offer": SHIPPING})
    log.sessions.publish(offered)
    early = ann.remove("jam", occurred_at_ms=tea.occurred_at_ms - 1)
    log.happens(tea, added)
    assert ["With pot the shipping is free."] == [each.text for each in log.staff()]
    if how == "ordered":
        log.happens(ann.order("tea", "bread"), ann.cancel())
    else:
        log.happens(ann.remove("tea"), *([early] if how == "removed late" else []))

    assert ["pot brings the basket closer to free shipping."] == [each.text for each in log.staff()]


def test_more_than_a_feed_may_hold_is_an_error_that_says_what_to_do() -> None:
    """Nothing grows without a bound."""
    log, ann = Log(), Story("ann", **YES)
    log.sessions.prompts_max = 2
    for item in ("bread", "tea"):
        log.offers(ann, item, "butter")

    with pytest.raises(Misconfigured, match="more than 2 prompts since then: read less"):
        log.offers(ann, "jam", "butter")


STEPS = st.lists(
    st.sampled_from(["offer", "add", "remove", "order", "dismiss", "yes", "no"]), max_size=25
)


def test_an_order_takes_the_room_of_its_people_and_its_session_not_that_of_both_at_once() -> None:
    """Two shoppers in two browsers are four people, and two sessions."""
    sessions = FeedSessions(people_max=5)
    for name in ("ann", "bob"):
        story = Story(f"of {name}", shopper_id=name, visitor_id=f"{name}-phone")
        sessions.happen(story.order("bread"))

    with pytest.raises(Misconfigured, match="more than 5 shoppers who ordered since then"):
        sessions.happen(Story("of cid", shopper_id="cid", visitor_id="phone").order("bread"))


def test_orders_of_nobody_have_a_bound_of_sessions() -> None:
    """They are known by these alone."""
    sessions = FeedSessions(people_max=2)
    for number in range(2):
        sessions.happen(Story(f"session {number}").order("bread"))

    with pytest.raises(Misconfigured, match="more than 2 sessions that ordered since then"):
        sessions.happen(Story("one more").order("bread"))


@given(steps=STEPS, data=st.data())
def test_no_feed_has_what_was_bought_or_who_said_no(steps: list[str], data: st.DataObject) -> None:
    """Whatever happens, in whatever order; and nothing that was never offered."""
    log, ann = Log(), Story("ann", shopper_id="a-1", consent=None)
    item = st.sampled_from(["butter", "jam", "tea", "milk"])
    offered, bought, consent = list[Prompt](), set[str](), False
    for step in steps:
        if step == "offer":
            offered.append(log.offers(ann, "bread", data.draw(item), data.draw(item)))
        elif step == "dismiss" and offered:
            log.happens(ann.dismiss(data.draw(st.sampled_from(offered))))
        elif step == "order":
            one = data.draw(item)
            bought.add(one)
            log.happens(ann.order(one))
        elif step in ("yes", "no"):
            consent = step == "yes"
            log.happens(ann.view("bread", consent=consent))
        elif step in ("add", "remove"):
            log.happens(getattr(ann, step)(data.draw(item)))
    rows = [*log.post_purchase(), *log.staff()]

    assert consent or not rows
    assert not bought & set(items(rows))
    assert set(items(rows)) <= {one.item_id for each in offered for one in each.items}


def test_a_cell_is_text_to_a_spreadsheet() -> None:
    """Whatever a title begins with, or an id that a page made up."""
    row = FeedRow(
        *("s", "-5", "=1", 1, "+a", "@b", '=HYPERLINK("x")', 319, "EUR"),
        *(None, None, "en", "+1", None, "p"),
    )

    assert ["s", "'-5", "'=1", 1, "'+a", "'@b", '\'=HYPERLINK("x")', 319, "EUR", "", ""] == (
        cells(row)[:11]
    )
    assert "'+1" == cells(row)[12]
