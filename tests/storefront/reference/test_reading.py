"""What becomes of a product file, line by line: items, and what is wrong with the rest."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import FileUnusable
from tests.storefront.reference.files import read, there

SHOPIFY = """Handle,Title,Body (HTML),Type,Published,Option1 Name,Option1 Value,Variant SKU,\
Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,\
Gift Card,Cost per item,Status
shirt,"Shirt, fine","<p>Two
lines</p>",Clothes > Shirts,TRUE,Size,M,shirt-m,shopify,0,deny,29.90,FALSE,12.00,active
shirt,,,,,,L,shirt-l,shopify,4,deny,31.90,,12.00,
shirt,,,,,,,,,,,,,,
mug,Mug,,Home,TRUE,Title,Default Title,,,,,9.50,FALSE,,active
pre,Pre-order,,Home,TRUE,Title,Default Title,,shopify,-3,continue,5,FALSE,,active
old,Old,,Home,TRUE,Title,Default Title,,shopify,3,deny,5,FALSE,,archived
card,Voucher,,,TRUE,Title,Default Title,,,,,25,TRUE,,active
odd,Odd,,,TRUE,Title,Default Title,,,,,cheap,FALSE,,active
"""
GOOGLE = """id\ttitle\tavailability\tprice\tsale_price\titem_group_id\tproduct_type\tadult
s-m\tShirt M\tin_stock\t29.90 EUR\t19.90 EUR\tshirt\tClothes > Shirts\t
s-l\tShirt L\tout of stock\t29.90 EUR\t\tshirt\tClothes > Shirts\t
wine\tWine\tpreorder\tEUR 8,50\t\t\tDrinks\tyes
\tNameless\tin_stock\t1 EUR\t\t\t\t
s-m\tAgain\tin_stock\t1 EUR\t\t\t\t
"""
WOO = """ID,Type,SKU,Name,Published,Visibility in catalog,In stock?,Sale price,Regular price,\
Categories,Parent
10,variable,SHIRT,Shirt,1,visible,1,,,"Clothes > Shirts, Sale",
11,variation,SHIRT-M,Shirt - M,1,visible,0,,29.90,,SHIRT
12,variation,SHIRT-L,Shirt - L,1,visible,backorder,19.90,29.90,,id:10
20,simple,MUG,Mug,1,hidden,1,,9.50,Home,
30,variable,GONE,Gone,0,visible,1,,,Home,
31,variation,GONE-1,Gone - 1,1,visible,1,,5,,GONE
40,"simple, virtual",SERVICE,Service,1,visible,1,,-5,,
"""


def test_shopify_rows_are_variants_of_the_product_that_their_handle_names(tmp_path: Path) -> None:
    """What the first row says holds for all; pictures are no variants, vouchers are hidden."""
    items, problems = read(tmp_path, SHOPIFY)

    assert {"shirt-m", "shirt-l", "mug", "pre", "old", "card"} == items.keys()
    assert {"shirt-l", "mug", "pre"} == there(items)
    assert ("shirt", "shirt", None) == tuple(
        items[name].variant_of for name in ("shirt-m", "shirt-l", "mug")
    )
    large = items["shirt-l"]
    assert ({"en": "Shirt, fine - L"}, "Clothes/Shirts") == (large.titles, large.category)
    assert (3190, 1990, "EUR") == (large.price_minor, large.margin_minor, large.currency)
    assert [(10, "price 'cheap' is no amount in EUR: such as 1299.00")] == problems


def test_where_events_name_products_a_product_is_there_while_any_variant_is(tmp_path: Path) -> None:
    """It costs what the cheapest variant does."""
    items, _ = read(tmp_path, SHOPIFY, items="parent")

    assert {"shirt", "mug", "pre", "old", "card"} == items.keys()
    assert (True, 2990, 1790, None) == (
        items["shirt"].in_stock,
        items["shirt"].price_minor,
        items["shirt"].margin_minor,
        items["shirt"].variant_of,
    )


def test_a_merchant_feed_names_currencies_and_groups(tmp_path: Path) -> None:
    """The sale price is the price; an id that is missing or there already is a problem."""
    items, problems = read(tmp_path, GOOGLE)

    assert {"s-m", "wine"} == there(items)
    assert ("shirt", 1990) == (items["s-m"].variant_of, items["s-m"].price_minor)
    assert ("age", 850) == (items["wine"].restricted, items["wine"].price_minor)
    assert [5, 6] == [one.line for one in problems]
    assert "item_id: " in problems[0].what
    assert "item 's-m' is on line 2 already; left out" == problems[1].what


def test_woocommerce_variations_find_their_parent_by_id_or_sku(tmp_path: Path) -> None:
    """What is not published of a product is not published of its variations."""
    items, problems = read(tmp_path, WOO)

    assert {"10": None, "11": "10", "12": "10", "20": None, "30": None, "31": "30"} == {
        name: one.variant_of for name, one in items.items()
    }
    assert {"10", "12"} == there(items)
    assert ("Clothes/Shirts", 1990) == (items["12"].category, items["12"].price_minor)
    assert [8] == [one.line for one in problems]


def test_the_rows_of_a_product_may_be_in_any_order(tmp_path: Path) -> None:
    """Somebody has sorted the file: what is hidden stays hidden, and has its title."""
    for text in (SHOPIFY.replace("<p>Two\nlines</p>", ""), WOO):
        header, *rows = text.splitlines()
        for kind in ("parent", "variant"):
            straight, _ = read(tmp_path, text, items=kind)
            turned, _ = read(tmp_path, "\n".join([header, *reversed(rows)]), items=kind)
            assert straight == turned


def test_a_product_is_restricted_when_any_variant_is(tmp_path: Path) -> None:
    """Whichever is first in the file."""
    header = "id\ttitle\tavailability\titem_group_id\tadult\n"
    items, _ = read(
        tmp_path,
        header + "a\tSweets\tin_stock\tbox\t\nb\tWith rum\tin_stock\tbox\tyes\n",
        items="parent",
    )

    assert "age" == items["box"].restricted


def test_woocommerce_products_are_there_while_a_variation_is(tmp_path: Path) -> None:
    """The row of the product itself has no stock of its own."""
    items, _ = read(tmp_path, WOO.replace("backorder", "0"), items="parent")

    assert ({"10", "20", "30"}, set()) == ({*items}, there(items))


def test_a_file_of_our_own_names_says_all_there_is(tmp_path: Path) -> None:
    """Titles in several languages, relations, prices either way; ids as they are."""
    items, problems = read(
        tmp_path,
        "\ufeffitem_id;title;title_de;price_minor;price;currency;hidden;restricted;accessory_of;x\n"
        'jam;Jam;Marmelade;319;;EUR;;;"bread,toast";y\n'
        "gin;Gin;;;25.50;GBP;;age;;\n"
        "bag;;;;;;yes;;;\n"
        "odd;;;x;;;;Over 18;;\n",
        items="parent",
    )

    jam = items["jam"]
    assert ({"en": "Jam", "de": "Marmelade"}, 319) == (jam.titles, jam.price_minor)
    assert ["bread", "toast"] == [one.item_id for one in jam.relations]
    assert ("age", 2550, "GBP") == (
        items["gin"].restricted,
        items["gin"].price_minor,
        items["gin"].currency,
    )
    assert items["bag"].hidden
    assert [5] == [one.line for one in problems]


def test_json_lines_are_the_records_themselves(tmp_path: Path) -> None:
    """Strictly so; a line that is none is told, the others are read."""
    lines = ['{"item_id":"jam","hidden":true}', "", "{", '{"item_id":"tea","in_stock":"yes"}']
    items, problems = read(tmp_path, "\n".join(lines))

    assert ({"jam"}, [3, 4]) == ({*items}, [one.line for one in problems])


def test_the_column_of_the_id_may_be_named(tmp_path: Path) -> None:
    """Events may call items otherwise than the shop system does by itself."""
    items, _ = read(tmp_path, WOO, id_column="SKU")

    assert "SHIRT" == items["SHIRT-M"].variant_of


def test_bytes_that_are_no_text_are_a_problem_of_their_line(tmp_path: Path) -> None:
    """A title would be wrong for ever, and nobody would see why."""
    items, problems = read(tmp_path, "item_id,title\njam,Gelée\ntea,Tea\n".encode("latin-1"))

    assert {"tea"} == items.keys()
    assert [(2, "some bytes are no UTF-8: save the file as UTF-8")] == problems


@pytest.mark.parametrize("text", ["", " \n", "name,price\nx,1\n", '"item', "\0"])
def test_a_file_that_is_no_catalogue_says_what_it_would_need(tmp_path: Path, text: str) -> None:
    """Before anything is sent."""
    with pytest.raises(FileUnusable):
        read(tmp_path, text)


@given(text=st.text(st.sampled_from('item_d,;\t"\n\r\0{}:é '), max_size=60) | st.text(max_size=30))
@pytest.mark.parametrize(
    "header",
    [
        "",
        *(each.partition("\n")[0] + "\n" for each in (SHOPIFY, GOOGLE, WOO)),
        "item_id,price,price_minor\n",
    ],
)
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, header: str, text: str
) -> None:
    """Whatever an export holds: an item of the contract, a problem with its line, or a refusal."""
    folder = tmp_path_factory.getbasetemp()
    for items in ("parent", "variant"):
        try:
            found, problems = read(folder, header + text, items=items)
        except FileUnusable:
            continue
        assert all(json.loads(one.model_dump_json()) for one in found.values())
        assert all(one.line > 0 and one.what for one in problems)


def test_segments_of_our_own_columns_are_lists(tmp_path: Path) -> None:
    """With commas between them; an empty cell says nothing."""
    rows = (
        "item_id,eligible_segments,excluded_segments,owned_once\n"
        'card,"premium, staff",,yes\n'
        "wine,,minor,no\n"
        "bread,,,\n"
    )
    items, problems = read(tmp_path, rows)

    assert [] == problems
    assert (("premium", "staff"), ()) == (
        items["card"].eligible_segments,
        items["card"].excluded_segments,
    )
    assert ("minor",) == items["wine"].excluded_segments
    assert () == items["bread"].eligible_segments
    assert [True, False, False] == [items[name].owned_once for name in ("card", "wine", "bread")]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("item_id\ttitle\ntea\tTea\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
        (b"item_id,title\rtea,Tea\r", "carriage returns alone: save it with line feeds"),
    ],
    ids=["UTF-16", "carriage returns"],
)
def test_a_file_that_is_saved_as_no_lines_of_ours_says_how_to_save_it(
    tmp_path: Path, written: bytes, why: str
) -> None:
    """Not that its header has none of the columns that it has."""
    with pytest.raises(FileUnusable, match=why):
        read(tmp_path, written)
