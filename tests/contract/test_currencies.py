"""How many decimals the minor units of currencies are, and where that shows."""

import pytest

from streams.contract.events.currencies import decimals, example
from streams.storefront.hints import hints


@pytest.mark.parametrize(
    ("code", "places"),
    [("EUR", 2), ("IDR", 2), ("VND", 0), ("JPY", 0), ("KWD", 3), ("IQD", 3), ("CLF", 4)],
)
def test_decimals_are_those_of_the_standard(code: str, places: int) -> None:
    """Not of what is usual: rupiah have hundredths, and Iraqi dinars thousandths."""
    assert places == decimals(code)


@pytest.mark.parametrize("code", ["", "eur", "ABC", "XAU", "XXX"])
def test_what_has_no_minor_units_has_no_decimals(code: str) -> None:
    """Gold, nothing at all, and what is no currency."""
    assert decimals(code) is None


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"currency": "KWD"}, "24900 for 24.900 KWD"),
        ({"currency": "VND"}, "25 for 25 VND"),
        ({"currency": "ABC"}, "249, not 2.49"),
        ({"currency": 7}, "249, not 2.49"),
        ({}, "249, not 2.49"),
    ],
)
def test_whoever_sends_decimals_is_told_the_minor_units_of_the_currency(
    said: dict[str, object], hint: str
) -> None:
    """Which differ by a factor of a thousand."""
    told = list(hints({"type": "item_added", "price_minor": 2.49, **said}, ["item_added"]))

    assert [f"`price_minor` is a number of minor units without a point: {hint}"] == told
    assert "2490 for 24.90 EUR" == example("EUR")
