"""How much memory the bounded tables of a worker take when they are full, for given settings.

Each table has a number of entries at its bound, and bytes that an entry takes, measured: a test
holds each of these constants to what the tables take. Item ids are counted once a table, though
tables share some. What a usual entry takes differs from the most that it may take for what people
fill: a visit of some eight events takes a third of what the busiest may.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.contract.settings import Settings
from streams.shop.memory.orders import orders, weight
from streams.shop.memory.orders.reward.pair_offers import PAIRS_MAX
from streams.shop.people import shoppers as shoppers_of
from streams.worker.answering.living_prompts import LIVING_MAX

SESSION_BYTES = 2_700
"""Of a visit of eight events with ids of some ten characters."""
ORDER_BYTES = 1_600
"""Of four lines, all of which taught."""
ORDER_BYTES_MAX = 5_600
"""With as many lines as there is room for, all of which taught, and with ids of 128 characters, or
with the impressions of a whole session, which it was credited to."""
MIXED_LINE_BYTES = 200
"""More of a line that is told with and without price and margin, where money is the reward."""
WAITING_BYTES = 275
VISITOR_BYTES = 165
"""Of a session with a visitor: which session was the visitor's last, and goes on from it."""
SHOPPER_SESSION_BYTES = 205
"""Of a session with prompts, in which somebody is signed in."""
PAIR_BYTES = 44
"""Of a companion of an item: a cell of 24 bytes, and chunks that were outgrown."""
PAIRED_ITEM_BYTES = 285
COUNTED_ITEM_BYTES = 165
BOUGHT_ITEM_BYTES = 135
SHOPPER_BYTES = 2_100
"""Who bought ten items."""
SHOPPER_BYTES_MAX = 60_000
"""Who bought the three hundred that are remembered of one."""
SUPPOSED_BYTES = 690
"""More of a shopper whose ten purchases did not say consent;"""
SUPPOSED_BYTES_MAX = 42_000
"""and who made as many of them as are remembered."""
DENIAL_BYTES = 126
PENDING_BYTES = 2_000
"""Of a session with six prompts on their way; of twelve it is twice as much."""
PENDING_BYTES_MAX = 4_000
LIVING_BYTES = 650
"""Of a prompt of three items that may be on a screen;"""
LIVING_BYTES_MAX = 2_600
"""and of one that promises a bundle of eight."""
QUEUED_BYTES = 2_000
CATALOG_ITEM_BYTES = 105
"""Of an item that the catalogue withholds, or a variant; what may be offered takes none,"""
UPGRADE_BYTES = 480
"""but a relation by which an item is better than another one,"""
PRICE_BYTES = 210
"""price and margin for top-ups, where they are kept,"""
WORTH_BYTES = 250
"""and what an item earns, where money is the reward."""
CATEGORY_BYTES_MAX = 180
"""Of an item's category, where no other item has it."""
RELATION_BYTES_MAX = 290
"""Of an item, and one that it is related to, which nobody else is."""
OFFERED_PAIR_BYTES = 220
"""Of a pair, by which an offer was judged: its trials and sales."""
RANKED_ITEM_BYTES = 3_500
"""Of the learned ranker: its visits, pairs and features by item."""
PROGRAM_BYTES = 180_000_000
"""Interpreter, libraries and compiled loops, what a worker takes before it has learned anything."""


class Bound(NamedTuple):
    """A bounded table, full."""

    table: str
    partitions: int
    """How many times there is one: of each partition, or 1: of each worker."""
    entries: int
    """At the bound, of one."""
    usual_bytes: int
    """Of an entry."""
    most_bytes: int
    setting: str
    """What bounds it; empty: nothing that can be set."""
    is_split: bool = False
    """Whether each partition has one."""

    @property
    def usual(self) -> int:
        """Bytes of all of them, of entries as usual."""
        return self.partitions * self.entries * self.usual_bytes

    @property
    def most(self) -> int:
        """Bytes of all of them, of the largest entries."""
        return self.partitions * self.entries * self.most_bytes


