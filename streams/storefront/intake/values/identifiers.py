"""Ids: of items, sessions, people and events, as texts that the contract takes."""

import re
from collections.abc import Collection
from hashlib import sha256
from math import isfinite
from typing import Any

from streams.contract.events.nobody import TEMPLATE
from streams.contract.events.surrogates import is_cut
from streams.storefront.intake.values.looking import (
    BITS_MAX,
    WrittenFloat,
    canonical,
    number,
    rows,
)

CHARS_MAX = 128
DIGEST_CHARS = 24
NOTHING = frozenset({"", "(not set)", "null", "undefined", "nan", "[object object]"})
"""What is sent for an item, a category or an order that is not there; `0` may be an item."""
_GID = re.compile(r"gid://[^/]+/[^/]+/([^?]+)(\?.*)?", re.DOTALL)


def identifier(value: Any, nothing: Collection[str] = NOTHING) -> str | None:
    """An id as text; None: it is none, a word that means nothing, or a template not filled in.

    >>> identifier(0), identifier(44600062.0), identifier("(not set)"), identifier(True)
    ('0', '44600062', None, None)
    >>> identifier("{{ product.id }}")
    >>> identifier(WrittenFloat("7.1793527000")), identifier(WrittenFloat("9007199254740993.0"))
    ('7.1793527000', '9007199254740993')
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and value.bit_length() > BITS_MAX:
        return None
    if isinstance(value, float) and (value := _digits(value)) is None:
        return None
    said = value.strip() if isinstance(value, str) else str(value)
    return None if said.lower() in nothing or TEMPLATE in said else said


def _digits(value: float) -> str | None:
    """A float as an id: as it was written, a whole one without its point; None: it is not finite.

    A float of a number has some 16 digits, and no zeros at the end: that would be another id.
    """
    written = value.written if isinstance(value, WrittenFloat) else str(value)
    exact = number(written) if isfinite(value) else None
    if exact is None:
        return None
    return str(int(exact)) if exact == exact.to_integral_value() else written


def category_of(said: Any) -> str | None:
    """A category, of several the first; None: it is none that the contract takes."""
    category = identifier(next((one for _, one in rows(said)), said))
    return category if category and len(category) <= CHARS_MAX else None


def item_identifier(said: Any) -> str | None:
    r"""The id of an item that need not be named; None: it is none that the contract takes.

    >>> item_identifier(7), item_identifier("tea \ud83c"), item_identifier("x" * 200)
    ('7', None, None)
    """
    item = identifier(said)
    return item if item and len(item) <= CHARS_MAX and not is_cut(item) else None


def without_gid(value: Any) -> Any:
    """An id of Shopify's as its webhooks have it: `gid://shopify/Product/7` is 7.

    >>> without_gid("gid://shopify/ProductVariant/42"), without_gid("gid://shopify/Cart/c1?key=k")
    ('42', 'c1')
    >>> without_gid(42)
    42
    """
    match = _GID.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1] if match else value


def digest(*parts: Any) -> str:
    """A short text that tells these parts from all others: the same, whoever works it out.

    >>> digest("a", 1) == digest("a", 1), digest("a", "1") == digest("a", 1), len(digest())
    (True, False, 24)
    """
    return sha256(canonical(parts)).hexdigest()[:DIGEST_CHARS]


def session_name(named_after: str) -> str:
    """What a session is called that a source names after its browser, or after its shopper.

    SHA-256 of a list of JSON with the one name in it, of which 24 hexadecimal digits are taken.

    >>> session_name("55.66.7")
    'session-4bd51e4e7c67f5926449dd41'
    """
    return f"session-{digest(named_after)}"


def fitting(said: str) -> str:
    """An id that is too long, or no single line, cut, and still told from all others.

    >>> fitting("s-1"), len(fitting("x" * 1000))
    ('s-1', 128)
    """
    plain = said if said.isprintable() else "".join(filter(str.isprintable, said))
    if len(plain) <= CHARS_MAX and plain == said:
        return said
    return f"{plain[: CHARS_MAX - DIGEST_CHARS - 1]}~{digest(said)}"
