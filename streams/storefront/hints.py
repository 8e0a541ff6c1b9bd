"""Hints for whoever sends events: the name or the value that was meant, where one can tell."""

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from streams.contract.events.currencies import decimals, example
from streams.contract.events.fields import is_denial
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS

SYNONYMS = {
    "timestamp": "occurred_at_ms",
    "time": "occurred_at_ms",
    "ts": "occurred_at_ms",
    "product_id": "item_id",
    "sku": "item_id",
    "user_id": "shopper_id",
    "customer_id": "shopper_id",
    "price": "price_minor",
    "qty": "quantity",
    "language": "locale",
    "items": "lines",
    "products": "lines",
    "id": "event_id",
    "event": "type",
}
"""What others call our fields, where it does not look like ours."""
ALIKE = 0.75
"""From which likeness on (`difflib`, 1: the same) a name may have been meant."""
UNITS = {"seconds": 1e-3, "microseconds": 1e3, "nanoseconds": 1e6}
"""How much a time in each unit is of the same time in milliseconds."""
CODE_CHARS = 3
TIMES = ("occurred_at_ms", "sent_at_ms")
NUMBERS = ("occurred_at_ms", "price_minor", "quantity")


def meant(word: str, known: Collection[str]) -> str | None:
    """The known word that was meant by an unknown one, if one can tell.

    >>> meant("itemId", ["item_id", "event_id"]), meant("sku", ["item_id"]), meant("x", ["item_id"])
    ('item_id', 'item_id', None)
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word[:64]).lower().replace("-", "_")
    if snake in known:
        return snake
    if (synonym := SYNONYMS.get(snake)) in known:
        return synonym
    return next(iter(get_close_matches(snake, known, n=1, cutoff=ALIKE)), None)


def unit_meant(time: object) -> str | None:
    """The unit of a time that is none in milliseconds, if one can tell.

    >>> unit_meant(1_767_225_600), unit_meant(1_767_225_600_000_000), unit_meant(7)
    ('seconds', 'microseconds', None)
    """
    if isinstance(time, bool) or not isinstance(time, int | float):
        return None
    for unit, share in UNITS.items():
        if YEAR_2015_MS * share <= time <= YEAR_2100_MS * share:  # JSON's numbers have no end
            return unit
    return None


def currency_meant(said: object) -> str | None:
    """The code of a currency that is written in another way, if one can tell.

    >>> currency_meant("eur"), currency_meant(" Usd "), currency_meant("EUR"), currency_meant("€")
    ('EUR', 'USD', None, None)
    """
    code = said.strip().upper() if isinstance(said, str) else ""
    return code if code != said and len(code) == CODE_CHARS and decimals(code) is not None else None


def _in_minor_units(currency: Any) -> str:
    if isinstance(currency, str) and decimals(currency[:3]) is not None:
        return example(currency[:3])
    return "249, not 2.49"


def marked(value: bytes | None) -> Iterator[str]:
    """What stands before the JSON of a line in the midst of a file, unseen.

    >>> list(marked(codecs.BOM_UTF8 + b"{}")), list(marked(b"{}"))
    (['a byte-order mark stands before it: of a file that was joined to another one?'], [])
    """
    if value is not None and value.startswith(codecs.BOM_UTF8):
        yield "a byte-order mark stands before it: of a file that was joined to another one?"


def hints(said: Any, types: Collection[str]) -> Iterator[str]:
    """What may have been meant by a JSON value that is no event of these types."""
    if isinstance(said, list):
        yield "one event a line: `jq -c '.[]'` makes lines of an array"
    if not isinstance(said, Mapping):
        return
    kind = said.get("type")
    if isinstance(kind, str) and kind not in types:
        near = meant(kind, types)
        yield f"`type` may be {', '.join(types)}" if near is None else f"did you mean `{near}`?"
    for name in TIMES:
        if unit := unit_meant(said.get(name)):
            yield f"`{name}` looks like {unit}: milliseconds since 1970 are wanted"
    price = said.get("price_minor")
    if isinstance(price, float):  # 249.0 may be 2.49 or 249.00: nobody guesses at money
        minor = _in_minor_units(said.get("currency"))
        yield f"`price_minor` is a number of minor units without a point: {minor}"
    if code := currency_meant(said.get("currency")):
        yield f"`currency` in capitals: did you mean `{code}`?"
    consent = said.get("consent")
    if not (consent is None or consent == "" or isinstance(consent, bool) or is_denial(consent)):
        yield "`consent` is true or false, as JSON has them: a yes is said by true alone"
    texts = [name for name in NUMBERS if isinstance(said.get(name), str)]
    if texts:
        yield f"{' and '.join(f'`{name}`' for name in texts)}: a number, not a text"
