"""What the tables of a worker are said to take is what they take, within a fifth."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from rich.console import Console

from models import CoOccurrence, Popularity, Repeats
from models.recommenders.pair_table.layout import TOP
from streams.cli.root import goeswith
from streams.contract.events import OrderLine
from streams.contract.events.reference.catalog import RELATIONS_MAX, CatalogItem, Relation
from streams.contract.settings import Settings
from streams.contract.wire.shop.offers import BundleOffer, LoyaltyOffer
from streams.lab.bench.stage.workload import workload
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.eligibility import segments_named
from streams.shop.decision.policy.best_worth import pair_of
from streams.shop.decision.slots.incentives import read_offer
from streams.shop.memory.orders.orders import LINES_MAX, ORDERS_MAX
from streams.shop.memory.orders.reward.pair_offers import PairOffers
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.people.denials import Denials, hashed
from streams.shop.people.shoppers import DENIALS_MAX, ShopperSessions
from streams.shop.shop import Shop
from streams.worker.answering.living_prompts import LivingPrompt, LivingPrompts
from streams.worker.health import bounds as said
from streams.worker.health.bounds import Bound, bounds, held_bytes
from streams.worker.health.sizes import as_values, listing
from tests.deep_size import deep_size
from tests.stories import OPEN, Story, Till

NOON_S = 1_767_268_800.0
A_FIFTH = 0.2


def sessions() -> float:
    """Visits of the benchmark's shoppers, some eight events each."""
    shop = Shop(Settings(**OPEN))
    for offset, event in enumerate(workload(6_000)):
        shop.learn(0, offset, event)
    found = shop.sessions[0]
    return deep_size(found._sessions, shared=[found.orders]) / len(found)


def of_the_catalogue(**fields: Any) -> float:
    """Items that are withheld, or of which a product has several."""
    catalog = Catalog(substitute_probability_max=0.5)
    for number in range(100_000):
        catalog.put(CatalogItem(item_id=f"item-{number:06}", **fields))
    return deep_size(catalog.withheld, catalog.products, catalog.categories) / 100_000


def of_relations(number: int, mains: int) -> float:
    """Items that are accessories of so many others, of `mains` that there are: an entry each."""
    catalog, chance = Catalog(relations_use="arms"), Random(1)
    for place in range(5_000):
        others = chance.sample(range(mains), number)
        said = [{"kind": "accessory_of", "item_id": f"item-{other:06}"} for other in others]
        fields = {"item_id": f"case-{place:06}", "relations": said}
        catalog.put(CatalogItem.model_validate(fields))
    return deep_size(catalog.relations) / len(catalog.relations)


def of_lone_categories() -> float:
    """Items of which each has a category of its own."""
    catalog = Catalog(substitute_probability_max=0.5)
    for number in range(50_000):
        catalog.put(CatalogItem(item_id=f"item-{number:06}", category=f"kind-{number:06}"))
    return deep_size(catalog.categories) / 50_000


def upgrades() -> float:
    """Items that are better than another one each."""
    catalog = Catalog()
    for number in range(20_000):
        better = Relation(kind="upgrade_of", item_id=f"other-{number:06}")
        said = {"price_minor": 4900 + number, "currency": "EUR", "relations": (better,)}
        catalog.put(CatalogItem.model_validate({"item_id": f"item-{number:06}", **said}))
    return deep_size(catalog.upgrades) / 20_000


def worths() -> float:
    """Items of which is known what they earn."""
    catalog = Catalog(worths=True)
    for number in range(20_000):
        said = {"price_minor": 4900 + number, "margin_minor": 900 + number, "currency": "EUR"}
        catalog.put(CatalogItem.model_validate({"item_id": f"item-{number:06}", **said}))
    return deep_size(catalog.worths) / 20_000


def offered_pairs() -> float:
    """Pairs that were offered, and sold now and then."""
    model = PairOffers()
    for number in range(20_000):
        pair = pair_of(f"item-{number:06}", "butter")
        model.expose(pair, 9, number % 3, time_s=NOON_S - number)
        model.reward(pair, 9, 1.0, time_s=NOON_S - number)
    return deep_size(model._pairs) / 20_000


def prices() -> float:
    """Items whose price and margin are kept."""
    catalog = Catalog(prices_max=20_000)
    for number in range(20_000):
        said = {"price_minor": 4900 + number, "margin_minor": 900 + number, "currency": "EUR"}
        catalog.put(CatalogItem.model_validate({"item_id": f"item-{number:06}", **said}))
    return deep_size(catalog.prices.of) / 20_000


