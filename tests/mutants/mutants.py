"""The mutants of a module: its source, each time with one small fault in the body of a function.

Constants of a module or a class and default arguments are choices, not logic: tests call them by
name, whatever they are, and so they are left alone.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.operators.operator import Operator

from tests.mutants.operators import operators


class Mutant(NamedTuple):
    """A module with a fault."""

    name: str
    """What is changed where, without line numbers: the same after changes elsewhere."""
    function: str
    """The qualified name of the outermost function that has the fault."""
    lines: range
    """The lines that it changes, the first of the module being 1."""
    operator: str
    before: str
    """The source of the module without the fault."""
    source: str


def mutants(path: Path) -> list[Mutant]:
    """All mutants of the module in a file, in the order of its lines; no two of them alike."""
    return sorted(_mutants(path.read_text()), key=lambda mutant: mutant.lines.start)


def _mutants(source: str) -> Iterator[Mutant]:
    tree, names = get_ast(source), Counter[str]()
    seen = {_meaning(compile(source, "", "exec"))}
    for operator in operators():
        for node, index in _places(tree, operator):
            start, end = list(operator.mutation_positions(node))[index]
            function = _function(node, start)
            if function is None:
                continue
            changed = _changed(tree, operator, node, index)
            try:
                meaning = _meaning(compile(changed, "", "exec"))
            except SyntaxError:
                continue
            if meaning in seen:
                continue
            seen.add(meaning)
            name = f"{function}: {_difference(source, changed)}"
            names[name] += 1
            if names[name] > 1:
                name += f" (the {names[name]}. of its kind)"
            lines = range(start[0], end[0] + 1)
            yield Mutant(name, function, lines, type(operator).__name__, source, changed)


def _places(tree: Any, operator: Operator) -> Iterator[tuple[Any, int]]:
    """The nodes that an operator can change, and in which of several ways."""
    for node in ast_nodes(tree):
        for index, _ in enumerate(operator.mutation_positions(node)):
            yield node, index


def _changed(tree: Any, operator: Operator, node: Any, index: int) -> str:
    """The source with one node changed; the tree is as before."""
    parent, node.parent = node.parent, None  # or all of the tree would be copied with it
    spare = copy.deepcopy(node)
    node.parent = spare.parent = parent
    mutated = operator.mutate(spare, index)
    place = next(n for n, child in enumerate(parent.children) if child is node)
    parent.children[place] = mutated
    code = str(tree.get_code())
    parent.children[place] = node
    return code


def _meaning(code: CodeType) -> tuple[Any, ...]:
    """What the code does: equal for sources that are compiled alike."""
    constants = tuple(
        _meaning(each) if isinstance(each, CodeType) else (type(each), repr(each))
        for each in code.co_consts
    )
    names = code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars
    return code.co_name, code.co_code, constants, names


def _function(node: Any, start: tuple[int, int]) -> str | None:
    """The qualified name of the outermost function around a node, if this is in its body."""
    above = [node]
    while above[-1].parent is not None:
        above.append(above[-1].parent)
    names: list[str] = []
    for each in reversed(above):
        if each.type == "classdef":
            names.append(each.name.value)
        elif each.type in {"funcdef", "lambdef"}:
            names.append(each.name.value if each.type == "funcdef" else "<lambda>")
            return ".".join(names) if each.children[-1].start_pos <= start else None
    return None


def _difference(source: str, changed: str) -> str:
    """The lines that differ, before and after, each on one line."""
    old, new = source.splitlines(), changed.splitlines()
    first = next(n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
    after = 0
    while (
        len(old) - after > first + 1 < len(new) - after + 1 and old[-after - 1] == new[-after - 1]
    ):
        after += 1
    before, then = (" ".join(lines[first : len(lines) - after]).split() for lines in (old, new))
    return f"{' '.join(before)} -> {' '.join(then)}"
