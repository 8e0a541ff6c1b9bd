"""Money: an amount in whole units of its currency, in minor ones, by ISO 4217.

Amounts that are sent as text are written as people write them: with a decimal comma, with groups of
thousands. What can be read in two ways is no amount: a wrong price is worse than none.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from streams.contract.events.currencies import decimals
from streams.contract.events.fields import PRICE_MINOR_MAX
from streams.storefront.intake.values.looking import number, text

_DIGITS = 3
"""Of a group of thousands, and behind the point of a dinar."""
_COMMA = re.compile(r"-?\d{1,15},\d+")
_TWO_WAYS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")
"""Three digits behind the only separator: decimals, or thousands; nobody can tell."""
_GROUPED = re.compile(
    r"-?[1-9]\d{0,2}(?P<group>[.,' \u00a0\u202f\u2019])(?:\d{2,3}(?P=group))*\d{3}"
    r"(?P<decimals>[.,]\d+)?"
)
"""Thousands in groups; of two digits, too, as in India."""
_GROUPED_CHARS_MAX = 40


def currency_code(value: Any) -> str | None:
    """The code of a currency that has minor units; None: it is none.

    >>> currency_code("usd"), currency_code("XAU"), currency_code(978)
    ('USD', None, None)
    """
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if decimals(code) is not None else None


def minor_units(amount: Any, currency: str) -> int | None:
    """An amount in minor units of a currency; None: it is none, below 0, or beyond all prices.

    What is finer than the currency is rounded, a half to the even one. A text with three digits
    behind its only separator may be thousands as well: it is none, unless the currency has three
    decimals and that is a point.

    >>> minor_units("249.90", "EUR"), minor_units(250, "JPY"), minor_units("1.234", "KWD")
    (24990, 250, 1234)
    >>> minor_units("1.299,90", "EUR"), minor_units("1,299.90", "EUR"), minor_units("2,49", "EUR")
    (129990, 129990, 249)
    >>> minor_units("1,249", "EUR"), minor_units("25.000", "VND"), minor_units(-1, "EUR")
    (None, None, None)
    """
    exact = exact_amount(amount, currency)
    minor = None if exact is None else rounded(exact)
    return minor if minor is not None and minor <= PRICE_MINOR_MAX else None


def exact_amount(amount: Any, currency: str) -> Decimal | None:
    """The same before it is rounded: minor units, and parts of one.

    >>> exact_amount("0.0049", "EUR"), exact_amount("1,249", "EUR")
    (Decimal('0.4900'), None)
    """
    exact, places = written(amount), decimals(currency)
    if exact is None or places is None or not 0 <= exact <= PRICE_MINOR_MAX:
        return None
    if places != _DIGITS and isinstance(amount, str) and _TWO_WAYS.fullmatch(amount.strip()):
        return None
    return exact.scaleb(places)


def has_two_readings(amount: str) -> bool:
    """Whether the only separator has three digits behind it: decimals, or thousands.

    >>> has_two_readings("1.299"), has_two_readings("1,299"), has_two_readings("1.299,00")
    (True, True, False)
    """
    return _TWO_WAYS.fullmatch(amount.strip()) is not None


def rounded(exact: Decimal) -> int:
    """Minor units, of which there are no parts: a half to the even one.

    >>> rounded(Decimal("1.5")), rounded(Decimal("2.5"))
    (2, 2)
    """
    return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN))


def below_zero(amount: Any) -> bool:
    """Whether an amount is below 0; of one that cannot be read, whether it begins with a minus.

    A dash without a digit is what tables have where there is no amount.

    >>> below_zero("-25,00"), below_zero(-25), below_zero("-1,249.00"), below_zero("-0")
    (True, True, True, False)
    >>> below_zero("-1,249"), below_zero("-"), below_zero("-,--")
    (True, False, False)
    """
    exact = written(amount)
    if exact is not None:
        return exact < 0
    said = text(amount) or ""
    return said.startswith("-") and any(map(str.isdigit, said))


def without_minus(amount: Any) -> Any:
    """How much came back, where that is told as less than nothing; all else as it is.

    >>> without_minus("-2,49"), without_minus(-2), without_minus(3), without_minus(None)
    ('2,49', '2', 3, None)
    """
    return str(amount).strip().removeprefix("-") if below_zero(amount) else amount


def negated(amount: Any) -> Any:
    """An amount with the other sign, and all else as it is.

    >>> negated("-2,49"), negated("2,49"), negated(3), negated(0), negated("free")
    ('2,49', '-2,49', '-3', 0, 'free')
    """
    if below_zero(amount):
        return without_minus(amount)
    return f"-{str(amount).strip().removeprefix('+')}" if written(amount) else amount


def written(amount: Any) -> Decimal | None:
    """A number, also one that is written with a decimal comma or with groups; None: it is none.

    Of what can be read in two ways a point is one of decimals, and a comma is none.

    >>> written("2,00"), written("12 345,6"), written("1.000"), written("1,000"), written("1,2,3")
    (Decimal('2.00'), Decimal('12345.6'), Decimal('1.000'), None, None)
    """
    if (exact := number(amount)) is not None or not isinstance(amount, str):
        return exact
    said = amount.strip()
    if _COMMA.fullmatch(said):
        return None if _TWO_WAYS.fullmatch(said) else number(said.replace(",", "."))
    found = _GROUPED.fullmatch(said) if len(said) <= _GROUPED_CHARS_MAX else None
    decimals_said = (found["decimals"] or "") if found else ""
    if found is None or decimals_said[:1] == found["group"]:
        return None
    whole = said.removesuffix(decimals_said).replace(found["group"], "")
    return number(whole + decimals_said.replace(",", "."))
