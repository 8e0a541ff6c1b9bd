"""Rows that say something else than they seem to: a problem of their line, and never sent."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.contract.errors import FileUnusable
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


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("restrictd", "restricted"),
        ("Restricted", "restricted"),
        ("prices", "price"),
        ("instock", "in_stock"),
        ("inStock", "in_stock"),
        ("exclude_segments", "excluded_segments"),
        ("restricetd", "restricted"),
        ("hiden", "hidden"),
        ("variantOf", "variant_of"),
        ("costs", "cost"),
        ("owned_onec", "owned_once"),
        ("ownedonce", "owned_once"),
        ("requiers", "requires"),
        ("exclude", "excludes"),
    ],
)
def test_a_column_that_is_called_almost_as_a_known_one_is_refused(
    tmp_path: Path, column: str, known: str
) -> None:
    """Before anything is sent: an age limit would be lost, and nobody would see it."""
    with pytest.raises(FileUnusable, match=f"column {column} is not known: did you mean {known}?"):
        read(tmp_path, f"item_id,title,{column}\ngin,Gin,age\n")


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("restrictd", "restricted"),
        ("eligible_segment", "eligible_segments"),
        ("in_stok", "in_stock"),
        ("ownedOnce", "owned_once"),
        ("relation", "relations"),
        ("requires", "relations"),
        ("exclude", "relations"),
        ("margin_minr", "margin_minor"),
        ("instock", "in_stock"),
        ("owned_onec", "owned_once"),
        ("ownedonce", "owned_once"),
        ("requiers", "relations"),
    ],
)
def test_a_field_of_json_that_is_called_almost_as_a_known_one_is_refused(
    tmp_path: Path, field: str, known: str
) -> None:
    """By the same rule as a column; on whichever line it is."""
    said = f"line 2: field {field} is not known: did you mean {known}?"
    with pytest.raises(FileUnusable, match=re.escape(said)):
        read(tmp_path, f'{{"item_id": "tea"}}\n{{"item_id": "gin", "{field}": "age"}}\n')


def test_a_slip_in_json_is_one_whatever_else_its_record_has(tmp_path: Path) -> None:
    """Else it would be read over on one line, and refuse the file on the next."""
    with pytest.raises(FileUnusable, match="line 1: field restrictd is not known"):
        read(tmp_path, '{"item_id": "gin", "restricted": "age", "restrictd": "age"}\n')


def test_a_field_of_json_that_nothing_is_like_is_noted_once(tmp_path: Path) -> None:
    """As columns are."""
    file = tmp_path / "feed.jsonl"
    record = {"item_id": "a", "price": 12, "colour": "red", "restricted": "age", "licence": 1}
    lines = [json.dumps(record | {"item_id": str(number)}) for number in range(3)]
    file.write_text("\n".join([*lines, '{"item_id": "z", "weight": 3}', ""]))
    typed = ["catalog", "import", str(file), "--dry-run"]
    done = CliRunner().invoke(goeswith, typed)
    told = json.loads(CliRunner().invoke(goeswith, [*typed, "--json"]).stdout.splitlines()[-1])

    note = "fields that are not known, and not read: price, colour, licence, weight\n"
    assert (0, 1) == (done.exit_code, done.output.count(note)), done.output
    assert ["price", "colour", "licence", "weight"] == told["unread_columns"]


def test_money_in_json_is_said_to_be_wanted_in_minor_units(tmp_path: Path) -> None:
    """By the names that tables have, where decimals are read; what is not there is not told."""
    file = tmp_path / "feed.jsonl"
    file.write_text('{"item_id": "a", "price": 19.99, "cost": 12, "currency": "EUR"}\n')
    done = CliRunner().invoke(goeswith, ["catalog", "import", str(file), "--dry-run"])
    file.write_text('{"item_id": "a", "price_minor": 1999, "currency": "EUR", "colour": "red"}\n')
    right = CliRunner().invoke(goeswith, ["catalog", "import", str(file), "--dry-run"])
    file.write_text("item_id,price,cost,currency\na,19.99,12,EUR\n")
    table = CliRunner().invoke(goeswith, ["catalog", "import", str(file), "--dry-run"])

    assert "price is not read of JSON: write price_minor, in whole minor units" in done.output
    assert "cost is not read of JSON: write margin_minor, which is price less cost" in done.output
    assert "not read of JSON" not in right.output + table.output


@pytest.mark.parametrize("code", ["XXX", "XAU", "HRK"])
def test_a_currency_that_is_none_is_refused_of_json_as_of_tables(tmp_path: Path, code: str) -> None:
    """Nobody can tell what so many of it are."""
    json_lines = f'{{"item_id": "a", "price_minor": 1, "currency": "{code}"}}\n'
    own = f"item_id,price_minor,currency\na,1,{code}\n"
    said = f"currency {code!r} is no code of ISO 4217, such as EUR"

    assert ({}, [(1, said)]) == read(tmp_path, json_lines)
    assert ({}, [(2, said)]) == read(tmp_path, own)


WORDS = (
    *("includes", "required", "in_store", "inStore", "on_stock", "min_stock", "hide"),
    *("price_min", "priceMin", "margin_min", "rotations", "unrestricted"),
)
HARMLESS = (
    *("image_alt", "restricted_de", "file_de", "curl", "category_id", "adult", "segments"),
    *("code", "list", "size", "place", "price_2", "titel_de", "acessory_of", *WORDS),
)


@pytest.mark.parametrize("field", WORDS)
def test_a_field_of_json_that_is_a_word_of_its_own_refuses_no_file(
    tmp_path: Path, field: str
) -> None:
    """However much it looks like a field that keeps items from being offered."""
    items, problems = read(tmp_path, f'{{"item_id": "gin", "{field}": []}}\n')

    assert (["gin"], []) == ([*items], problems)


@pytest.mark.parametrize("column", HARMLESS)
def test_a_column_of_which_no_item_is_offered_that_should_not_be_is_noted(
    tmp_path: Path, column: str
) -> None:
    """A word more is another column; and a relation or a title that is lost offers nothing."""
    file = tmp_path / "feed.csv"
    file.write_text(f"item_id,{column}\ngin,x\n")
    done = CliRunner().invoke(goeswith, ["catalog", "import", str(file), "--dry-run"])

    assert (0, 1) == (done.exit_code, done.output.count(f"not read: {column}\n")), done.output


def test_a_column_that_nothing_is_like_is_noted_once(tmp_path: Path) -> None:
    """The shop's own; also one that is like a column which is there besides, or has the ids."""
    file = tmp_path / "feed.csv"
    header = "category,category_id,colour,weight,title_de,product_id,sku,\n"
    file.write_text(header + ",,,,,,b,\n" * 3)
    typed = ["catalog", "import", str(file), "--dry-run", "--id-column", "sku", "--format", "own"]
    done = CliRunner().invoke(goeswith, typed)
    as_json = CliRunner().invoke(goeswith, [*typed, "--json"])

    assert 1 == done.output.count("not read: category_id, colour, weight, product_id\n")
    told = json.loads(as_json.stdout.splitlines()[-1])
    assert ["category_id", "colour", "weight", "product_id"] == told["unread_columns"]


