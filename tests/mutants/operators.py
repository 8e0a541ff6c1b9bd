"""How code is made wrong: Cosmic Ray's operators, and four that it lacks.

Of Cosmic Ray's replacements of one operator by any other, one or two of each are taken: the
neighbour (`<` for `<=`) and the opposite (`>=` for `<`). What kills those kills the rest.
"""

from collections.abc import Iterator
from typing import Any

from cosmic_ray.ast import get_ast
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Keyword, Name, PythonNode

Span = tuple[tuple[int, int], tuple[int, int]]

COMPARISONS = """
    Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_GtE LtE_Gt Gt_LtE GtE_Lt
"""
ARITHMETIC = """
    Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_FloorDiv Pow_Mul RShift_LShift LShift_RShift
    BitXor_BitOr
"""
COSMIC_RAY = (
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    *(f"ReplaceComparisonOperator_{pair}" for pair in COMPARISONS.split()),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ARITHMETIC.split()),
)


class StatementDeletion(Operator):  # type: ignore[misc]  # it has no types
    """Leaves a statement out: a step of learning, of counting, of forgetting."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """Every simple statement but docstrings and those that do nothing."""
        if node.type == "simple_stmt" and node.children[0].type not in {"string", "strings"}:
            statement = node.children[0]
            if not (isinstance(statement, Keyword) and statement.value == "pass"):
                yield statement.start_pos, statement.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """`pass` in its place."""
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Name("pass", statement.start_pos, prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it does."""
        return (
            Example("count(1)\nstop()\n", "pass\nstop()\n"),
            Example("if a:\n    return b\n", "if a:\n    pass\n"),
        )


class ConditionDeletion(Operator):  # type: ignore[misc]
    """Leaves out one of several conditions, or the condition of a comprehension."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """The operands of `and` and `or`, and what follows `if` in a comprehension."""
        if node.type in {"and_test", "or_test"}:
            for operand in node.children[::2]:
                yield operand.start_pos, operand.end_pos
        elif node.type == "comp_if":
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The others alone; `True` where there is no other."""
        if node.type == "comp_if":
            node.children[1] = Name("True", node.children[1].start_pos, " ")
            return node
        prefix = node.get_first_leaf().prefix
        at = 2 * index
        del node.children[max(0, at - 1) : max(at + 1, 2)]
        node.get_first_leaf().prefix = prefix
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it does."""
        return (
            Example("x = a and b\n", "x = b\n"),
            Example("x = a or b or c\n", "x = a or c\n", occurrence=1),
            Example("x = [a for a in b if a]\n", "x = [a for a in b if True]\n"),
        )


class BoundDeletion(Operator):  # type: ignore[misc]
    """Leaves out a bound: `max(0, x)` becomes `x`, or `0`."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """Each of two positional arguments of `min` or `max`."""
        for argument in _bounds(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The other one alone, in parentheses."""
        kept = get_ast(f"({_said(_bounds(node)[1 - index])})").children[0]
        kept.get_first_leaf().prefix = node.get_first_leaf().prefix
        return kept

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it does."""
        return (
            Example("x = max(0, a - b)\n", "x = (a - b)\n"),
            Example("x = max(0, a - b)\n", "x = (0)\n", occurrence=1),
        )


class MembershipReplacer(Operator):  # type: ignore[misc]
    """`in` for `not in`, and the reverse."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """The operator of each comparison that asks for a member."""
        if node.type == "comparison" and _said(node.children[1]) in {"in", "not in"}:
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The opposite."""
        other = "in" if _said(node.children[1]) == "not in" else "not in"
        node.children[1] = Name(other, node.children[1].start_pos, " ")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it does."""
        return (Example("a in b\n", "a not in b\n"), Example("a not in b\n", "a in b\n"))


def _bounds(node: Any) -> list[Any]:
    """The two arguments, if this is a call of `min` or `max` with just those."""
    if node.type != "atom_expr" or _said(node.children[0]) not in {"min", "max"}:
        return []
    arguments = node.children[1].children[1]
    if not isinstance(arguments, PythonNode) or arguments.type != "arglist":
        return []
    given = arguments.children[::2]
    fit = len(node.children) == 2 and len(given) == 2
    return given if fit and all(each.type != "argument" for each in given) else []


def _said(node: Any) -> str:
    return str(node.get_code()).strip()


OURS = (StatementDeletion, ConditionDeletion, BoundDeletion, MembershipReplacer)


def operators() -> list[Operator]:
    """One of each, statement deletion first: what it shows matters most."""
    theirs = OperatorProvider()
    return [*(make() for make in OURS), *(theirs[name]() for name in COSMIC_RAY)]
