"""What the catalogue and controls take back of what was published, who does it, and how much."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.answer import Answer
from streams.shop.shop import Shop
from streams.worker.answering.answering import Answering
from streams.worker.answering.living_prompts import LivingPrompt, LivingPrompts
from streams.worker.answering.pointless_prompts import LOOKS_MAX, PointlessPrompts
from streams.worker.answering.taking_back import TakingBack
from streams.worker.replica import Replica
from streams.worker.telemetry import Telemetry
from streams.worker.transport.reference_topics import Reference
from tests.stand_ins import KeepingDelivery, Record, recorded
from tests.stories import NOON_MS, Story, Till

NOW_MS = 1_000


def prompt(number: int, *items: str, partition: int = 0) -> LivingPrompt:
    """A prompt that lives for two minutes."""
    return LivingPrompt(f"p{number}", f"s{number}", partition, 120_000, items or ("butter",))


class Shelf:
    """A catalogue, and the prompts that live beside it."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(catalog_prices_max=100, **settings)
        self.catalog = Catalog(prices_max=100)
        self.pointless = PointlessPrompts(self.settings, self.catalog)

    def sells(self, item_id: str, **fields: Any) -> None:
        """The catalogue says something of an item, and that is heard."""
        assert self.catalog.put(CatalogItem(item_id=item_id, **fields))
        self.pointless.heard(item_id)

    def offers(self, *prompts: LivingPrompt) -> None:
        """These are published, at the prices of now."""
        prices = self.catalog.prices.of
        told = (one._replace(prices=tuple(map(prices.get, one.items))) for one in prompts)
        self.pointless.published(told)

    def due(self, now_ms: int = NOW_MS, ours: Iterable[int] = (0,)) -> list[tuple[str, str, Any]]:
        """What is taken back now: the prompt, why, and by which item."""
        found = self.pointless.due({*ours}, now_ms)
        return [(gone.prompt_id, gone.because, gone.item_id) for _, gone in found]


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"in_stock": False}, "sold_out"),
        ({"hidden": True}, "hidden"),
        ({"restricted": "age"}, "restricted"),
    ],
    ids=["sold-out", "hidden", "restricted"],
)
def test_what_nobody_may_be_offered_any_more_is_taken_back_once(
    fields: dict[str, Any], because: str
) -> None:
    """With the item that is why; other prompts stand."""
    shelf = Shelf()
    shelf.offers(prompt(1, "jam", "butter"), prompt(2, "tea"))
    shelf.sells("butter", **fields)

    assert [("p1", because, "butter")] == shelf.due()
    shelf.sells("butter", **fields)
    assert [] == shelf.due(NOW_MS + 1_000)


@pytest.mark.parametrize("why", [{"hidden": True}, {"restricted": "age"}])
def test_with_a_product_its_variants_are_taken_back(why: dict[str, Any]) -> None:
    """Whatever their own records say; what is sold out is sold out by itself."""
    shelf = Shelf()
    shelf.sells("shirt-m", variant_of="shirt")
    shelf.sells("tea-s", variant_of="tea")
    shelf.offers(prompt(1, "shirt-m"), prompt(2, "tea-s"))
    shelf.sells("shirt", **why)
    shelf.sells("tea", in_stock=False)
    shelf.pointless.heard(None)

    assert [("p1", *{"hidden", "restricted"} & {*why}, "shirt-m")] == shelf.due()


def test_a_control_hides_items_and_products_with_their_variants() -> None:
    """On whichever screens they are."""
    shelf = Shelf()
    shelf.sells("shirt-m", variant_of="shirt")
    shelf.offers(prompt(1, "shirt-m"), prompt(2, "tea"), prompt(3, "jam"))
    shelf.catalog.hidden = frozenset({"shirt", "tea"})
    shelf.pointless.heard(None)

    assert [("p1", "hidden", "shirt-m"), ("p2", "hidden", "tea")] == shelf.due()


def test_small_steps_of_a_price_add_up_from_what_was_told() -> None:
    """5 % of what it cost when it was offered; who was told the new price keeps the prompt."""
    shelf = Shelf()
    shelf.sells("butter", price_minor=1_000, currency="EUR")
    shelf.offers(prompt(1))
    shelf.sells("butter", price_minor=1_040, currency="EUR")
    shelf.offers(prompt(2))

    assert [] == shelf.due()
    shelf.sells("butter", price_minor=1_070, currency="EUR")
    assert [("p1", "repriced", "butter")] == shelf.due(NOW_MS + 1_000)


