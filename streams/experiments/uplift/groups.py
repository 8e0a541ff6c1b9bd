"""Uplift by segment or context: where do prompts earn something?

A unit belongs to the context (placement and segment) in which it was assigned, by what it asked
first. That is before any prompt, so the sides of a group differ by chance and by prompts alone.

Whoever looks at ten groups finds one that "differs" by chance. Bounds of all groups, by one metric,
hold together at every look: each has a twelfth of the error (Bonferroni), or its part where the log
has more groups. Of these the twelve largest are told. They may be others at the next look, so the
groups that are not told have their part, too. `p` is that among all groups: where bounds exclude 0
it is under .05.
"""

from typing import Literal, NamedTuple

from streams.contract.errors import NotEnough
from streams.experiments.uplift.figures import UpliftRow, compared, money, orders, sizes
from streams.experiments.uplift.net_orders import UnitTotals
from streams.experiments.uplift.units import ExperimentTotals

GROUPS_MAX = 12
ALPHA = 0.05
By = Literal["segment", "context"]


class Group(NamedTuple):
    """The units of one context or segment."""

    name: str
    held_out: int
    prompted: int
    rows: list[UpliftRow]
    """Orders and money of a unit."""


class Groups(NamedTuple):
    """All that are told."""

    by: By
    groups: list[Group]
    others: int
    """Units of groups that are not told, or whose context was not logged."""


def grouped(totals: ExperimentTotals, by: By) -> Groups:
    """What prompts are worth, group by group; raises `NotEnough` where no context was logged."""
    split: dict[str, ExperimentTotals] = {}
    for at, side in (("held_out", totals.held_out), ("may_get", totals.may_get)):
        for unit in side:
            if unit.context:
                name = group_of(unit, by)
                own = split.setdefault(name, totals._replace(held_out=[], may_get=[]))
                getattr(own, at).append(unit)
    if not split:
        raise NotEnough(
            f"--by {by}: no assignment of {totals.seen.id} tells its context: they were logged by "
            "workers of an earlier version"
        )
    largest = sorted(split, key=lambda name: (-sum(sizes(split[name])), name))[:GROUPS_MAX]
    measures = {"orders": orders, **money(totals)}
    among = max(GROUPS_MAX, len(split))
    found: list[Group] = []
    for name in largest:
        rows = compared(split[name], measures, ALPHA / among)
        found.append(Group(name, *sizes(split[name]), [_among(among, row) for row in rows]))
    told = sum(group.held_out + group.prompted for group in found)
    return Groups(by, found, sum(sizes(totals)) - told)


def _among(groups: int, row: UpliftRow) -> UpliftRow:
    """The row of one of so many groups: how likely it is that any of them looks like this."""
    of = row.uplift
    return row if of is None else row._replace(uplift=of._replace(p=min(1.0, groups * of.p)))


def group_of(unit: UnitTotals, by: By) -> str:
    """The group of a unit.

    >>> group_of(UnitTotals(context="basket/club"), "segment")
    'club'
    """
    return unit.context.partition("/")[2] if by == "segment" else unit.context
