"""The craft on a real Kafka: one worker, and a shopper's story for each technique.

What a catalogue, curators, segments or the shopper's own past say; who is left alone, and when;
what is never offered. Goods of one story are in no other, so that each tells of one technique.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.contract.wire.shop.offers import BundleOffer, LoyaltyOffer
from streams.shop.decision.languages.message_files import LANGUAGES
from streams.shop.decision.languages.messages import TEXTS
from streams.storefront.reference.topic_log import send
from tests.integration.operators import Operator
from tests.integration.workers import Staff, staffed
from tests.integration.workers import send as send_events
from tests.stories import Story

WHO = ("--author", "ann", "--reason", "the craft")
TOGETHER = (
    ("bread", "butter"),
    ("account", "gold-card"),
    ("pen", "ink"),
    ("swimsuit", "towel"),
    ("swimsuit", "coat"),
    ("camera", "flash"),
    ("coffee", "filter"),
)
"""What past shoppers bought together."""
LOOKED_AT = (("tent", "mat"), ("cola", "lemonade"))
"""What they looked at in one visit, and did not buy."""
CURATED = '{"items": ["candle"], "source": "editors"}'
LOYALTY = (
    '{"points_per_mille": {"EUR": 10}, "tiers": {"gold": 2000, "silver": 1000},'
    ' "tier_begins": {"silver": 0, "gold": 800}, "worth_per_mille": {"EUR": 1000}}'
)
BUNDLE = '{"items": ["desk", "lamp"], "discount_minor": {"EUR": 2500}}'
KIT = '{"items": ["telescope", "eyepiece", "ring"], "discount_minor": {"EUR": 1500}}'
"""The eyepiece fits by the ring alone."""

STUDY = '{"items": ["shelf", "rug"], "discount_per_mille": 50}'


def goods() -> Iterator[CatalogItem]:
    """What the merchant says of them."""
    yield CatalogItem(item_id="case", relations=(Relation(kind="accessory_of", item_id="phone"),))
    sells = Relation(kind="accessory_of", item_id="tablet")
    yield CatalogItem(item_id="sleeve", relations=(sells,))
    yield CatalogItem(item_id="cap", relations=(Relation(kind="accessory_of", item_id="lens"),))
    yield CatalogItem(item_id="gold-card", eligible_segments=("premium",))
    for item in ("cola", "lemonade"):
        yield CatalogItem(item_id=item, category="soda")
    for number in range(8):  # so that no category holds too much of all to say anything
        yield CatalogItem(item_id=f"other-{number}", category=f"kind {number}")
    yield CatalogItem(item_id="suite", owned_once=True)
    for item in ("reports", "backup"):
        needs = Relation(kind="requires", item_id="suite")
        completes = Relation(kind="accessory_of", item_id="support")
        yield CatalogItem(item_id=item, owned_once=True, relations=(needs, completes))
    yield _priced("ink", 1_000, 10)
    yield _priced("filter", 1_299, 900)
    yield _priced("desk", 30_000, 9_000)
    yield _priced("lamp", 6_000, 3_000)
    yield _priced("shelf", 9_000, 3_000)
    yield _priced("rug", 5_000, 3_000)
    yield _priced("telescope", 40_000, 9_000)
    fits = (Relation(kind="requires", item_id="ring"),)
    yield _priced("eyepiece", 8_000, 3_000).model_copy(update={"relations": fits})
    yield _priced("ring", 1_500, 700)
    yield _lounge("premium")
    yield CatalogItem(item_id="coat", relations=(Relation(kind="excludes", item_id="swimsuit"),))
    yield CatalogItem(item_id="flash", relations=(Relation(kind="requires", item_id="bracket"),))


def _priced(item_id: str, minor: int, margin: int) -> CatalogItem:
    return CatalogItem(item_id=item_id, price_minor=minor, margin_minor=margin, currency="EUR")


def _lounge(segment: str) -> CatalogItem:
    flies = (Relation(kind="accessory_of", item_id="flight"),)
    return CatalogItem(item_id="lounge", eligible_segments=(segment,), relations=flies)


class Market:
    """The shop while its worker is there."""

    def __init__(self, staff: Staff) -> None:
        self.staff, self.operator = staff, Operator(staff.settings)

    def open(self) -> None:
        """Tell catalogue and controls, start the worker, and let it learn."""
        settings = self.staff.settings
        send(settings, settings.topics.catalog, goods())
        self.sets("arms.popular.state", "off")  # it would have something to say to everybody
        self.sets("curated.vase", CURATED)
        self.sets("bundles.office", BUNDLE)
        self.sets("bundles.sky", KIT)
        self.sets("loyalty.program", LOYALTY)
        self.staff.start("ann")
        self.staff.until_at_work("ann")
        self.tell(past())
        self.staff.until_answered()

    def sets(self, key: str, value: str) -> None:
        """A control, as an operator types it."""
        typed = self.operator.types("control", "set", key, value, *WHO)
        assert 0 == typed.exit_code, typed.output

    def tell(self, events: Iterable[Event]) -> None:
        """Send events of shoppers."""
        send_events(self.staff.settings, events)

    def answers(self, *events: Event) -> list[Prompt | None]:
        """What each of these gets, in their order; None: silence."""
        self.tell(events)
        self.staff.until_answered()
        found = {(one.session_id, one.caused_by): one for one in self.staff.prompts()}
        return [found.get((event.session_id, event.event_id)) for event in events]

    def offered(self, *events: Event) -> list[list[str]]:
        """The items of each answer; none: silence."""
        return [
            [] if prompt is None else [item.item_id for item in prompt.items]
            for prompt in self.answers(*events)
        ]

    def until_offered(self, item: str, items: list[str]) -> None:
        """Wait until who looks at an item is offered these: a control reaches decisions soon."""
        self.staff.until(
            lambda: [items] == self.offered(shopper("later").view(item)), f"{items} for {item}"
        )

    def until_withdrawn(self, prompt: Prompt, because: str) -> None:
        """Wait until a prompt is taken back for this reason."""
        told = prompt.prompt_id, because
        self.staff.until(lambda: told in self._withdrawn(), f"withdrawn: {because}")

    def _withdrawn(self) -> set[tuple[str, str]]:
        records = self.staff.read(self.staff.settings.topics.prompts)
        said = [ANY_PUBLISHED.validate_json(record.value or b"") for record in records]
        return {(one.prompt_id, one.because) for one in said if isinstance(one, PromptWithdrawn)}

    def until_withheld(self, why: str) -> None:
        """Wait until the worker says that the catalogue has withheld something for this reason."""
        state = self.staff.state
        self.staff.until(lambda: why in state("ann")["telemetry"]["withheld"], f"withheld: {why}")


def past() -> Iterator[Event]:
    """What others did, and what Dora buys again and again."""
    now_ms = int(time.time() * 1000) - 600_000
    for number in range(6):
        for pair in TOGETHER:
            story = Story(f"past-{'-'.join(pair)}-{number}", start_ms=now_ms)
            yield from map(story.add, pair)
            yield story.order(*pair)
        for pair in LOOKED_AT:
            story = Story(f"looked-{'-'.join(pair)}-{number}", start_ms=now_ms)
            yield from map(story.view, pair)
    for number in range(20):  # beside whom it is no chance what is looked at together
        yield Story(f"other-{number}", start_ms=now_ms).view(f"other-{number % 8}")
    for number in range(4):
        visit = Story(f"dora-{number}", start_ms=now_ms - 10 * 86_400_000, shopper_id="dora")
        yield visit.add("beans")
        yield visit.order("beans")


def shopper(name: str, **always: Any) -> Story:
    """Somebody who comes in now."""
    start_ms = int(time.time() * 1000) - 20_000
    return Story(f"{name}-{uuid4().hex[:6]}", start_ms=start_ms, **always)


@pytest.fixture(scope="module")
def market(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The market, open for all stories."""
    settings: dict[str, Any] = {
        "segments": "club",
        "together_min": 3,  # what two of the stories look at is no pair yet
        "catalog_relations": "arms",
        "catalog_prices_max": 100,
        "margin_ratio_min": 0.1,
        "substitute_probability_max": 0.5,
        "dismissals_max": 2,
        "prompts_per_session_max": 3,
        "just_bought_s": 0.0,
        "returned_share_max": 0.5,
        "returned_lines_min": 3,
        "holdout_share": 0.0,
    }
    prefix, folder = f"craft-{uuid4().hex[:8]}", tmp_path_factory.mktemp("craft")
    with staffed(kafka, prefix, folder, **settings) as staff:
        found = Market(staff)
        found.open()
        yield found


