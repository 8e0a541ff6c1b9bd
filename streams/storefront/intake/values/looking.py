"""Looks into foreign JSON, where nothing is sure: a value of the asked kind, or nothing."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Self

DIGITS_MAX = 400
"""A number that is longer, as text, is none."""
BITS_MAX = 1024
"""Nor is one that takes more bits: Python would not even print it."""


class WrittenFloat(float):
    """A number of JSON that is no integer, and how it was written: an id keeps its digits.

    Reckoned with, told in JSON and compared it is the float.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str) -> Self:
        """Of the text in the JSON."""
        made = super().__new__(cls, written)
        made.written = written
        return made


def at(value: Any, *path: str) -> Any:
    """What is there under these keys; None: nothing.

    >>> at({"context": {"page": {"url": "/"}}}, "context", "page", "url"), at([], "context")
    ('/', None)
    """
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def first(value: Any, *keys: str) -> Any:
    """What is there under the first of these keys that holds something; None: nothing.

    >>> first({"product_id": None, "sku": 0}, "product_id", "sku")
    0
    """
    found = (at(value, key) for key in keys)
    return next((one for one in found if one is not None and one != ""), None)


def text(value: Any) -> str | None:
    """A text without blanks around it; None: it is none, or empty.

    >>> text(" tea "), text(7)
    ('tea', None)
    """
    return value.strip() or None if isinstance(value, str) else None


def listed(value: Any) -> list[Any] | tuple[Any, ...] | None:
    """A list; None: it is none. An object by numbers is one, as PHP writes a list with a gap.

    >>> listed(["a"]), listed({"0": "a", "2": "b"}), listed({"a": 1}), listed({}), listed("ab")
    (['a'], ['a', 'b'], None, None, None)
    """
    if isinstance(value, Mapping) and value and all(isinstance(key, str) for key in value):
        return [*value.values()] if all(map(_is_place, value)) else None
    return value if isinstance(value, list | tuple) else None


def _is_place(key: str) -> bool:
    return key.isascii() and key.isdigit()


def rows(value: Any) -> Iterator[tuple[int, Any]]:
    """The entries of a list with their places; of anything else, none."""
    return enumerate(listed(value) or ())


def number(value: Any) -> Decimal | None:
    """An exact number, also one that is sent as text; None: it is none that is finite.

    >>> number("249.90"), number(249.9), number(True), number("1e3"), number("NaN")
    (Decimal('249.90'), Decimal('249.9'), None, Decimal('1E+3'), None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, int) and value.bit_length() > BITS_MAX:
        return None
    said = str(value).strip() if isinstance(value, str | Decimal) else repr(value)
    if len(said) > DIGITS_MAX or "_" in said:
        return None
    try:
        read = Decimal(said)
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read.adjusted()) < DIGITS_MAX else None


def parsed(body: bytes | str) -> Any:
    """The JSON in a body; raises `ValueError`, and `RecursionError` where it is nested too deep.

    >>> parsed("[2.50, 1234567890.1793527000]")[1].written
    '1234567890.1793527000'
    """
    return json.loads(body, parse_constant=_refused, parse_float=WrittenFloat)


def canonical(value: Any) -> bytes:
    """A value as bytes that do not depend on the order of its keys.

    >>> canonical({"b": 1, "a": [None]})
    b'{"a":[null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
