"""Money: an amount in whole units of its currency, in minor ones, by ISO 4217."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from streams.contract.events.currencies import decimals
from streams.contract.events.fields import PRICE_MINOR_MAX
from streams.storefront.intake.values.looking import number, text

_COMMA = re.compile(r"-?\d{1,15},\d{1,2}")
"""A decimal comma; with three digits behind it, it may be thousands as well: nobody can tell."""


def currency_code(value: Any) -> str | None:
    """The code of a currency that has minor units; None: it is none.

    >>> currency_code("usd"), currency_code("XAU"), currency_code(978)
    ('USD', None, None)
    """
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if decimals(code) is not None else None


def minor_units(amount: Any, currency: str) -> int | None:
    """An amount in minor units of a currency; None: it is none, below 0, or beyond all prices.

    What is finer than the currency is rounded, a half to the even one.

    >>> minor_units("249.90", "EUR"), minor_units(250, "JPY"), minor_units(1.234, "KWD")
    (24990, 250, 1234)
    >>> minor_units("1,249", "EUR"), minor_units("2,49", "EUR"), minor_units(-1, "EUR")
    (None, 249, None)
    """
    exact, places = _exact(amount), decimals(currency)
    if exact is None or places is None or not 0 <= exact <= PRICE_MINOR_MAX:
        return None
    minor = int((exact * 10**places).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return minor if minor <= PRICE_MINOR_MAX else None


def below_zero(amount: Any) -> bool:
    """Whether an amount is below 0; of one that cannot be read, whether it begins with a minus.

    >>> below_zero("-25,00"), below_zero(-25), below_zero("-1,249.00"), below_zero("-0")
    (True, True, True, False)
    """
    exact = _exact(amount)
    return exact < 0 if exact is not None else (text(amount) or "").startswith("-")


def _exact(amount: Any) -> Decimal | None:
    """An amount as a number, with a decimal point or a decimal comma."""
    if isinstance(amount, str) and _COMMA.fullmatch(amount.strip()):
        amount = amount.replace(",", ".")
    return number(amount)
