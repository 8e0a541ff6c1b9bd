"""A fault put into a running process: every function of a module gets the code of its mutant.

A fork of a process that has imported and collected everything needs no other preparation, so that
a mutant costs what the tests cost that kill it.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType

CACHE = type(lru_cache(len))


def swap(functions: Sequence[FunctionType], before: str, source: str) -> None:
    """Let these functions of a module be those of another source, for good.

    Functions keep their identity, so that whoever imported them has the new ones as well. Module
    and class bodies have run already: the sources may differ in bodies of functions. Raises
    `LookupError` where there is no function, as then there is no fault either.
    """
    if not functions:
        raise LookupError("no function of this module is alive")
    old, new = _codes(before), _codes(source)
    for function in functions:
        name, line = function.__code__.co_qualname, function.__code__.co_firstlineno
        at = [code.co_firstlineno for code in old[name]].index(line)
        bound = function.__code__.co_freevars  # also where a fault lost the need of `super()`
        function.__code__ = new[name][at].replace(co_freevars=bound)


def living(folders: Iterable[Path]) -> dict[str, list[FunctionType]]:
    """All functions that were made by files in these folders, by the file."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            file = Path(each.__code__.co_filename).resolve()
            if any(file.is_relative_to(folder) for folder in folders):
                found[str(file)].append(each)
    return found


def forget_results(functions: Mapping[str, list[FunctionType]]) -> None:
    """Let no cache of these functions know what they were when they had no fault."""
    own = {id(each) for made in functions.values() for each in made}
    for each in gc.get_objects():
        if isinstance(each, CACHE) and id(each.__wrapped__) in own:
            each.cache_clear()


def _codes(source: str) -> dict[str, list[CodeType]]:
    """The code of all functions of a source, by qualified name, in the order of their lines."""
    found: dict[str, list[CodeType]] = defaultdict(list)
    left = [compile(source, "", "exec")]
    while left:
        code = left.pop(0)
        found[code.co_qualname].append(code)
        left += [each for each in code.co_consts if isinstance(each, CodeType)]
    for codes in found.values():
        codes.sort(key=lambda code: code.co_firstlineno)
    return found
