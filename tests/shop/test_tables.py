"""How full the bounded tables of a shop are: what an operator looks at before memory runs out."""

from models.recommenders.recommender import TableSize
from tests.stories import Story, Till


def test_of_sessions_the_fullest_partition_is_told_and_whether_one_had_to_leave() -> None:
    """The bound is each partition's own."""
    shop = Till(sessions_max=2).shop
    assert "sessions" not in shop.tables()
    shop.learn(1, 0, Story("alone").view("bread"))
    for number, forgot in enumerate([False, False, True]):
        shop.learn(0, number, Story(f"s{number}").view("bread"))
        assert TableSize(min(number + 1, 2), 2, forgot) == shop.tables()["sessions"]


def test_every_bounded_table_of_what_is_learned_is_told_by_its_model() -> None:
    """With what it holds; a model that is switched off has none."""
    shop = Till()
    shop.teach("bread", "butter")
    tables = shop.shop.tables()

    assert shop.shop.learned.fit is None
    assert (2, 2) == (tables["popularity.items"].held, tables["baskets.items"].held)
    assert not any(size.forgot for size in tables.values())
