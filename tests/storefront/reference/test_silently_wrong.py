"""What files say in ways of their own: read as it was meant, or said to be wrong on its line."""

import re
from html import escape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.root import goeswith
from streams.contract.errors import FileUnusable
from streams.storefront.reference.formats.drafts import Options, Problem
from streams.storefront.reference.formats.plain_text import CHARS_MAX, plain
from streams.storefront.reference.reading import CatalogFile, Found
from tests.storefront.reference.files import read

TWO_WAYS = "can be read in two ways, as decimals or thousands: in EUR such as 1299.00"
GOOGLE = "id,title,availability,price,item_group_id,cost_of_goods_sold\n"


@pytest.mark.parametrize("word", ["no", "No", "0", "false", "nein", "none", "-1", ""])
def test_an_item_that_is_not_restricted_is_not_withheld(tmp_path: Path, word: str) -> None:
    """A no is no reason."""
    items, problems = read(tmp_path, f"item_id,restricted\njam,{word}\n")

    assert (None, []) == (items["jam"].restricted, problems)


@pytest.mark.parametrize(("word", "kept"), [("age", "age"), ("yes", "yes")])
def test_a_reason_to_restrict_is_kept(tmp_path: Path, word: str, kept: str) -> None:
    """A yes is one as well."""
    items, _ = read(tmp_path, f"item_id,restricted\njam,{word}\n")

    assert kept == items["jam"].restricted


@pytest.mark.parametrize("id_column", ["", "id"])
@pytest.mark.parametrize("items", ["parent", "variant"])
def test_an_item_that_is_there_twice_is_said_to_be(
    tmp_path: Path, items: str, id_column: str
) -> None:
    """Of no group it is no variant: merged it would cost the lower price, without its cost."""
    rows = "g1,Jam,in_stock,9.99 EUR,,5 EUR\ng1,Jam,in_stock,2.00 EUR,,\n"
    found, problems = read(tmp_path, GOOGLE + rows, items=items, id_column=id_column)

    assert (999, 499) == (found["g1"].price_minor, found["g1"].margin_minor)
    assert [(3, "item 'g1' is on line 2 already; left out")] == problems


@pytest.mark.parametrize(
    "address", ["http://s.example/x.png", "/img/x.png", "https://s.example/" + "x" * 2048]
)
@pytest.mark.parametrize("name", ["image_url", "url"])
def test_an_address_that_no_page_shows_keeps_no_item_on_sale(
    tmp_path: Path, name: str, address: str
) -> None:
    """What is sold out is withheld, as it is by a feed of Google's; it is shown without."""
    items, problems = read(tmp_path, f"item_id,in_stock,{name}\njam,no,{address}\n")

    assert [] == problems
    assert (False, None) == (items["jam"].in_stock, getattr(items["jam"], name))


def test_an_address_may_have_commas(tmp_path: Path) -> None:
    """A column of ours holds one address alone."""
    address = "https://cdn.example/w_100,h_100/jam.webp"
    items, _ = read(tmp_path, f'item_id,image_url\njam,"{address}"\n')

    assert address == items["jam"].image_url


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ('"image_url": "http://s.example/x.png"', "image_url: an address by https"),
        ('"currency": "eur"', "currency: three capital letters"),
        ('"restricted": "Age 18"', "restricted: one word of small letters"),
    ],
)
def test_a_rule_is_told_in_words(tmp_path: Path, field: str, meant: str) -> None:
    """Whoever reads it has to mend a file, and no regular expression."""
    file = tmp_path / "items.jsonl"
    file.write_text(f'{{"item_id": "jam", {field}}}\n')
    (problem,) = CatalogFile(file, Options()).read()

    assert isinstance(problem, Problem)
    assert problem.what.startswith(meant)


TWICE = {
    "google": """id,title,availability,price,item_group_id
a,Jam,in_stock,9 EUR,jam
b,Jam,in_stock,8 EUR,jam
a,Jam,in_stock,2 EUR,jam
""",
    "woocommerce": """ID,Type,SKU,Name,Regular price,Parent
1,simple,,Jam,9,
2,simple,,Tea,8,
1,simple,,Jam,2,
""",
    "shopify": """Handle,Title,Variant Price,Variant SKU
jam,Jam,9,a
jam,,8,b
jam,,2,a
""",
}


