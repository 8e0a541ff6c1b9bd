"""Ranges of numbers for options: `nan` and `inf` are in none of them."""

from math import isfinite
from typing import Any

import click


class FiniteRange(click.FloatRange):
    """As click's, which lets `nan` through any bounds, and `inf` where there are none.

    >>> FiniteRange(min=0).convert("nan", None, None)
    Traceback (most recent call last):
      ...
    click.exceptions.BadParameter: nan is no number that can be used here.
    """

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; a bad parameter when it is none, or out of bounds."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{number} is no number that can be used here.", param, ctx)
        return number
