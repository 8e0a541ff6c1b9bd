"""Points are said as each language counts, writes amounts, and runs."""

import re

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.decision.languages.directions import DIRECTING, RIGHT_TO_LEFT
from streams.shop.decision.languages.message_files import LANGUAGES, messages_in
from streams.shop.decision.languages.points import tier_sentence, worth_sentence

SPOKEN = st.sampled_from(LANGUAGES)


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Each test reads the files that it needs, whatever ran before it."""
    messages_in.cache_clear()
    worth_sentence.cache_clear()


def european(text: str) -> str:
    """The same with digits from 0 to 9."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


@pytest.mark.parametrize(
    ("language", "missing", "said"),
    [
        ("en", 1, "You need 1 more point to reach gold"),
        ("en", 1_080, "You need 1,080 more points to reach gold"),
        ("de", 1, "Noch 1 Punkt bis gold"),
        ("fr", 80, "Encore 80 points pour atteindre gold"),
        ("es", 1, "Le falta 1 punto para llegar a gold"),
        ("ar", 2, "تحتاج إلى 2 نقطتين للوصول إلى \u2068gold\u2069"),
        ("ar", 7, "تحتاج إلى 7 نقاط للوصول إلى \u2068gold\u2069"),
        ("bn", 80, "gold এ পৌঁছাতে আরও ৮০ পয়েন্ট লাগবে"),
        ("fa", 80, "تا \u2068gold\u2069 ۸۰ امتیاز دیگر لازم است"),
    ],
)
def test_what_is_missing_is_said_as_the_language_counts(
    language: str, missing: int, said: str
) -> None:
    """Its plural, its digits, and the tier's name apart where the sentence runs the other way."""
    assert said == tier_sentence(language, tier="gold", missing=missing, reached=False)


@pytest.mark.parametrize(
    ("language", "currency", "minor", "said"),
    [
        ("en", "EUR", 500, "Your 500 points are worth €5.00"),
        ("de", "EUR", 123_456, "Ihre 500 Punkte sind 1.234,56\xa0€ wert"),
        ("en", "JPY", 500, "Your 500 points are worth ¥500"),
        ("en", "KWD", 1_234, "Your 500 points are worth KWD1.234"),
        ("en", "IQD", 1_999, "Your 500 points are worth IQD1.999"),
        ("bn", "EUR", 500, "আপনার ৫০০ পয়েন্টের মূল্য ৫.০০€"),  # noqa: RUF001
    ],
)
def test_what_points_are_worth_is_said_in_the_money_of_the_shop(
    language: str, currency: str, minor: int, said: str
) -> None:
    """With its decimals, and never rounded up: of dinars CLDR shows none."""
    assert said == worth_sentence(language, points=500, worth_minor=minor, currency=currency)


def test_of_gold_in_ounces_nobody_says_a_worth() -> None:
    """It has no minor units."""
    assert None is worth_sentence("en", points=500, worth_minor=500, currency="XAU")


@given(
    language=SPOKEN,
    tier=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
    missing=st.integers(1, 10**12),
    reached=st.booleans(),
)
def test_a_tiers_name_stays_text_and_turns_nothing_around(
    language: str, tier: str, missing: int, *, reached: bool
) -> None:
    """Whatever the merchant calls it; the very number stands there where it is said."""
    said = tier_sentence(language, tier=tier, missing=missing, reached=reached)
    inside = re.sub("\u2068([^\u2069]*)\u2069", r"\1", said)
    number = format_decimal(missing, locale=language, numbering_system="default")

    assert not DIRECTING.search(inside)
    assert said.count("\u2068") == said.count("\u2069") <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", said)
    assert reached or number in european(said)


@given(language=SPOKEN, points=st.integers(1, 10**12), minor=st.integers(1, 10**15))
def test_a_worth_has_both_numbers_and_its_money_apart(
    language: str, points: int, minor: int
) -> None:
    """No place is left empty, and no digit of one is taken for the other's."""
    said = worth_sentence(language, points=points, worth_minor=minor, currency="EUR") or ""
    digits = re.sub(r"\D", "", european(said))

    assert "{" not in said
    assert sorted(digits) == sorted(f"{points}{minor:03d}")
    assert said.count("\u2068") == (language in RIGHT_TO_LEFT)