@pytest.mark.parametrize("source", TWICE)
def test_a_variant_that_is_there_twice_is_said_to_be(tmp_path: Path, source: str) -> None:
    """The other variants of its product are one item with it."""
    found, problems = read(tmp_path, TWICE[source], items="parent")

    assert [4] == [one.line for one in problems]
    assert 200 not in [one.price_minor for one in found.values()]


def test_variants_that_are_called_as_their_product_by_the_column_are_one_item(
    tmp_path: Path,
) -> None:
    """Whoever names the column has said so."""
    rows = "a,Jam,in_stock,9 EUR,jam,\nb,Jam,in_stock,8 EUR,jam,\n"
    found, problems = read(tmp_path, GOOGLE + rows, items="parent", id_column="item_group_id")

    assert ({"jam": 800}, []) == ({name: one.price_minor for name, one in found.items()}, problems)


def test_each_row_without_an_id_is_said_to_have_none(tmp_path: Path) -> None:
    """Not one row for all of them."""
    rows = ",Jam,in_stock,9 EUR,,\n,Tea,in_stock,8 EUR,,\n"
    _, problems = read(tmp_path, GOOGLE + rows, items="parent")

    assert [2, 3] == [one.line for one in problems]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('Shirt <b>"Groesse"</b> &amp; more\r\nsecond line', 'Shirt "Groesse" & more second line'),
        ("Tee <em>Earl Grey</em>", "Tee Earl Grey"),
        ("Kaffee &quot;Crema&quot;", 'Kaffee "Crema"'),
        ("  Two   blanks\tand&nbsp;one<br/>line ", "Two blanks and one line"),
        ("<p class='x'>One</p><p>two</p>", "One two"),
        ("Tea<script>alert(1)</script><!-- cut --> green", "Tea green"),
        ("<![CDATA[Jam & <i>more</i>]]>", "Jam & more"),
        ("&lt;b&gt;Tea&lt;/b&gt; AT&amp;amp;T", "Tea AT&T"),
        ("Shirt <M>, <XL>, <S>", "Shirt <M>, <XL>, <S>"),
        ("<s>Old</s> new", "Old new"),
        ("Jeans <Style 501> blue", "Jeans <Style 501> blue"),
        ("Game <Script> edition <b>new</b>", "Game <Script> edition new"),
        ("Battery <Li> ion", "Battery <Li> ion"),
        ("Bra <B>", "Bra <B>"),
        ("<b>Bra</b> <B>", "Bra <B>"),
        ("Bra <B> <b>new</b>", "Bra <B> new"),
        ("<b>Bra <b>new</b></b>", "Bra new"),
        ("<ul><li>One<li>two</ul>", "One two"),
        ("<font color='red'>Sale", "Sale"),
        ("Deal <!20%> off", "Deal <!20%> off"),
        ("Deal <!-- 20%> off", "Deal <!-- 20%> off"),
        ("What is <?> box", "What is <?> box"),
        ("<!DOCTYPE html><?xml x?>Tea", "Tea"),
        ("Heart </3 mug > all", "Heart </3 mug > all"),
        ("Smile &#55357;&#56832;", "Smile \N{GRINNING FACE}"),
        ("Smile &#xD83D;&#xde00;", "Smile \N{GRINNING FACE}"),
        ("Tea &#0; x", "Tea x"),
        ("Tea &#55357; &#x110000; &#00000000000000065; &amp;#0;x", "Tea A x"),
        ("Tea <![<x>", "Tea <![<x>"),
        ("5 < 6 > 4, I <3 you, a<b", "5 < 6 > 4, I <3 you, a<b"),
        ("Bed&copper, R&D, fish&chips; x", "Bed&copper, R&D, fish&chips; x"),
    ],
)
def test_a_title_is_what_a_browser_would_show(tmp_path: Path, said: str, shown: str) -> None:
    """On one line; what is no markup stays."""
    quoted = '"' + said.replace('"', '""') + '"'
    own, problems = read(tmp_path, f"item_id,title,title_de\njam,{quoted},{quoted}\n")
    of_google, _ = read(tmp_path, GOOGLE + f"jam,{quoted},in_stock,1 EUR,,\n")

    assert ({"en": shown, "de": shown}, []) == (own["jam"].titles, problems)
    assert {"en": shown} == of_google["jam"].titles


