"""How the hot loops of the models are compiled: with numba, when they are first called.

What was compiled is kept beside the source (or in numba's cache directory, where that is read-only)
and used again by every later process. Nothing is reordered, so sums are the same on every machine.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """The kernel, as a decorator leaves it: compiled for the types that it is called with."""
    return cast(Kernel, njit(kernel, cache=True, nogil=True, fastmath=False))