def test_a_price_that_was_never_told_takes_nothing_back() -> None:
    """Nor does one that is told no more."""
    shelf = Shelf()
    shelf.offers(prompt(1))
    shelf.sells("butter", price_minor=1_000, currency="EUR")
    assert [] == shelf.due()
    shelf.offers(prompt(2))
    shelf.sells("butter")
    assert [] == shelf.due(NOW_MS + 1_000)


def test_what_was_said_between_decision_and_publication_counts() -> None:
    """The prompt was under way when its item was sold out."""
    shelf = Shelf()
    shelf.sells("butter", in_stock=False)
    shelf.offers(prompt(1))

    assert [("p1", "sold_out", "butter")] == shelf.due()


def test_of_an_item_in_many_prompts_so_many_a_second_are_taken_back_and_the_rest_follows() -> None:
    """None of them is forgotten, and none is taken back twice."""
    shelf = Shelf(withdrawals_per_s_max=50)
    shelf.offers(*(prompt(number) for number in range(120)))
    shelf.sells("butter", in_stock=False)
    seconds = [
        [one for tick in range(10) for one in shelf.due(NOW_MS + 1_000 * second + 100 * tick)]
        for second in range(4)
    ]

    assert [50, 50, 20, 0] == [len(second) for second in seconds]
    assert 120 == len({one[0] for second in seconds for one in second})


def test_looking_is_bounded_too() -> None:
    """A control that hides what nobody was offered makes no long pause."""
    shelf = Shelf()
    shelf.offers(*(prompt(number) for number in range(LOOKS_MAX + 5)))
    shelf.catalog.hidden = frozenset({"tea"})
    shelf.pointless.heard(None)

    assert [] == shelf.due()
    assert 5 == shelf.pointless.waiting


def test_what_has_expired_or_is_somebody_elses_is_left_alone() -> None:
    """Nobody shows the one; another worker takes back the other."""
    shelf = Shelf()
    shelf.offers(prompt(1)._replace(expires_at_ms=NOW_MS), prompt(2, partition=1), prompt(3))
    shelf.sells("butter", in_stock=False)

    assert [("p3", "sold_out", "butter")] == shelf.due()


def test_more_prompts_than_there_is_room_for_are_counted_as_left_out() -> None:
    """The oldest leave, from all that knows them."""
    living = LivingPrompts(prompts_max=2)
    for number in range(3):
        living.add(prompt(number))

    assert ["p1", "p2"] == [*living.offering("butter")]
    assert (2, 1) == (len(living), living.left_out)


class Desk:
    """A worker of one partition, whose shop knows that butter goes with bread; views included."""

    def __init__(self, **settings: Any) -> None:
        till = Till(**settings)
        till.teach("bread", "butter")
        self.story, self.now_s = Story(), NOON_MS / 1000
        self.replica = Replica(till.shop.settings, till.shop, Telemetry())
        self.telemetry, self.delivery = self.replica.telemetry, KeepingDelivery()
        self.assigned: frozenset[int] | None = frozenset({0})
        self.offered: list[Answer] = []
        self.answering = Answering(self.replica, self.clock)
        self.taking_back = TakingBack(
            *(self.replica, self.delivery, lambda: self.assigned),
            *(self.answering.withdrew, self, self.clock),
        )
        self.reference = Reference(
            *(self.replica.settings, self.replica.catalog, self.replica.controls, self.telemetry)
        )
        self.reference.heard = self.taking_back.pointless.heard

    def clock(self) -> float:
        """The time, in seconds since 1970."""
        return self.now_s

    def offer(self, answers: Sequence[Answer]) -> None:
        """As views take them."""
        self.offered += answers

    async def serves(self, event: Event) -> None:
        """An event is folded, answered and published."""
        record = recorded(event, self.replica.position(0))
        answered = self.answering.answer(0, [record])
        outgoing = [one for each in answered for one in self.answering.outgoing(each)]
        await self.taking_back.publish(outgoing, answered, lambda: None)

    async def hears(self, key: str, **fields: Any) -> None:
        """The catalogue says something of butter, or a control is set; then comes the next look."""
        topics, item = self.replica.settings.topics, CatalogItem(item_id=key, **fields)
        self.reference.apply[topics.catalog](Record(0, item.model_dump_json().encode(), b"butter"))
        await self.taking_back.once()

    async def hides(self, *items: str) -> None:
        """An operator hides items; then comes the next look."""
        said = ControlRecord(
            key="items.hidden", value=list(items), author="ann", reason="recall", at_ms=NOON_MS
        )
        topic = self.replica.settings.topics.control
        record = Record(0, said.model_dump_json().encode(), b"items.hidden")
        self.reference.apply[topic](record)
        await self.taking_back.once()

    def published(self) -> list[tuple[int, bytes | None, str, str]]:
        """What was published to the prompts topic: where, for whom, what, and why."""
        records = [one for said in self.delivery.published for one in said]
        told = [
            (r.partition, r.key, ANY_PUBLISHED.validate_json(r.value or b""))
            for r in records
            if r.topic == self.replica.settings.topics.prompts
        ]
        return [(at, key, said.type, getattr(said, "because", "")) for at, key, said in told]