@given(st.text(max_size=200))
def test_a_text_that_was_made_markup_is_read_as_it_was(said: str) -> None:
    """Escaped, and in a tag: the same, on one line."""
    if "<" not in said and "&" not in said:
        clean = "".join(one for one in said if one == " " or one.isprintable())
        assert " ".join(clean.split()) == plain(f"<b>{escape(clean)}</b>")


@given(st.text(alphabet="<>/b!-[]=&;#x1 \"'", max_size=60))
def test_no_markup_is_an_accident(said: str) -> None:
    """Whatever it is, it becomes one line of text, or is said to be cut off."""
    try:
        shown = plain(said)
    except ValueError:
        return
    assert shown == " ".join(shown.split())
    assert not re.search("<b>.*</b>", shown)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("Tee <em cla", "title: it ends in the midst of a tag: '<em cla'"),
        ("&" + "amp;" * 9 + "lt;", "title: it is markup within markup"),
        ("<img src=x>", "title: '<img src=x>' is markup without a text"),
        ("x" * (CHARS_MAX + 1), f"title: it is longer than {CHARS_MAX:,} characters"),
    ],
)
def test_a_title_that_cannot_be_read_is_a_problem(tmp_path: Path, said: str, wrong: str) -> None:
    """Of its line."""
    for text in (f"item_id,title\njam,{said}\n", GOOGLE + f"jam,{said},in_stock,1 EUR,,\n"):
        assert ({}, [(2, wrong)]) == read(tmp_path, text)


@pytest.mark.parametrize("said", ["klub;vip", "klub; vip", "klub|vip", '"klub,vip"', "klub;vip;"])
def test_segments_are_parted_by_whatever_parts_them(tmp_path: Path, said: str) -> None:
    """One segment of that name would be nobody's."""
    header = "item_id,eligible_segments,title,price\n"
    items, problems = read(tmp_path, f"{header}jam,{said},Jam,1\n")

    assert (("klub", "vip"), []) == (items["jam"].eligible_segments, problems)


def test_items_of_a_relation_with_a_semicolon_are_a_problem(tmp_path: Path) -> None:
    """An id may have one: nobody can tell."""
    _, problems = read(tmp_path, "item_id,requires,title\njam,bread;butter,Jam\n")

    assert [(2, "requires: 'bread;butter': commas go between items, not semicolons")] == problems


@pytest.mark.parametrize("column", ["item_id", "title", "title_de", "price"])
def test_two_columns_of_one_name_that_differ_are_no_catalogue(tmp_path: Path, column: str) -> None:
    """The last would win, unsaid."""
    rest = "item_id,title\n" if column != "item_id" else "title,x\n"
    with pytest.raises(FileUnusable, match=f"line 2: two columns are called {column}, and differ"):
        read(tmp_path, f"{column},{column},{rest}1,2,3,4\n")


def test_two_columns_that_say_the_same_or_are_not_read_do_no_harm(tmp_path: Path) -> None:
    """Google's feeds may repeat some."""
    text = "item_id,item_id,shipping,shipping\njam,jam ,a,b\n"
    items, problems = read(tmp_path, text)

    assert ({"jam"}, []) == ({*items}, problems)


@pytest.mark.parametrize(
    ("price", "currency", "wrong"),
    [
        ("1 299 kr", "SEK", "price '1 299 kr' is no amount in SEK: such as 1299.00"),
        ("12,-", "EUR", "price '12,-' is no amount in EUR: such as 1299.00"),
        ("¥ 12", "JPY", "price '¥ 12' is no amount in JPY: such as 1299"),
        ("dear", "KWD", "price 'dear' is no amount in KWD: such as 1299.000"),
        ("1.299", "EUR", f"price '1.299' {TWO_WAYS}"),
        ("1,299", "EUR", f"price '1,299' {TWO_WAYS}"),
    ],
)
def test_of_a_price_that_is_none_it_is_told_why_and_what_to_write(
    tmp_path: Path, price: str, currency: str, wrong: str
) -> None:
    """An amount that is taken, in the currency that was meant."""
    said = f'item_id,price,currency\njam,"{price}",{currency}\n'
    example = wrong.rpartition(" ")[2]
    items, problems = read(tmp_path, said)

    assert ({}, [(2, wrong)]) == (items, problems)
    taken, problems = read(tmp_path, f"item_id,price,currency\njam,{example},{currency}\n")
    assert ({"jam"}, []) == ({*taken}, problems)


