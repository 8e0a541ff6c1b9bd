"""Currencies: how many decimals their minor units are, by ISO 4217 as its maintainers publish it.

(CLDR, which Babel reads, tells how amounts are *shown*: of 13 currencies it has fewer decimals, of
the Iraqi dinar none, where a price in minor units is in thousandths.)
"""

from functools import lru_cache

from iso4217 import Currency


@lru_cache(maxsize=256)
def decimals(code: str) -> int | None:
    """The decimals of a currency; None: it has no minor units, or is none that ISO 4217 lists.

    >>> [decimals(code) for code in ("EUR", "IDR", "VND", "KWD", "XAU", "ABC")]
    [2, 2, 0, 3, None, None]
    """
    known = Currency.__members__.get(code)
    return known.exponent if known is not None and known.code == code else None  # not for "eur"


def example(code: str) -> str:
    """An amount in minor units, and the same in whole ones.

    >>> example("EUR"), example("KWD"), example("VND")
    ('2490 for 24.90 EUR', '24900 for 24.900 KWD', '25 for 25 VND')
    """
    places = decimals(code) or 0
    whole = "25" if not places else f"{24.9:.{places}f}"
    return f"{whole.replace('.', '')} for {whole} {code}"