def test_an_accessory_is_offered_that_nobody_ever_bought(market: Market) -> None:
    """The catalogue calls the case an accessory of the phone."""
    (prompt,) = market.answers(shopper("ann").view("phone"))

    assert prompt is not None
    assert ("accessories", ["case"]) == (prompt.arm, [item.item_id for item in prompt.items])
    assert "Made to go with phone" == prompt.reason.text


def test_what_the_editors_put_together_is_offered_in_their_name(market: Market) -> None:
    """A control says so; nobody has learned it."""
    (prompt,) = market.answers(shopper("ann").view("vase"))

    assert prompt is not None
    assert ("curated", ["candle"]) == (prompt.arm, [item.item_id for item in prompt.items])
    assert "curated/editors" == prompt.reason.key


def test_a_bundle_that_lacks_one_item_is_offered_with_what_it_saves(market: Market) -> None:
    """Desk and lamp are 25.00 EUR less together, which leaves more than the margin floor."""
    (prompt,) = market.answers(shopper("ann").add("desk"))

    assert prompt is not None
    assert ("bundle", ["lamp"]) == (prompt.arm, [item.item_id for item in prompt.items])
    assert isinstance(prompt.offer, BundleOffer)
    assert ("office", 36_000, 2_500, "EUR") == (
        *(prompt.offer.bundle, prompt.offer.price_minor),
        *(prompt.offer.discount_minor, prompt.offer.currency),
    )


