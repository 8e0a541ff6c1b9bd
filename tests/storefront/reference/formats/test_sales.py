"""What costs how much now, and what a file cannot mean: rows of product files by their dates."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from tests.storefront.reference.files import read

GOOGLE = """id\ttitle\tavailability\tprice\tsale_price\tsale_price_effective_date
tea\tTea\tin_stock\t5.00 EUR\t4.00 EUR\t{span}
"""
WOO = """ID,Type,SKU,Name,In stock?,Sale price,Regular price,Date sale price starts,\
Date sale price ends
7,simple,TEA,Tea,1,4,5,{begins},{ends}
"""
NOON_MS = 1_767_268_800_000
"""Of the first of January 2026, by UTC."""
SPANS = [
    ("2025-12-24", "2025-12-31", 500),
    ("2025-12-24", "2026-01-01", 400),
    ("2026-01-02", "2026-02-01", 500),
    ("2026-01-01T13:30+0100", "2026-02-01T00:00Z", 500),
    ("2026-01-01T12:30+0100", "2026-01-01T13:30:00+0100", 400),
]


@pytest.mark.parametrize(("begins", "ends", "minor"), SPANS)
def test_a_sale_price_is_the_price_while_the_sale_lasts(
    tmp_path: Path, begins: str, ends: str, minor: int
) -> None:
    """Shoppers would be told last year's price, or that of next week."""
    google, _ = read(tmp_path, GOOGLE.format(span=f"{begins}/{ends}"), now_ms=NOON_MS)
    woo, _ = read(tmp_path, WOO.format(begins=begins, ends=ends), now_ms=NOON_MS)

    assert [google["tea"].price_minor, woo["7"].price_minor] == [minor, minor]


def test_a_sale_of_which_one_end_is_said_has_no_other(tmp_path: Path) -> None:
    """And one without dates lasts."""
    said = {("", ""): 400, ("2026-01-02", ""): 500, ("", "2025-12-31"): 500}
    for (begins, ends), minor in said.items():
        woo, _ = read(tmp_path, WOO.format(begins=begins, ends=ends), now_ms=NOON_MS)
        assert woo["7"].price_minor == minor