def bounds(settings: Settings) -> list[Bound]:
    """The tables of a worker, the largest first.

    >>> largest = bounds(Settings(sessions_max=1_000_000, partitions=2))[0]
    >>> largest.table, largest.partitions, largest.most // 1_000_000
    ('sessions', 2, 16384)
    """
    items, pairs = settings.items_max, settings.items_max * settings.pairs_per_item_max
    shoppers, parts = settings.shoppers_max, settings.partitions
    per_item, per_pair = "items_max", "pairs_per_item_max"
    tables = [
        _orders(settings),
        *_tables(parts, "returns that wait", orders.WAITING_MAX, WAITING_BYTES, ""),
        *_tables(parts, "shoppers' denials", shoppers_of.DENIALS_MAX, DENIAL_BYTES, ""),
        *_tables(1, "living prompts", LIVING_MAX, LIVING_BYTES, ""),
        *_tables(1, "repeats.shoppers", shoppers, SHOPPER_BYTES, "shoppers_max"),
        *_tables(1, "repeats.items", items, BOUGHT_ITEM_BYTES, per_item),
        *_tables(1, "popularity.items", items, COUNTED_ITEM_BYTES, per_item),
        *_tables(1, "denials", shoppers, DENIAL_BYTES, "shoppers_max"),
        *_tables(
            1, "catalogue", settings.catalog_items_max, CATALOG_ITEM_BYTES, "catalog_items_max"
        ),
    ]
    for name, usual in OF_SESSIONS.items():
        tables += _tables(parts, name, settings.sessions_max, usual, "sessions_max")
    for name in ("baskets", "browsing"):
        tables += _tables(1, f"{name}.items", items, PAIRED_ITEM_BYTES, per_item)
        tables += _tables(1, f"{name}.pairs", pairs, PAIR_BYTES, per_pair)
    if settings.consent_default:
        tables += _tables(1, "repeats.supposed", shoppers, SUPPOSED_BYTES, "shoppers_max")
    if settings.best_fit:
        tables += _tables(1, "fit", items, RANKED_ITEM_BYTES, per_item)
    if settings.best_worth:
        tables += _tables(1, "offered pairs", PAIRS_MAX, OFFERED_PAIR_BYTES, "")
        tables += _tables(1, "sequences.items", 2 * items, PAIRED_ITEM_BYTES, per_item)
        tables += _tables(1, "sequences.pairs", 2 * pairs, PAIR_BYTES, per_pair)
    if prices := settings.catalog_prices_max:
        tables += _tables(1, "catalogue prices", prices, PRICE_BYTES, "catalog_prices_max")
    tables += _of_catalogue(settings)
    if settings.redis_url:
        queued = settings.views_queued_max
        tables += _tables(1, "views queued", queued, QUEUED_BYTES, "views_queued_max")
    return sorted(tables, key=lambda bound: (-bound.most, bound.table))


OF_SESSIONS = {
    "sessions": SESSION_BYTES,
    "pending prompts": PENDING_BYTES,
    "visitors": VISITOR_BYTES,
    "shoppers' sessions": SHOPPER_SESSION_BYTES,
}
"""What there is of each session."""
MOST_BYTES = {
    "sessions": weight.BYTES_MAX,
    "pending prompts": PENDING_BYTES_MAX,
    "living prompts": LIVING_BYTES_MAX,
    "catalogue relations": RELATION_BYTES_MAX,
    "catalogue accessories": RELATION_BYTES_MAX,
    "catalogue categories": CATEGORY_BYTES_MAX,
    "repeats.shoppers": SHOPPER_BYTES_MAX,
    "repeats.supposed": SUPPOSED_BYTES_MAX,
}
"""Where an entry may take more than usual."""
OF_PARTITIONS = (*OF_SESSIONS, "orders", "returns that wait", "shoppers' denials")


def _orders(settings: Settings) -> Bound:
    """The orders of each partition; for net reward each line may keep what it earned."""
    bytes_max = ORDER_BYTES_MAX
    if settings.reward == "net":
        bytes_max += MIXED_LINE_BYTES * orders.LINES_MAX // orders.ORDERS_MAX
    return Bound("orders", settings.partitions, orders.ORDERS_MAX, ORDER_BYTES, bytes_max, "", True)


def _of_catalogue(settings: Settings) -> Iterable[Bound]:
    """What is kept of the catalogue beside what is withheld, each with a bound of its own."""
    asked = {"catalogue upgrades": UPGRADE_BYTES}
    if settings.catalog_relations != "off":
        asked |= dict.fromkeys(("catalogue relations", "catalogue accessories"), CATALOG_ITEM_BYTES)
    if settings.substitute_probability_max < 1:
        asked["catalogue categories"] = CATALOG_ITEM_BYTES
    if settings.reward == "net":
        asked["catalogue worths"] = WORTH_BYTES
    for table, usual in asked.items():
        yield from _tables(1, table, settings.catalog_items_max, usual, "catalog_items_max")


def _tables(times: int, table: str, entries: int, usual: int, setting: str) -> Iterable[Bound]:
    most, split = MOST_BYTES.get(table, usual), table in OF_PARTITIONS
    yield Bound(table, times, entries, usual, most, setting, split)


def held_bytes(held: Mapping[str, int], settings: Settings) -> int:
    """What so many entries of these tables take together, by what an entry usually takes.

    >>> held_bytes({"sessions": 1000, "baskets.pairs": 1000}, Settings())
    2744000
    """
    by_table = {bound.table: bound.usual_bytes for bound in bounds(settings)}
    return sum(by_table.get(table, 0) * entries for table, entries in held.items())