def test_what_the_shop_does_not_give_any_more_leaves_the_screen(market: Market) -> None:
    """A bundle that ends, a lounge that is for others now."""
    market.sets("bundles.study", STUDY)
    market.until_offered("shelf", ["rug"])
    traveller = shopper("ann", segment="premium")
    bundle, lounge = market.answers(shopper("ann").add("shelf"), traveller.view("flight"))
    assert bundle is not None
    assert lounge is not None
    assert ("bundle", ["lounge"]) == (bundle.arm, [item.item_id for item in lounge.items])

    market.sets("bundles.study", "null")
    market.until_withdrawn(bundle, "offer_ended")
    settings = market.staff.settings
    send(settings, settings.topics.catalog, [_lounge("staff")])
    market.until_withdrawn(lounge, "not_eligible")


def test_a_bundle_with_a_lens_and_its_adapter_is_offered_whole(market: Market) -> None:
    """The eyepiece is of no use without its ring: both are offered, or what is still missing."""
    has_ring = shopper("bob")
    market.tell([has_ring.add("ring", slots=())])
    both, rest = market.answers(shopper("ann").add("telescope"), has_ring.add("telescope"))

    assert both is not None
    assert rest is not None
    assert ["eyepiece", "ring"] == [item.item_id for item in both.items]
    assert isinstance(both.offer, BundleOffer)
    assert ("bundle", 1_500) == (both.arm, both.offer.discount_minor)
    assert ["eyepiece"] == [item.item_id for item in rest.items]


def test_a_member_is_told_how_many_points_an_item_brings(market: Market) -> None:
    """Twice ten for a thousand cents, rounded down; who is no member is told of none."""
    members = [shopper(f"ann-{number}", segment="gold").view("coffee") for number in range(12)]
    prompts = market.answers(*members, shopper("bob").view("coffee"))

    assert all(prompt and ["filter"] == [one.item_id for one in prompt.items] for prompt in prompts)
    offers = [prompt.offer for prompt in prompts if prompt and prompt.arm == "loyalty"]
    assert offers, "drawn as often as the other arm, in twelve visits"
    assert {LoyaltyOffer(tier="gold", points=(25,))} == {*offers}
    assert prompts[-1] is not None
    assert "loyalty" not in prompts[-1].propensities


