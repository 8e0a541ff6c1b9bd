"""Quantiles of what was measured, by nearest rank: always a figure that really occurred."""

import math
from collections.abc import Sequence


def quantile(measured: Sequence[int], share: float) -> int | None:
    """The smallest figure that at least this share of all do not exceed; None of nothing.

    >>> quantile([9, 1, 5, 3], 0.5), quantile([9, 1, 5, 3], 0.99), quantile([], 0.5)
    (3, 9, None)
    """
    if not measured:
        return None
    return sorted(measured)[max(0, math.ceil(share * len(measured)) - 1)]
