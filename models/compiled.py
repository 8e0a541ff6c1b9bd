"""How the hot loops of the models are compiled: with numba, when they are first called.

What was compiled is kept (`models.machine_code`) and used again by every later process with the
same sources. `models.warm` compiles before the first shopper comes. Nothing is reordered, so sums
are the same on every machine.

Loops do not check where they read and write: what keeps them inside their arrays is what the
modules that call them promise, and check of everything that is read from outside. With
`NUMBA_BOUNDSCHECK=1` the same loops do check, and raise `IndexError`: `make fuzz` runs them so.

Importing this module imports numba, which takes a second: only models that need it import it.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, cast

from numba import njit
from numba.core.dispatcher import Dispatcher

from models.machine_code import kept

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(kernel: Kernel) -> Kernel:
    """The kernel, as a decorator leaves it: compiled for the types that it is called with.

    Dividing by zero gives infinity, as in numpy: loops without a way out are quicker.
    """
    compiler = partial(njit, nogil=True, fastmath=False, error_model="numpy")
    dispatcher = compiler(kernel)
    if isinstance(dispatcher, Dispatcher):  # it is none where NUMBA_DISABLE_JIT is set
        with suppress(RuntimeError):  # there is no directory that may be written to
            vars(dispatcher)["_cache"] = kept(kernel)  # what `cache=True` does, with another place
    return cast(Kernel, dispatcher)