def test_a_member_is_told_what_is_missing_to_the_next_tier(market: Market) -> None:
    """Twelve points to gold, which the filter brings; who does not consent is told its points."""
    has: dict[str, Any] = {"segment": "silver", "points_balance": 788}
    known = [shopper(f"s{n}", shopper_id=f"s{n}", **has).view("coffee") for n in range(20)]
    unknown = [shopper(f"u{n}", **has).view("coffee") for n in range(20)]
    prompts = market.answers(*known, *unknown)
    offers = [one.offer if one and one.arm == "loyalty" else None for one in prompts]
    told, untold = {*filter(None, offers[:20])}, {*filter(None, offers[20:])}

    (offer,) = told
    assert isinstance(offer, LoyaltyOffer)
    assert (788, "gold", 12, (True,)) == (
        *(offer.balance, offer.next_tier, offer.missing_points, offer.reaches),
    )
    assert ("With this you reach gold", "Your 788 points are worth €7.88") == offer.texts
    assert {LoyaltyOffer(tier="silver", points=(12,))} == untold


def test_a_segment_is_a_context_of_the_policy(market: Market) -> None:
    """Only those that are listed; who is signed in is known, everybody else new."""
    who: list[dict[str, Any]] = [{"segment": "club"}, {"segment": "other"}, {"shopper_id": "eve"}]
    prompts = market.answers(*(shopper("ann", **said).view("bread") for said in who))

    assert ["product_page/club", "product_page/new", "product_page/known"] == [
        prompt and prompt.context for prompt in prompts
    ]


def test_an_item_for_a_segment_is_offered_to_nobody_else(market: Market) -> None:
    """The gold card is for premium customers, whoever opens an account."""
    premium, student, nobody = market.offered(
        shopper("ann", segment="premium").view("account"),
        shopper("bob", segment="student").view("account"),
        shopper("carl").view("account"),
    )

    assert (["gold-card"], [], []) == (premium, student, nobody)
    market.until_withheld("segment")


def test_who_buys_the_same_again_and_again_is_offered_it_and_nobody_else(market: Market) -> None:
    """Dora is known, and consents; who denies is followed no more, and her beans are forgotten."""
    stranger, dora = market.answers(
        shopper("ann").view("grinder"), shopper("dora", shopper_id="dora").view("grinder")
    )
    assert stranger is None
    assert dora is not None
    assert ("buy_again", ["beans"]) == (dora.arm, [item.item_id for item in dora.items])

    denied, after = market.offered(
        shopper("dora", shopper_id="dora", consent=False).view("grinder"),
        shopper("dora", shopper_id="dora").view("grinder"),
    )
    assert ([], []) == (denied, after)


def test_who_looks_is_offered_what_others_looked_at(market: Market) -> None:
    """Nobody bought a tent here so far."""
    (prompt,) = market.answers(shopper("ann").view("tent"))

    assert prompt is not None
    assert ("viewed_together", ["mat"]) == (prompt.arm, [item.item_id for item in prompt.items])


def test_a_substitute_is_no_cross_sell(market: Market) -> None:
    """Who looks at cola looks at lemonade, too, and takes one of them."""
    assert [[]] == market.offered(shopper("ann").view("cola"))
    market.until_withheld("substitute")


def test_what_does_not_fit_is_not_offered(market: Market) -> None:
    """A coat beside a swimsuit; a flash without the bracket that it needs."""
    summer, photo = market.offered(shopper("ann").view("swimsuit"), shopper("bob").view("camera"))

    assert (["towel"], []) == (summer, photo)
    equipped = shopper("carl")
    assert ["flash"] in market.offered(equipped.add("bracket"), equipped.view("camera"))


def test_what_a_firm_owns_decides_what_goes_with_it(market: Market) -> None:
    """No basket: add-ons of a suite are for who owns it, and not for who owns them already."""
    name = f"firm-{uuid4().hex[:6]}"
    buyer, stranger = shopper("buyer", shopper_id=name), shopper("other", shopper_id="other-firm")
    market.tell([buyer.order("suite"), buyer.order("reports")])
    market.staff.until_answered()
    later = shopper("firm-later", shopper_id=name)

    assert [["backup"], []] == market.offered(later.view("support"), stranger.view("support"))
    market.until_withheld("owned")
    market.until_withheld("requires")


def test_what_earns_less_than_the_floor_is_not_offered(market: Market) -> None:
    """Ink earns a hundredth of its price; the floor is a tenth."""
    assert [[]] == market.offered(shopper("ann").view("pen"))
    market.until_withheld("margin")


