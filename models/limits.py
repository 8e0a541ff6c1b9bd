"""Limits of arguments: a model that cannot work says so when it is made, not later."""


def at_least_one(**limits: int) -> None:
    """Raise `ValueError` for a limit below one.

    >>> at_least_one(items_max=0)
    Traceback (most recent call last):
    ValueError: items_max=0: must be at least 1
    """
    for name, limit in limits.items():
        if limit < 1:
            raise ValueError(f"{name}={limit}: must be at least 1")


def within(low: float, high: float, **values: float) -> None:
    """Raise `ValueError` for a value outside `[low, high]`, or no number at all.

    >>> within(0.0, 1.0, floor=1.5)
    Traceback (most recent call last):
    ValueError: floor=1.5: must be between 0 and 1
    """
    for name, value in values.items():
        if not low <= value <= high:
            raise ValueError(f"{name}={value!r}: must be between {low:g} and {high:g}")
