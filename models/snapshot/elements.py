"""The elements of a state, held against what they have to be: JSON says nothing of types."""

from collections.abc import Iterable
from typing import Any, TypeVar

Kind = TypeVar("Kind", str, int, bool)

WHOLE_MAX: Any = 1 << 256
"""More than anything that is counted; its square is still a float."""


def each(
    kind: type[Kind], values: Iterable[Any], least: int | None = None, most: int | None = None
) -> list[Kind]:
    """The values, if each is of just this kind (a truth is no number) and within the limits.

    A whole number without a limit is still one that can be reckoned with: JSON's have no end.
    Raises `TypeError` or `ValueError` otherwise.

    >>> each(int, [3, 1], least=1)
    [3, 1]
    >>> each(int, [3, None])
    Traceback (most recent call last):
    TypeError: NoneType, where each is to be int
    """
    if isinstance(values, str):
        raise TypeError(f"a text, where several {kind.__name__} are needed")
    found: list[Any] = list(values)
    if other := {*map(type, found)} - {kind}:
        raise TypeError(f"{other.pop().__name__}, where each is to be {kind.__name__}")
    if found and least is not None and min(found) < least:
        raise ValueError(f"{min(found)}, where each is to be at least {least}")
    if most is None and kind is int:
        most = WHOLE_MAX
    if found and most is not None and max(found) > most:
        raise ValueError(f"{max(found)}, where each is to be at most {most}")
    return found