def test_who_sends_nearly_everything_back_is_left_alone(market: Market) -> None:
    """Three of three lines came back; who kept theirs is spoken to, and so is who is not known."""
    name = f"eva-{uuid4().hex[:6]}"
    eva, finn = shopper("eva", shopper_id=name), shopper("finn", shopper_id=f"{name}-friend")
    market.tell([who.order("dress", "skirt", "scarf") for who in (eva, finn)])
    market.tell([eva.send_back("dress", "skirt", "scarf")])
    market.staff.until_answered()

    visits = (shopper("later", **who.always).view("phone") for who in (eva, finn))
    returner, keeper, stranger = market.offered(*visits, shopper("ann").view("phone"))
    assert ([], ["case"]) == (returner, stranger)
    assert keeper  # the case, or what they may buy again: the policy draws
    assert market.staff.state("ann")["telemetry"]["silences"]["returns"] >= 1


def test_who_sends_two_prompts_away_is_left_alone(market: Market) -> None:
    """In this visit; the next shopper is spoken to."""
    ann = shopper("ann")
    for item in ("bread", "phone"):
        (prompt,) = market.answers(ann.view(item))
        assert prompt is not None
        market.tell([ann.see(prompt), ann.dismiss(prompt)])

    assert [[], ["candle"]] == market.offered(ann.view("vase"), shopper("bob").view("vase"))


def test_a_visit_gets_few_prompts_and_then_silence(market: Market) -> None:
    """Three, by the setting; an item that nobody knows gets none at all."""
    ann = shopper("ann")
    told = market.offered(*(ann.view(item) for item in ("nothing", "bread", "phone", "vase")))
    assert [[], ["butter"], ["case"], ["candle"]] == told

    assert [[]] == market.offered(ann.view("tent"))


def test_reasons_are_told_in_the_language_of_whoever_asks(market: Market) -> None:
    """All that there are; another one gets English."""
    spoken = (*LANGUAGES, "pl")
    asked = [shopper(f"who-{name}", locale=f"{name}-XX").view("phone") for name in spoken]
    told = {
        name: prompt and (prompt.reason.template, prompt.reason.direction)
        for name, prompt in zip(spoken, market.answers(*asked), strict=True)
    }

    rtl = {"ar", "ur", "fa"}
    assert told == {
        name: (
            TEXTS[name if name in TEXTS else "en"]["accessories"],
            "rtl" if name in rtl else None,
        )
        for name in spoken
    }


def test_an_arm_whose_sales_come_back_is_stopped_by_its_guardrail(market: Market) -> None:
    """Fifty visitors buy the sleeve that the catalogue names, and send it back."""
    visitors = [shopper(f"back-{number}") for number in range(50)]
    prompts = market.answers(*(who.view("tablet") for who in visitors))
    for who, prompt in zip(visitors, prompts, strict=True):
        assert prompt is not None
        market.tell([who.see(prompt), who.add("sleeve", slots=(), receipt=prompt.receipt)])
        market.tell([who.order("sleeve"), who.send_back("sleeve")])
    market.staff.until_answered()

    typed = market.operator.types("guardrails", "--returns-max", "0.2")
    assert "arms.accessories.state is off: came back: 50 of 50 first sales" in typed.output
    history = market.operator.types("control", "history", "arms.accessories.state", "--json")
    assert '"author":"guardrail"' in history.stdout
    market.until_offered("lens", [])
    market.sets("arms.accessories.state", "on")
    market.until_offered("lens", ["cap"])


def test_an_arm_that_everybody_sends_away_is_stopped_by_its_guardrail(market: Market) -> None:
    """Sixty visitors dismiss what the editors recommend; people have the last word."""
    visitors = [shopper(f"cross-{number}") for number in range(60)]
    prompts = market.answers(*(who.view("vase") for who in visitors))
    for who, prompt in zip(visitors, prompts, strict=True):
        assert prompt is not None
        market.tell([who.see(prompt), who.dismiss(prompt)])
    market.staff.until_answered()

    typed = market.operator.types("guardrails", "--dismissals-max", "0.15")
    assert "arms.curated.state is off: sent away at" in typed.output
    history = market.operator.types("control", "history", "arms.curated.state", "--json").stdout
    assert '"author":"guardrail"' in history
    market.until_offered("vase", [])

    market.sets("arms.curated.state", "on")
    market.until_offered("vase", ["candle"])