def test_a_sale_whose_dates_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Neither price is known to hold: what the catalogue has of the item stays."""
    items, problems = read(tmp_path, WOO.format(begins="tomorrow", ends=""), now_ms=NOON_MS)

    assert (items, [one.line for one in problems]) == ({}, [2])
    assert "'tomorrow' is no date of a sale" in problems[0].what


def test_an_id_that_a_spreadsheet_made_a_number_is_told(tmp_path: Path) -> None:
    """4006381333931 became 4.00638E+12, and so did all others of its maker."""
    said = "item_id;title\n4.00638E+12;Pen\n4,00638E+12;Pen\n4006381333931;Pen\n1E5;Pen\n"
    items, problems = read(tmp_path, said)

    assert {"4006381333931", "1E5"} == items.keys()
    assert [one.line for one in problems] == [2, 3]


def test_a_cost_that_is_no_amount_is_told(tmp_path: Path) -> None:
    """Without its margin the item would pass any margin floor."""
    said = "item_id,title,price,cost\ntea,Tea,5.00,about two\njam,Jam,3.00,1.00\n"
    items, problems = read(tmp_path, said)

    assert {"jam": 200} == {name: item.margin_minor for name, item in items.items()}
    assert problems == [(2, "cost 'about two' is no amount in EUR: such as 1299.00")]


OWN = "item_id,title,price,cost,currency\ntea,Tea,5.00,4.00,{}\njam,Jam,5.00,4.00,EUR\n"
FEED = "id,title,availability,price\ntea,Tea,in_stock,{}\njam,Jam,in_stock,5.00 EUR\n"
NO_CODE = "currency {!r} is no code of ISO 4217, such as EUR"
NONE = "a price or a margin needs a currency (--currency)"


@pytest.mark.parametrize("currency", ["", "EUR"])
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (OWN.format("EURO"), NO_CODE.format("EURO")),
        (OWN.format("\N{EURO SIGN}"), NO_CODE.format("\N{EURO SIGN}")),
        (OWN.replace("price", "price_minor").replace("5.00", "500").format("EURO"), None),
        (FEED.format("20.00 EURO"), NO_CODE.format("EURO")),
        (FEED.format("XXQ 20.00"), NO_CODE.format("XXQ")),
    ],
)
def test_a_currency_that_is_none_is_told(
    tmp_path: Path, text: str, wrong: str | None, currency: str
) -> None:
    """Without price and margin the item would pass any margin floor; the option is of no row."""
    items, problems = read(tmp_path, text, currency=currency)

    assert {"jam"} == items.keys()
    assert [(2, wrong or NO_CODE.format("EURO"))] == problems


@pytest.mark.parametrize(
    "text",
    [
        "item_id,price,cost\ntea,5.00,4.00\n",
        "item_id,price_minor\ntea,500\n",
        "id,title,availability,price\ntea,Tea,in_stock,5.00\n",
        "ID,Type,SKU,Name,Regular price\ntea,simple,,Tea,5.00\n",
        "Handle,Title,Variant Price\ntea,Tea,5.00\n",
    ],
)
def test_a_price_without_a_currency_is_told(tmp_path: Path, text: str) -> None:
    """In a table of any kind, as in JSON lines; without a price nobody needs one."""
    assert ({}, [(2, NONE)]) == read(tmp_path, text, currency="")
    without = text.replace("5.00", "").replace("500", "")
    assert ["tea"] == [*read(tmp_path, without, currency="")[0]]


@pytest.mark.parametrize("items", ["parent", "variant"])
@pytest.mark.parametrize(
    "text",
    [
        "ID,Type,SKU,Name,Sale price,Regular price\n7,simple,,Tea,15.00,10.00\n",
        "id,title,availability,price,sale_price\n7,Tea,in_stock,10.00 EUR,15.00 EUR\n",
        "id,title,availability,price,sale_price\n7,Tea,in_stock,10.00,EUR 15.00\n",
    ],
)
def test_a_sale_price_that_is_dearer_is_passed_over_and_noted(
    tmp_path: Path, text: str, items: str
) -> None:
    """Two columns were swapped, or the regular price has fallen since; a lower one is none."""
    file = tmp_path / "feed"
    file.write_text(text)
    typed = ["catalog", "import", str(file), "--dry-run", "--currency", "EUR", "--items", items]
    done = CliRunner().invoke(goeswith, typed)
    found, problems = read(tmp_path, text, items=items)
    lower, _ = read(tmp_path, text.replace("15.00", "9.00"), items=items)

    assert (1000, 900, []) == (found["7"].price_minor, lower["7"].price_minor, problems)
    assert "1 items (1 at the regular price, as the sale price is dearer)" in done.output
    assert 0 == done.exit_code


@pytest.mark.parametrize(
    ("column", "what"), [("sale_price", "sale price"), ("cost_of_goods_sold", "cost")]
)
def test_an_amount_in_another_currency_than_the_price_is_told(
    tmp_path: Path, column: str, what: str
) -> None:
    """It is neither lower nor higher, and no margin can be made of it."""
    text = f"id,title,availability,price,{column}\n7,Tea,in_stock,5.00 EUR,4.00 USD\n"
    wrong = f"{what} '4.00 USD' is in another currency than the price"

    assert ({}, [(2, wrong)]) == read(tmp_path, text)
    assert [] == read(tmp_path, text.replace("USD", "eur"))[1]


@pytest.mark.parametrize(
    ("column", "what"), [("sale_price", "sale price"), ("cost_of_goods_sold", "cost")]
)
def test_a_price_beside_which_alone_a_currency_is_named_is_told(
    tmp_path: Path, column: str, what: str
) -> None:
    """Which one the price is in, nobody knows; the option says it."""
    text = f"id,title,availability,price,{column}\n7,Tea,in_stock,5.00,4.00 EUR\n"
    wrong = f"the price names no currency, and {what} '4.00 EUR' does (--currency)"

    assert ({}, [(2, wrong)]) == read(tmp_path, text, currency="")
    assert [] == read(tmp_path, text)[1]


@pytest.mark.parametrize("currency", ["", "USD"])
def test_a_cost_without_a_price_is_in_no_other_currency(tmp_path: Path, currency: str) -> None:
    """There is no margin to be made of it, and the item is one all the same."""
    text = "id,title,availability,cost_of_goods_sold\n7,Tea,in_stock,1.00 EUR\n"
    items, problems = read(tmp_path, text, currency=currency)

    assert (["7"], []) == ([*items], problems)


def test_a_regular_price_that_is_no_amount_is_told_during_a_sale(tmp_path: Path) -> None:
    """Whether the other one is lower, nobody can tell."""
    text = "ID,Type,SKU,Name,Sale price,Regular price\n7,simple,,Tea,4.00,-5\n"

    assert ({}, [(2, "price '-5' is no amount in EUR: such as 1299.00")]) == read(tmp_path, text)
    assert 400 == read(tmp_path, text.replace("-5", ""))[0]["7"].price_minor
