"""How the hot loops of the models are compiled: with numba, when they are first called.

What was compiled is kept beside the source, or in numba's cache directory where that is read-only
(or where `NUMBA_CACHE_DIR` says), and used again by every later process; where nothing can be
written, each process compiles for itself. `models.warm` compiles before the first shopper comes.
Nothing is reordered, so sums are the same on every machine.

Importing this module imports numba, which takes a second: only models that need it import it.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """The kernel, as a decorator leaves it: compiled for the types that it is called with.

    Dividing by zero gives infinity, as in numpy: loops without a way out are quicker.
    """
    compiler = partial(njit, nogil=True, fastmath=False, error_model="numpy")
    try:
        return cast(Kernel, compiler(kernel, cache=True))
    except RuntimeError:  # numba found no directory that it may write to
        return cast(Kernel, compiler(kernel))
