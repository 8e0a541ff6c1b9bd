"""Limits of arguments: a model that cannot work says so when it is made, not later."""

import numpy as np
import numpy.typing as npt

LARGE = 1e12
"""What is beyond that in size is a mistake: its square is still far from the end of floats."""


def at_least_one(**limits: int) -> None:
    """Raise `ValueError` for a limit below one.

    >>> at_least_one(items_max=0)
    Traceback (most recent call last):
    ValueError: items_max=0: must be at least 1
    """
    for name, limit in limits.items():
        if limit < 1:
            raise ValueError(f"{name}={limit}: must be at least 1")


WEIGHT_MAX = 1000.0
"""No event weighs more than so many others: sums in machine words have room for millions of it."""


def check_weight(weight: float) -> None:
    """Raise `ValueError` for an event that weighs nothing, too much, or no number at all.

    >>> check_weight(0.0)
    Traceback (most recent call last):
    ValueError: weight=0.0: an event weighs more than nothing, and at most 1000
    """
    if not 0.0 < weight <= WEIGHT_MAX:
        raise ValueError(
            f"weight={weight!r}: an event weighs more than nothing, and at most {WEIGHT_MAX:.0f}"
        )


def within(low: float, high: float, **values: float) -> None:
    """Raise `ValueError` for a value outside `[low, high]`, or no number at all.

    >>> within(0.0, 1.0, floor=1.5)
    Traceback (most recent call last):
    ValueError: floor=1.5: must be between 0 and 1
    """
    for name, value in values.items():
        if not low <= value <= high:
            raise ValueError(f"{name}={value!r}: must be between {low:g} and {high:g}")


def each_within(low: float, high: float, **arrays: npt.NDArray[np.float64]) -> None:
    """Raise `ValueError` for an array with a value outside `[low, high]`, or no number at all.

    >>> each_within(0.0, 1.0, rewards=np.array([0.5, np.nan]))
    Traceback (most recent call last):
    ValueError: rewards: nan: must be between 0 and 1
    """
    for name, values in arrays.items():
        sound = (low <= values) & (values <= high)
        if not sound.all():
            wrong = float(values[~sound].flat[0])
            raise ValueError(f"{name}: {wrong!r}: must be between {low:g} and {high:g}")
