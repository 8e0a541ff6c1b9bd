"""Rows that say something else than they seem to: a problem of their line, and never sent."""

from pathlib import Path

import pytest

from tests.storefront.reference.files import read, there


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("item_id,in_stock\njam,ausverkauft\ntea,\n", "in_stock: 'ausverkauft' is neither yes"),
        ("item_id,hidden\njam,perhaps\ntea,no\n", "hidden: 'perhaps' is neither yes nor no"),
        (
            "id,title,availability\njam,Jam,ausverkauft\ntea,Tea,In stock\n",
            "availability: 'ausverkauft' is not known",
        ),
        (
            "ID,Type,SKU,Name,In stock?\njam,simple,,Jam,none left\ntea,simple,,Tea,instock\n",
            "In stock?: 'none left' is neither yes nor no",
        ),
        (
            "Handle,Variant Price,Inventory tracker,Inventory quantity\njam,1,x,none\ntea,1,x,2\n",
            "quantity 'none' is no number",
        ),
    ],
)
def test_a_word_that_is_neither_yes_nor_no_is_a_problem(
    tmp_path: Path, text: str, wrong: str
) -> None:
    """What is sold out would be offered, and nobody would know."""
    items, ((line, said),) = read(tmp_path, text)

    assert ({"tea"}, 2) == (there(items), line)
    assert {"tea"} == items.keys()
    assert said.startswith(wrong)


def test_woocommerce_has_words_of_its_own_for_stock(tmp_path: Path) -> None:
    """They are what it keeps itself."""
    header = "ID,Type,SKU,Name,In stock?\n"
    items, problems = read(
        tmp_path, header + "a,simple,,A,outofstock\nb,simple,,B,onbackorder\nc,simple,,C,instock\n"
    )

    assert ({"b", "c"}, 3, []) == (there(items), len(items), problems)


def test_what_is_wrong_with_a_product_is_wrong_with_its_variants(tmp_path: Path) -> None:
    """It may be hidden."""
    shopify = "Handle,Title,Published,Variant SKU,Variant Price\n"
    woo = "ID,Type,SKU,Name,Published,Parent\n"
    for text in (
        shopify + "jam,Jam,soon,jam-s,1\njam,,,jam-l,2\ntea,Tea,TRUE,tea-s,1\n",
        woo + "jam,variable,,Jam,soon,\njam-l,variation,,L,1,id:jam\ntea-s,simple,,Tea,1,\n",
    ):
        items, problems = read(tmp_path, text)
        assert ({"tea-s"}, [2, 3]) == ({*items}, [one.line for one in problems])


def test_a_row_that_does_not_fit_the_header_is_a_problem(tmp_path: Path) -> None:
    """Its cells would be those of other columns; blank ones at the end are no harm."""
    items, problems = read(
        tmp_path, "item_id,title,hidden\njam,Jam, sweet,yes\ngin,yes\ntea,Tea,no,,\n"
    )

    assert ({"tea"}, [2, 3]) == ({*items}, [one.line for one in problems])


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ('jam,"Jam\ngin,"Gin"\ntea,Tea\n', [2]),
        ('jam,"Jam\ngin,Gin"\ntea,Tea\n', []),
        ('tea,Tea\njam,"Jam\ngin,Gin\n', [3]),
        ('jam,"Jam" sweet\ntea,Tea\n', [2]),
        ('"jam,Jam\ngin,Gin"\ntea,Tea\n', [2]),
    ],
    ids=["swallowed a row", "a title of two lines", "swallowed the rest", "behind", "short"],
)
def test_a_lone_quote_is_a_problem(tmp_path: Path, rows: str, lines: list[int]) -> None:
    """It is told which lines it took; those behind are read."""
    items, problems = read(tmp_path, "item_id,title\n" + rows)

    assert lines == [one.line for one in problems]
    assert "tea" in items
    assert "gin" not in items
