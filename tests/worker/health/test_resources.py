"""What a worker's page says of memory and tables, and what it advises."""

from models.recommenders.recommender import TableSize
from streams.contract.settings import Settings
from streams.shop.shop import Shop
from streams.worker.health.resources import SETTINGS, advice, memory, sizes_json
from tests.stories import OPEN, Story

ROOM: dict[str, int | None] = {"rss_bytes": 1, "limit_bytes": None}


def sold(shop: Shop, shoppers: int) -> Shop:
    """A shop in which so many have bought something of their own, and bread."""
    offset = 0
    for number in range(shoppers):
        story = Story(f"s{number}", shopper_id=f"shopper-{number}")
        for event in (story.view("bread"), story.add(f"item-{number}"), story.order("bread")):
            shop.learn(0, offset, event)
            offset += 1
    return shop


def test_an_empty_shop_has_room_for_all_that_its_settings_allow() -> None:
    """And every table has a setting that bounds it."""
    settings = Settings(**OPEN)
    tables = Shop(settings).tables()

    assert {name.rpartition(".")[2] for name in tables} <= SETTINGS.keys()
    assert settings.items_max == tables["popularity.items"].at_most
    assert settings.shoppers_max == tables["repeats.shoppers"].at_most
    assert all(size.held == 0 and not size.forgot for size in tables.values())
    assert [] == advice(tables, ROOM)


def test_tables_are_as_full_as_what_was_folded() -> None:
    """Sessions count in their fullest partition; pairs both ways."""
    tables = sold(Shop(Settings(**OPEN)), shoppers=5).tables()

    assert TableSize(5, 50_000, False) == tables["sessions"]
    assert 5 == tables["repeats.shoppers"].held
    assert 6 == tables["baskets.items"].held == tables["popularity.items"].held
    assert 10 == tables["baskets.pairs"].held
    assert 0.0001 == sizes_json(tables)["sessions"]["share"]


def test_what_was_full_and_what_nearly_is_are_advised_on() -> None:
    """With the setting to look at."""
    settings = Settings(**OPEN, sessions_max=4, shoppers_max=6, items_max=10)
    said = advice(sold(Shop(settings), shoppers=8).tables(), ROOM)

    assert any(
        s.startswith("sessions has been full") and "GOESWITH_SESSIONS_MAX" in s for s in said
    )
    assert any(s.startswith("repeats.shoppers has been full") for s in said)
    assert "popularity.items is 90 % full: see GOESWITH_ITEMS_MAX" in said


def test_a_full_row_in_a_table_with_room_is_as_it_should_be() -> None:
    """A staple has met more partners than are remembered: nobody needs to be called for that."""
    assert [] == advice({"baskets.pairs": TableSize(4_500, 12_800_000, True)}, ROOM)


def test_a_recommender_of_ones_own_may_have_tables_of_any_name() -> None:
    """They are told and advised on like others, though no setting of ours bounds them."""
    tables = {
        "colours.shades": TableSize(9, 10, False),
        "colours.hues": TableSize(10, 10, True),
        "colours.none": TableSize(0, 0, False),
    }

    assert [0.9, 1.0, 0.0] == [told["share"] for told in sizes_json(tables).values()]
    assert "colours.shades is 90 % full: see at_most of its recommender" in advice(tables, ROOM)
    assert any(
        "a larger at_most of its recommender remembers more" in s for s in advice(tables, ROOM)
    )


def test_memory_is_told_and_judged_by_the_limit() -> None:
    """A container that is nearly full ends its worker when a checkpoint is written."""
    held = memory()

    assert held["rss_bytes"] is None or held["rss_bytes"] > 1_000_000
    assert [] == advice({}, {"rss_bytes": 79, "limit_bytes": 100})
    assert ["memory is 81 % of its limit"] == [
        sentence[:27] for sentence in advice({}, {"rss_bytes": 81, "limit_bytes": 100})
    ]