def orders() -> float:
    """Four lines each, from another channel."""
    till, chance = Till(), Random(1)
    for number in range(500):
        items = [f"item-{chance.randrange(1000)}" for _ in range(4)]
        till.serve(Story(f"session-{number}").order(*items))
    return deep_size(till.shop.sessions[0].orders) / 500


def of_many_lines(lines: int, id_length: int = 10) -> float:
    """Orders of so many lines, from another channel, by how many orders there may be at most."""
    till, chance, number = Till(event_bytes_max=1_000_000), Random(1), max(8, 400 // lines)
    for place in range(number):
        items = [f"item-{chance.randrange(10**6):06}".ljust(id_length, "-") for _ in range(lines)]
        till.serve(Story(f"session-{place}").order(*items))
    kept = min(ORDERS_MAX, LINES_MAX // lines)
    return deep_size(till.shop.sessions[0].orders) / number * kept / ORDERS_MAX


def mixed_lines(**settings: Any) -> float:
    """Bytes by line of orders, each line told once with price and margin, and once without."""
    till, chance = Till(event_bytes_max=1_000_000, **settings), Random(1)
    for place in range(8):
        items = [f"item-{chance.randrange(10**6):06}" for _ in range(64)]
        money = {"price_minor": 10_000_019, "margin_minor": 5_000_011, "quantity": 7}
        lines = [OrderLine.model_validate({"item_id": item, **money}) for item in items]
        lines += [OrderLine(item_id=item, quantity=900) for item in items]
        till.serve(Story(f"s-{place}").order(lines=tuple(lines), currency="EUR"))
    return deep_size(till.shop.sessions[0].orders) / (8 * 64)


def test_what_a_line_earns_takes_what_it_is_said_to_where_money_is_the_reward() -> None:
    """And orders are said to take it there, at most, whatever lines there are; nowhere else."""
    more = mixed_lines(reward="net") - mixed_lines()
    plain, net = (
        next(one for one in bounds(how) if one.table == "orders")
        for how in (Settings(), Settings(reward="net"))
    )

    assert abs(more - said.MIXED_LINE_BYTES) <= A_FIFTH * said.MIXED_LINE_BYTES
    assert plain.usual == net.usual
    assert LINES_MAX * said.MIXED_LINE_BYTES == (net.most - plain.most) // net.partitions


def credited() -> float:
    """Orders of eight lines, each of them from a prompt of its own."""
    till, chance = Till(prompt_items_max=1), Random(1)
    for number in range(IMPRESSIONS_MAX + 2):
        till.teach("bread", f"item-{number}")
    for _ in range(50):
        story = Story(str(UUID(int=chance.getrandbits(128))))
        for _ in range(IMPRESSIONS_MAX):
            prompt = till.prompt(story.view("bread"))
            price = {"price_minor": 1999, "currency": "EUR", "receipt": prompt.receipt}
            for event in (story.see(prompt), story.click(prompt)):
                till.serve(event)
            till.serve(story.add(prompt.items[0].item_id, **price))
        session = till.shop.sessions[0].find(story.session_id)
        assert session is not None
        till.serve(story.order(*session.basket, order_id=str(UUID(int=chance.getrandbits(128)))))
    kept = [order for order in till.shop.sessions[0].orders._orders.values() if order.credited]
    assert 4 < min(len(order.credited) for order in kept)
    return deep_size(kept) / len(kept)


@pytest.mark.parametrize(
    "measured",
    [
        credited,
        *(partial(of_many_lines, lines) for lines in (1, 8, 16, 64, 500)),
        *(partial(of_many_lines, lines, 128) for lines in (8, 64)),
    ],
)
def test_orders_take_no_more_than_they_are_said_to_take_at_most(
    measured: Callable[[], float],
) -> None:
    """Whether they have many lines, long ids, or sold what many prompts had offered."""
    assert measured() <= said.ORDER_BYTES_MAX


def test_what_orders_take_at_most_is_about_what_some_take() -> None:
    """Else memory would be asked for that nobody needs."""
    assert said.ORDER_BYTES_MAX <= (1 + A_FIFTH) * of_many_lines(64, 128)


def waiting() -> float:
    """Returns of one line."""
    till = Till()
    for number in range(500):
        till.serve(Story(f"session-{number}").send_back("butter"))
    return deep_size(till.shop.sessions[0].orders) / 500


def pending() -> float:
    """Six prompts of a session on their way."""
    till = Till()
    till.teach("bread", "butter")
    prompts = PendingPrompts()
    outgoing = None
    for number in range(400):
        story = Story(f"session-{number}")
        for _ in range(6):
            outgoing = till.serve(story.view("bread")).outgoing_prompt
            assert outgoing is not None
            prompts.add(outgoing)
    return deep_size(prompts) / 400


Promised = BundleOffer | LoyaltyOffer


def living(*, offer: Callable[[int], Promised | None] = lambda _: None) -> float:
    """Three items of some thousands in each."""
    prompts, segments = LivingPrompts(), segments_named(False, "club")
    for number in range(2_000):
        items = tuple(f"item-{(7 * number + 13 * place) % 1_000:05d}" for place in range(3))
        about = f"{number:024x}", f"session-{number:06d}", 0, 2_000_000 + number
        told = LivingPrompt(*about, items, (), "popular", segments)
        prompts.add(told._replace(offer=offer(number)))
    return deep_size(prompts) / 2_000


def bundle_of_eight(number: int) -> Promised | None:
    """A bundle that no other prompt promises."""
    items = tuple(f"part-{number}-{place}" for place in range(8))
    told = {"type": "bundle", "bundle": f"bundle-{number}", "bundle_items": items}
    return read_offer(told | {"price_minor": 10**6, "discount_minor": 10**3, "currency": "EUR"})


def test_a_living_prompt_that_promises_a_bundle_takes_no_more_than_is_said() -> None:
    """Each promises another one, of eight items."""
    assert living(offer=bundle_of_eight) <= said.LIVING_BYTES_MAX


def visitors(*, going_on: bool = False) -> float:
    """Of a session each, or of two of which the second goes on from the first."""
    shop = Shop(Settings(**OPEN, consent_default=True))
    for number in range(2_000):
        for name in ("first", "second")[: 1 + going_on]:
            story = Story(f"{name}-{number}", visitor_id=f"visitor-{number}")
            shop.learn(0, shop.position.get(0, 0), story.view("bread"))
    found = shop.sessions[0].visitors
    shared = [one.session for one in found.formers.values()]
    assert (2_000 * going_on, 2_000) == (len(found.formers), len(found._latest))
    kept = deep_size([found._latest, found.formers], shared=shared)
    return kept / len(shop.sessions[0])


def shoppers_with_sessions() -> float:
    """A session with prompts of each."""
    known = ShopperSessions()
    for number in range(2_000):
        known.note(hashed(f"shopper-{number}"), f"session-{number}")
    return deep_size(known) / 2_000


def denials_of_a_partition() -> float:
    """As many as are kept."""
    known = ShopperSessions()
    for number in range(DENIALS_MAX):
        known.denied(hashed(f"shopper-{number}"), round(1000 * NOON_S) + number)
    return deep_size(known) / DENIALS_MAX


def popularity() -> float:
    """Items that were seen once or twice."""
    model = Popularity()
    for number in range(20_000):
        model.learn_one((), f"item-{number % 16_000}", time_s=NOON_S + number)
    model.top(10)
    return deep_size(model) / 16_000


def repeats(*, supposed: bool = False) -> Repeats:
    """Shoppers who bought ten items."""
    model, chance = Repeats(), Random(1)
    for shopper in range(1_000):
        for day in range(10):
            time_s = NOON_S + 10 * shopper + 3 * 86_400 * day
            item = f"item-{chance.randrange(5_000)}"
            model.learn_one((f"shopper-{shopper}",), item, time_s=time_s, supposed=supposed)
    return model


def shoppers() -> float:
    """Of them."""
    return deep_size(repeats()._shoppers) / 1_000


def supposed() -> float:
    """What it takes to tell that they did not say consent."""
    return deep_size(repeats(supposed=True)._shoppers) / 1_000 - shoppers()


def bought_items() -> float:
    """Of what they bought."""
    items = repeats()._items
    return deep_size(items) / len(items)


def denials() -> float:
    """Of as many shoppers."""
    kept = Denials(10_000)
    for number in range(5_000):
        kept.note(hashed(f"shopper-{number}"), 1000 * (1_767_268_800 + number))
    return deep_size(kept) / 5_000


def paired() -> CoOccurrence:
    """Baskets of four of thousands of items."""
    model, chance = CoOccurrence(row_max=64), Random(1)
    items = [f"item-{number}" for number in range(3_000)]
    for number in range(40_000):
        *others, item = chance.sample(items, 4)
        model.learn_one(others, item, time_s=NOON_S + number)
    return model


def pairs() -> float:
    """Cells that were ever in use."""
    model = paired()
    cells = model._pairs._cells.itemsize * int(model._pairs.chunks[TOP])
    return cells / model.sizes()["pairs"].held


def paired_items() -> float:
    """Rows, names and scratch."""
    model = paired()
    return (deep_size(model) - model._pairs._cells.nbytes) / model.sizes()["items"].held


@pytest.mark.parametrize(
    ("measured", "constant"),
    [
        (sessions, said.SESSION_BYTES),
        (orders, said.ORDER_BYTES),
        (waiting, said.WAITING_BYTES),
        (pending, said.PENDING_BYTES),
        (living, said.LIVING_BYTES),
        (popularity, said.COUNTED_ITEM_BYTES),
        (shoppers, said.SHOPPER_BYTES),
        (supposed, said.SUPPOSED_BYTES),
        (bought_items, said.BOUGHT_ITEM_BYTES),
        (denials, said.DENIAL_BYTES),
        (visitors, said.VISITOR_BYTES),
        (partial(visitors, going_on=True), said.VISITOR_BYTES),
        (shoppers_with_sessions, said.SHOPPER_SESSION_BYTES),
        (denials_of_a_partition, said.DENIAL_BYTES),
        (pairs, said.PAIR_BYTES),
        (paired_items, said.PAIRED_ITEM_BYTES),
        (partial(of_the_catalogue, in_stock=False), said.CATALOG_ITEM_BYTES),
        (partial(of_the_catalogue, variant_of="product-1234"), said.CATALOG_ITEM_BYTES),
        (upgrades, said.UPGRADE_BYTES),
        (prices, said.PRICE_BYTES),
        (worths, said.WORTH_BYTES),
        (offered_pairs, said.OFFERED_PAIR_BYTES),
        (partial(of_the_catalogue, category="dairy/butter"), said.CATALOG_ITEM_BYTES),
        (partial(of_relations, 1, 100), said.CATALOG_ITEM_BYTES),
        (partial(of_relations, 1, 1_000_000), said.RELATION_BYTES_MAX),
        (partial(of_relations, RELATIONS_MAX, 1_000_000), said.RELATION_BYTES_MAX),
        (of_lone_categories, said.CATEGORY_BYTES_MAX),
    ],
)
def test_an_entry_takes_what_it_is_said_to(measured: Callable[[], float], constant: int) -> None:
    """Within a fifth: of an entry as usual."""
    assert abs(measured() - constant) <= A_FIFTH * constant


SOAK = """
import json, resource
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.events import OrderLine
from streams.contract.settings import Settings
from streams.lab.bench.stage.workload import workload
from streams.shop.shop import Shop
from streams.worker.health.bounds import held_bytes
from streams.worker.health.resources import memory

settings = Settings(receipt_secret="not a secret", holdout_share=0.0, partitions=1)
shop = Shop(settings)
def held():
    return {name: size.held for name, size in shop.tables().items()}
events = workload(60_000)
for offset in range(10_000):
    shop.learn(0, offset, next(events))
before, began = memory()["rss_bytes"], held()
for offset, event in enumerate(events, 10_000):
    shop.learn(0, offset, event)
more = {name: number - began[name] for name, number in held().items()}
print(json.dumps([memory()["rss_bytes"] - before, held_bytes(more, settings)]))
"""


def test_memory_grows_by_what_the_sizes_of_tables_say() -> None:
    """A soak in small: shoppers fill the tables of a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", SOAK], capture_output=True, text=True, check=True, timeout=300
    )
    grown, told = json.loads(ran.stdout)

    assert told > 10_000_000
    assert abs(grown - told) <= A_FIFTH * told


@pytest.mark.parametrize(
    ("more", "table"),
    [
        ({"sessions_max": 7}, "sessions"),
        ({"partitions": 3}, "sessions"),
        ({"partitions": 3}, "orders"),
        ({"sessions_max": 7}, "visitors"),
        ({"partitions": 3}, "shoppers' sessions"),
        ({"shoppers_max": 7}, "repeats.shoppers"),
        ({"shoppers_max": 7}, "denials"),
        ({"items_max": 70}, "popularity.items"),
        ({"items_max": 70}, "baskets.pairs"),
        ({"pairs_per_item_max": 7}, "browsing.pairs"),
    ],
)
def test_a_smaller_setting_bounds_its_table(more: dict[str, Any], table: str) -> None:
    """By as much."""
    (before,) = (one for one in bounds(Settings()) if one.table == table)
    (after,) = (one for one in bounds(Settings(**more)) if one.table == table)
    ((name, value),) = more.items()

    assert value * before.most == Settings.model_fields[name].default * after.most
    assert name == "partitions" or name in {after.setting, "items_max"}


def test_what_is_not_asked_for_takes_nothing() -> None:
    """The learned ranker, the queue of views, and what is only supposed."""
    usual = {one.table for one in bounds(Settings())}
    all_of_it = Settings(best_fit=True, redis_url="redis://x", consent_default=True)

    assert {"fit", "views queued", "repeats.supposed"} == {
        one.table for one in bounds(all_of_it)
    } - usual


def test_what_is_added_after_what_takes_twice_what_baskets_do_where_it_is_asked_for() -> None:
    """Each item has two names there; and pairs that were offered are kept."""
    without = Settings(**OPEN, reward="net", items_decided=True)
    asked = Settings(**OPEN, reward="net", items_decided=True, best_worth=True)
    before, after = ({one.table: one for one in bounds(each)} for each in (without, asked))
    tables = Shop(asked).tables()

    assert {"offered pairs", "sequences.items", "sequences.pairs"} == after.keys() - before.keys()
    for table in ("items", "pairs"):
        bound = after[f"sequences.{table}"]
        assert bound.most == 2 * after[f"baskets.{table}"].most
        assert bound.entries == tables[f"sequences.{table}"].at_most


def test_each_table_of_the_catalogue_is_told_where_it_is_asked_for() -> None:
    """Upgrades always; relations, categories and worths by their settings."""
    usual = {one.table for one in bounds(Settings())}
    asked = {"catalog_relations": "guards", "substitute_probability_max": 0.5, "reward": "net"}

    assert {
        f"catalogue {table}" for table in ("relations", "accessories", "categories", "worths")
    } == ({one.table for one in bounds(Settings.model_validate(asked))} - usual)
    assert "catalogue upgrades" in usual


def test_what_bounds_a_session_is_told() -> None:
    """Which settings say how many there are, and how long; and that none makes one larger."""
    console = Console(width=80)
    with console.capture() as capture:
        console.print(listing(bounds(Settings()), None))
    lines = " ".join(capture.get().split())

    assert "a session takes 8 KB at most, by no setting: 54 kinds of items in the basket" in lines
    for name in ("SESSIONS_MAX", "PARTITIONS", "BASKET_TTL_S", "PERSONAL_TTL_S"):
        assert f"GOESWITH_{name}" in lines


def test_all_tables_of_a_shop_are_among_them() -> None:
    """As its page names them."""
    till = Till()
    till.serve(Story().view("bread"))

    assert till.shop.tables().keys() <= {one.table for one in bounds(Settings())}


def test_of_what_is_held_the_usual_size_counts() -> None:
    """And nothing for tables that nobody knows."""
    assert 2 * said.SESSION_BYTES + said.DENIAL_BYTES == held_bytes(
        {"sessions": 2, "denials": 1, "other": 9}, Settings()
    )


def tables() -> list[Bound]:
    """Two, one of them of each partition."""
    return [
        Bound("sessions", 4, 1_000, 2_000, 8_000, "sessions_max", is_split=True),
        Bound("denials", 1, 10_000, 100, 100, "shoppers_max"),
    ]


@pytest.mark.parametrize(
    ("limit", "said_of_it"),
    [
        (None, ""),
        (213_000_000, ""),
        (212_000_000, "the largest entries would not fit"),
        (180_000_000, "usual entries do not fit"),
    ],
)
def test_a_sum_beyond_the_memory_is_said(limit: int | None, said_of_it: str) -> None:
    """With the settings that help."""
    console = Console(width=80)
    with console.capture() as capture:
        console.print(listing(tables(), limit))
    lines = " ".join(capture.get().split())

    assert "a partition: 2 MB; a worker, with its program (180 MB): 189 MB, and 213 MB" in lines
    assert ("GOESWITH_SESSIONS_MAX, GOESWITH_SHOPPERS_MAX" in lines) == bool(said_of_it)
    assert said_of_it in lines
    assert "┃" in lines


def test_sizes_as_values_add_up() -> None:
    """Bytes, by partition and by worker."""
    values = as_values(tables(), 200_000_000)

    assert 8_000_000 + 1_000_000 + said.PROGRAM_BYTES == values["worker_bytes"]
    assert 32_000_000 + 1_000_000 + said.PROGRAM_BYTES == values["worker_bytes_max"]
    assert 2_000_000 == values["partition_bytes"]
    assert values["fits"] is False
    assert as_values(tables(), None)["fits"] is None
    assert [8_000_000, 1_000_000] == [one["usual_total_bytes"] for one in values["tables"]]


def test_the_command_prints_both() -> None:
    """For people, and as one JSON object."""
    shown = CliRunner().invoke(goeswith, ["sizes"], env={"GOESWITH_SESSIONS_MAX": "777"})
    values = json.loads(CliRunner().invoke(goeswith, ["sizes", "--json"]).output)

    assert 0 == shown.exit_code
    assert "8 x 777" in shown.output
    assert values["memory_bytes"] > 0