def test_a_path_of_categories_has_slashes_in_each_kind_of_table(tmp_path: Path) -> None:
    """One category would be two: substitutes and controls go by its name."""
    own = read(tmp_path, "item_id,category\n7,Food > Tea\n")[0]
    google = read(tmp_path, "id,title,availability,product_type\n7,T,,Food > Tea\n")[0]
    commas = read(tmp_path, 'item_id,category\n7,"Tea, loose/Green"\n')[0]

    assert "Food/Tea" == own["7"].category == google["7"].category
    for said, path in {"Bags >": "Bags", "> Bags": "Bags", "a >> b": "a/b", ">": None}.items():
        assert path == read(tmp_path, f"item_id,category\n7,{said}\n")[0]["7"].category
    assert "Tea, loose/Green" == commas["7"].category


@pytest.mark.parametrize("said", ["sep=;\r\n", "\ufeffsep=;\n", '"SEP=;"\n', "sep=|\n", "sep=\t\n"])
def test_the_line_that_tells_excel_the_delimiter_is_obeyed(tmp_path: Path, said: str) -> None:
    """It is none of the table; lines are counted with it."""
    delimiter = said.strip('\n\r"\ufeff')[-1]
    rows = "item_id;title;price\njam;Jam, red, sweet, fine;3,19\ntea;Tea;cheap\n"
    items, problems = read(tmp_path, said + rows.replace(";", delimiter))

    assert ({"en": "Jam, red, sweet, fine"}, 319) == (items["jam"].titles, items["jam"].price_minor)
    assert [(4, "price 'cheap' is no amount in EUR: such as 1299.00")] == problems


def test_xml_is_refused_with_what_is_wanted(tmp_path: Path) -> None:
    """Google takes both; we take one."""
    with pytest.raises(FileUnusable, match="it is XML: a product feed is read as text with tabs"):
        read(tmp_path, '\n<?xml version="1.0"?>\n<rss><channel/></rss>\n')