@pytest.mark.parametrize("cell", ["12.50 €", "1\xa0299", "5 £"])
@pytest.mark.parametrize("column", ["price", "cost"])
def test_a_price_in_the_letters_of_windows_is_told_as_that(
    tmp_path: Path, column: str, cell: str
) -> None:
    """Not as a price that is none: the file has to be saved anew."""
    other = "cost" if column == "price" else "price"
    text = f"item_id,{column},{other}\njam,{cell},1.00\n".encode("cp1252")
    wrong = f"{column}: some bytes are no UTF-8: save the file as UTF-8"

    assert ({}, [(2, wrong)]) == read(tmp_path, text)


@pytest.mark.parametrize("chars", [300, 301, 320])
def test_a_title_that_is_cut_is_counted(tmp_path: Path, chars: int) -> None:
    """What is left of it is shown to shoppers."""
    file = tmp_path / "feed.csv"
    file.write_text(f"item_id,title\njam,{'j' * chars}\n")
    done = CliRunner().invoke(goeswith, ["catalog", "import", str(file), "--dry-run"])
    items, problems = read(tmp_path, file.read_text())

    assert ({"en": "j" * 300}, []) == (items["jam"].titles, problems)
    assert (chars > 300) == ("1 with a title that was cut to 300 characters" in done.output)


@pytest.mark.parametrize("option", ["<br>", "&nbsp;", "<b></b>", "Linux <em cla"])
def test_an_option_of_shopify_without_a_text_is_left_out(tmp_path: Path, option: str) -> None:
    """The item is sold all the same, and is known by its other options."""
    text = f"""Handle,Title,Option1 Value,Option2 Value,Variant Price,Variant SKU
office,Office,{option},5,29.00,o-5
office,,{option},,9.00,o-1
"""
    items, problems = read(tmp_path, text)

    assert [] == problems
    assert {"o-5": "Office - 5", "o-1": "Office"} == {
        name: one.titles["en"] for name, one in items.items()
    }


@pytest.mark.parametrize("chars", [295, 296, 297, 300, 400])
def test_a_title_of_shopify_is_cut_before_its_option(tmp_path: Path, chars: int) -> None:
    """Else `M` and `L` are called alike."""
    file = tmp_path / "feed.csv"
    file.write_text(
        "Handle,Title,Option1 Value,Variant Price,Variant SKU\n"
        f"shirt,{'s' * chars},M,9.00,s-m\nshirt,,L,9.00,s-l\n"
    )
    typed = ["catalog", "import", str(file), "--dry-run", "--currency", "EUR"]
    done = CliRunner().invoke(goeswith, [*typed, "--items", "variant"])
    items, problems = read(tmp_path, file.read_text())
    name = "s" * min(chars, 296)

    assert ([], f"{name} - M", f"{name} - L") == (
        problems,
        items["s-m"].titles["en"],
        items["s-l"].titles["en"],
    )
    assert (chars > 296) == ("2 with a title that was cut to 300 characters" in done.output)


@pytest.mark.parametrize("chars", [255, 296, 297, 300, 500])
def test_an_option_as_long_as_a_title_may_stand_alone(tmp_path: Path, chars: int) -> None:
    """What tells variants apart is what has to be read."""
    text = f"Handle,Title,Option1 Value,Variant Price\nx,{'s' * 90},{'o' * chars},9\n"
    items, problems = read(tmp_path, text, items="variant", id_column="Handle")
    (title,) = items["x"].titles.values()

    assert ([], True) == (problems, len(title) <= 300)
    assert title.endswith("o" * min(chars, 300))


def test_variants_of_shopify_are_titled_by_what_tells_them_apart(tmp_path: Path) -> None:
    """Where they are items of their own, as WooCommerce has it: else a prompt cannot say which."""
    text = """Handle,Title,Option1 Name,Option1 Value,Option2 Value,Variant Price,Variant SKU
office,Office &amp; Co,Seats,1,Mac &amp; PC,9.00,o-1
office,,,5,Linux,29.00,o-5
mug,Mug,Title,Default Title,,5.00,mug
"""
    variants, problems = read(tmp_path, text)
    products, _ = read(tmp_path, text, items="parent")

    assert [] == problems
    assert {"o-1": "Office & Co - 1, Mac & PC", "o-5": "Office & Co - 5, Linux", "mug": "Mug"} == {
        name: one.titles["en"] for name, one in variants.items()
    }
    assert {"office": "Office & Co", "mug": "Mug"} == {
        name: one.titles["en"] for name, one in products.items()
    }