async def test_a_withdrawal_follows_its_prompt_and_is_shown_when_the_broker_has_it() -> None:
    """On its partition, under its session; telemetry and views know."""
    desk = Desk()
    await desk.serves(desk.story.view("bread"))
    await desk.hears("butter", in_stock=False)
    said = [(0, b"s1", "prompt", ""), (0, b"s1", "prompt_withdrawn", "sold_out")]

    assert said == desk.published()
    assert [] == desk.offered
    desk.delivery.deliver()
    assert ["sold_out"] == [gone.because for one in desk.offered for gone in one.withdrawals]
    assert (1, {"sold_out": 1}) == (
        desk.telemetry.withdrawals,
        desk.telemetry.catalogue_withdrawals,
    )


async def test_what_a_control_hides_is_taken_back_and_counts_for_no_cap() -> None:
    """The shopper never saw it, so that the one prompt of the visit is still to come."""
    desk = Desk(prompts_per_session_max=1)
    await desk.serves(desk.story.view("bread"))
    await desk.hides("butter")
    await desk.hides()
    await desk.serves(desk.story.view("bread", after_s=30))

    assert ["prompt", "prompt_withdrawn", "prompt"] == [kind for _, _, kind, _ in desk.published()]


async def test_while_the_group_deals_partitions_nothing_is_taken_back_and_nothing_forgotten() -> (
    None
):
    """What is still ours afterwards is taken back then; what is not, its owner takes back."""
    desk = Desk()
    desk.taking_back.keep(frozenset({0}))
    await desk.serves(desk.story.view("bread"))
    desk.assigned = None
    await desk.hears("butter", in_stock=False)
    assert 1 == len(desk.published())

    desk.assigned = frozenset({0})
    await desk.taking_back.once()
    assert 2 == len(desk.published())


async def test_what_an_event_has_taken_back_is_not_taken_back_again() -> None:
    """The shopper has the item by then."""
    desk = Desk()
    await desk.serves(desk.story.view("bread"))
    await desk.serves(desk.story.add("butter"))
    await desk.hears("butter", in_stock=False)

    assert ["added"] == [why for _, _, _, why in desk.published() if why]


async def test_nothing_is_learned_of_what_is_taken_back() -> None:
    """Digest and credit are the same with it and without it."""
    digests, outcomes = set(), []
    for sold_out in (False, True):
        desk = Desk()
        view = desk.story.view("bread")
        await desk.serves(view)
        if sold_out:
            await desk.hears("butter", in_stock=False)
        first = desk.delivery.published[0][0].value or b""
        prompt = ANY_PUBLISHED.validate_json(first)
        assert isinstance(prompt, Prompt)
        await desk.serves(desk.story.see(prompt))
        await desk.serves(desk.story.add("butter", receipt=prompt.receipt))
        assert isinstance(desk.replica.shop, Shop)
        digests.add(desk.replica.shop.digest())
        topic = desk.replica.settings.topics.outcomes
        outcomes.append(
            [o.value for said in desk.delivery.published for o in said if o.topic == topic]
        )

    assert 1 == len(digests)
    assert outcomes[0] == outcomes[1] != []


async def test_what_has_expired_or_went_to_somebody_else_is_forgotten() -> None:
    """Also where nobody says anything of any item."""
    desk = Desk(prompt_ttl_s=60.0)
    await desk.serves(desk.story.view("bread"))
    living = desk.taking_back.pointless.living
    desk.now_s += 30
    await desk.taking_back.once()
    assert 1 == len(living)
    desk.now_s += 32
    await desk.taking_back.once()
    assert 0 == len(living)

    await desk.serves(desk.story.view("bread", after_s=62))
    assert 1 == len(living)
    desk.taking_back.keep(frozenset({1}))
    assert 0 == len(living)


async def test_what_waits_for_its_turn_is_counted() -> None:
    """Two prompts, and one withdrawal each time."""
    desk = Desk(withdrawals_per_s_max=1)
    await desk.serves(desk.story.view("bread"))
    await desk.serves(desk.story.view("bread", after_s=30))
    await desk.hears("butter", in_stock=False)
    assert (1, 1) == (desk.telemetry.withdrawals, desk.telemetry.withdrawals_put_off)
    desk.now_s += 1
    await desk.taking_back.once()
    assert (2, 1) == (desk.telemetry.withdrawals, desk.telemetry.withdrawals_put_off)
