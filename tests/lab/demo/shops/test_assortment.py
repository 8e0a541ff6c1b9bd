"""Sample shops: whole, in ten languages, and with a truth that can be found."""

from importlib.resources import files
from random import Random

import pytest

from streams.contract.events.currencies import decimals
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import decode_reference, encode_reference
from streams.lab.demo.shoppers.plans import plan
from streams.lab.demo.shoppers.shoppers import crowd, visitors
from streams.lab.demo.shops.assortment import LANGUAGES, SHOPS, assortment
from streams.lab.demo.shops.catalogue import catalog_records
from tests.lab.demo.street import served
from tests.stories import NOON_MS


def test_the_shops_are_the_files() -> None:
    """None is forgotten, and none is named that is not there."""
    there = files("streams.lab.demo.shops").joinpath("data").iterdir()

    assert sorted(f"{name}.toml" for name in SHOPS) == sorted(file.name for file in there)
    with pytest.raises(KeyError, match="bakery"):
        assortment("bakery")


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_is_whole(name: str) -> None:
    """Whatever the truth speaks of is for sale; no popular item and no staple is a complement."""
    shop = assortment(name)
    complements = {item for truth in shop.complements.values() for item in truth}
    substitutes = {*shop.substitutes, *shop.substitutes.values()}

    assert {*shop.staples, *complements, *shop.popular, *substitutes} == set(shop.items)
    assert not complements & {*shop.popular, *shop.staples}
    assert not set(shop.popular) & set(shop.staples)
    assert {item.category for item in shop.items.values()} == set(shop.categories)
    assert len(shop.staples) >= 7


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_speaks_ten_languages(name: str) -> None:
    """The shop, its shelves and its items have a title in each, and no two items the same one."""
    shop = assortment(name)
    named = [shop.titles, *(shelf.titles for shelf in shop.categories.values())]
    named += [item.titles for item in shop.items.values()]
    for titles in named:
        assert tuple(titles) == LANGUAGES
        assert all(title == title.strip() != "" for title in titles.values())
    for language in LANGUAGES:
        named_so = [item.titles[language] for item in shop.items.values()]
        assert [] == [title for title in named_so if named_so.count(title) > 1]


@pytest.mark.parametrize("name", SHOPS)
def test_a_catalogue_is_of_the_contract(name: str) -> None:
    """Workers take every record, and relations name items of the same shop."""
    shop = assortment(name)
    assert decimals(shop.currency) is not None
    for record in catalog_records(shop):
        key = record.item_id.encode()
        assert decode_reference(CatalogItem, key, encode_reference(record)) == (
            record.item_id,
            record,
        )
        assert {relation.item_id for relation in record.relations} <= set(shop.items)
        assert record.price_minor == shop.items[record.item_id].price_minor
        assert record.margin_minor is not None
        assert record.margin_minor <= (record.price_minor or 0) or not record.price_minor


@pytest.mark.parametrize("name", SHOPS)
def test_shoppers_want_what_the_shop_has(name: str) -> None:
    """Plans are of its own items alone, and come to every staple."""
    shop = assortment(name)
    shoppers = visitors(3, crowd(3, 50, shop))
    meant = {
        intent.item_id
        for number in range(500)
        for intent in plan(next(shoppers), Random(f"plan/{number}"), shop)
        if intent.item_id
    }

    assert set(shop.staples) <= meant <= set(shop.items)


@pytest.mark.parametrize("name", SHOPS)
def test_the_truth_of_a_shop_can_be_found(name: str) -> None:
    """After forty seconds a true complement is on top for four of five staples at least.

    One seed, so the figures are always the same.
    """
    shop = assortment(name)
    judge, traffic = served(40, shop=shop)
    verdict = judge.verdict(NOON_MS / 1000 + 40)

    assert verdict.of == len(shop.staples)
    assert verdict.found >= 0.8 * verdict.of, verdict.missed
    assert 0 == traffic.items_foreign