@pytest.mark.parametrize(
    ("price", "currency", "wrong"),
    [
        ("1500.5", "JPY", "price '1500.5' is finer than JPY goes"),
        ("12.3456", "EUR", "price '12.3456' is finer than EUR goes"),
        ("12.345", "EUR", f"price '12.345' {TWO_WAYS}"),
    ],
)
def test_a_price_that_is_finer_than_its_currency_is_a_problem(
    tmp_path: Path, price: str, currency: str, wrong: str
) -> None:
    """As it is shown to shoppers."""
    _, problems = read(tmp_path, f"item_id,price,currency\njam,{price},{currency}\n")

    assert [(2, wrong)] == problems


@pytest.mark.parametrize("items", ["parent", "variant"])
def test_a_net_price_of_woocommerce_is_rounded_and_noted(tmp_path: Path, items: str) -> None:
    """Whoever enters prices without tax has most of them so; the yen has no decimals at all."""
    text = "ID,Type,SKU,Name,Regular price\n1,simple,,Jam,8.4034\n2,simple,,Tea,8.40\n"
    (tmp_path / "woo.csv").write_text(text)
    options = Options(items=items, currency="EUR")  # type: ignore[arg-type]
    found = [*CatalogFile(tmp_path / "woo.csv", options).read()]
    in_yen = [*CatalogFile(tmp_path / "woo.csv", options._replace(currency="JPY")).read()]

    assert [(840, True), (840, False)] == [
        (one.item.price_minor, one.rounded) for one in found if isinstance(one, Found)
    ]
    assert Problem(2, "price '8.4034' is finer than JPY goes") == in_yen[0]


def test_variants_that_share_a_sku_are_one_product(tmp_path: Path) -> None:
    """Their options tell them apart: what is there of any is there."""
    header = (
        "Handle,Title,Option1 Value,Variant SKU,Variant Price,Variant Inventory Tracker,"
        "Variant Inventory Qty\n"
    )
    rows = "tee,Tee,S,TEE,20.00,shopify,0\ntee,,M,TEE,15.00,shopify,5\n"
    items, problems = read(tmp_path, header + rows, items="parent")
    again, told = read(tmp_path, header + rows + "tee,,M,TEE,9.00,shopify,5\n", items="parent")

    assert (True, 1500, []) == (items["tee"].in_stock, items["tee"].price_minor, problems)
    assert (1500, [4]) == (again["tee"].price_minor, [one.line for one in told])


def test_a_price_with_noughts_behind_it_is_a_price(tmp_path: Path) -> None:
    """And a cost may be an average."""
    text = "item_id,price,cost,currency\njam,1500.00,,JPY\ntea,12.5000,2.2917,EUR\n"
    items, problems = read(tmp_path, text)

    assert (1500, 1250, 1021, []) == (
        items["jam"].price_minor,
        items["tea"].price_minor,
        items["tea"].margin_minor,
        problems,
    )


@pytest.mark.parametrize("said", ["1e3", "12.49", "1_000", "9" * 5000, "ten"])
@pytest.mark.parametrize("name", ["price_minor", "margin_minor"])
def test_a_number_of_minor_units_that_is_none_is_said_in_words(
    tmp_path: Path, name: str, said: str
) -> None:
    """Of the shop's, not of Python's."""
    _, problems = read(tmp_path, f"item_id,{name},currency\njam,{said},EUR\n")

    wrong = f"{name}: {said[:40]!r} is no whole number of minor units, such as 1249"
    assert [(2, wrong)] == problems


def test_numbers_of_minor_units_are_taken_as_they_are(tmp_path: Path) -> None:
    """A margin may be below nothing."""
    items, problems = read(tmp_path, "item_id,price_minor,margin_minor\njam,1249,-3\n")

    jam: Any = items["jam"]
    assert (1249, -3, []) == (jam.price_minor, jam.margin_minor, problems)
