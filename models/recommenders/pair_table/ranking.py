"""The compiled loops that read a table of pairs: who votes for what, and what is best.

A pair is evidence for a candidate if the two met often enough, and more often than chance makes
two items meet that are popular each by itself (`beyond_chance`): bananas are in every fifth basket
without dental floss, so five baskets of dental floss with one banana say nothing.

Each has a plain twin in the tests that proves it right.
"""

from models.compiled import compiled
from models.decay.eras import EARLIER
from models.recommenders.pair_table.layout import (
    NOBODY,
    Cells,
    Facts,
    Floats,
    Numbers,
    Rows,
    Votes,
)


@compiled
def beyond_chance(met: int, of: int, times: int, sessions: int, z_min: float) -> bool:
    """Whether an anchor's sessions have an item more often than chance explains.

    `of` of all sessions have the anchor, `times` have the item, `met` have both. Were the two
    independent, each session with the item would have the anchor with probability `of / sessions`:
    the count of those that do must exceed what this binomial leads one to expect by more than
    `z_min` standard errors, with the correction for continuity (Przyborowski and Wilenski,
    Biometrika 1940). Where each session has the anchor there is nothing to compare with: yes.
    """
    if z_min <= 0.0 or of >= sessions:
        return True
    share = of / sessions
    excess = met - 0.5 - times * share
    return excess > 0.0 and excess * excess > z_min * z_min * times * share * (1.0 - share)


@compiled
def candidates(
    cells: Cells,
    rows: Rows,
    voter: int,
    together_min: int,
    sessions: int,
    z_min: float,
    found: Numbers,
) -> int:
    """The first partners for which a voter has evidence, as many as `found` has room for.

    Returns how many there are.
    """
    n = 0
    row = rows[voter]
    for at in range(row.start, row.start + row.length):
        if n == len(found):
            return n
        cell = cells[at]
        partner = rows[cell.item]
        if (
            cell.times >= together_min  # before the partner is looked at: rows are far apart
            and cell.latest + cell.before > 0
            and partner.damping > 0.0
            and beyond_chance(cell.times, row.times, partner.times, sessions, z_min)
        ):
            found[n] = cell.item
            n += 1
    return n


@compiled
def vote(
    cells: Cells,
    rows: Rows,
    voters: Numbers,
    worth: float,
    unit: float,
    decay: float,
    norm: float,
    together_min: int,
    sessions: int,
    z_min: float,
    votes: Votes,
    active: Numbers,
) -> int:
    """Each voter votes for its partners; returns how many items have votes, listed in `active`.

    A vote of the first is worth `worth`, of each next one `decay` times as much; `unit` turns a
    weight into events, and a voter shares out its events ** `norm`. The strongest voter of an item,
    of equals the first, is noted if the pair is evidence.
    """
    n = 0
    for voter in voters:
        if voter == NOBODY:
            worth *= decay
            continue
        row = rows[voter]
        events = (row.latest + row.before * EARLIER) * unit
        one = worth / events**norm if events > 0.0 else worth
        worth *= decay
        for at in range(row.start, row.start + row.length):
            cell = cells[at]
            weight = (cell.latest + cell.before * EARLIER) * one
            if weight > 0.0:
                entry = votes[cell.item]
                if entry.score == 0.0:
                    active[n] = cell.item
                    n += 1
                entry.score += weight
                if weight > entry.strongest and cell.times >= together_min:
                    times = rows[cell.item].times  # only now: rows are far apart
                    if beyond_chance(cell.times, row.times, times, sessions, z_min):
                        entry.strongest = weight
                        entry.voter = voter
                        entry.met = cell.times
    return n


@compiled
def sift(heap: Floats, size: int, score: float, depth: int) -> int:
    """Keep the `depth` best scores, the least of them first; returns how many there are."""
    if size < depth:
        at = size
        while at > 0 and heap[(at - 1) >> 1] > score:
            heap[at] = heap[(at - 1) >> 1]
            at = (at - 1) >> 1
        heap[at] = score
        return size + 1
    if score > heap[0]:
        at = 0
        child = 1
        while child < size:
            if child + 1 < size and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= score:
                break
            heap[at] = heap[child]
            at = child
            child = 2 * at + 1
        heap[at] = score
    return size


@compiled
def clear(votes: Votes, item: int) -> None:
    """Forget the votes for an item: the scratch is all zero in between."""
    entry = votes[item]
    entry.score = 0.0
    entry.strongest = 0.0
    entry.voter = 0
    entry.met = 0


@compiled
def rank(
    cells: Cells,
    rows: Rows,
    voters: Numbers,
    worth: float,
    unit: float,
    decay: float,
    norm: float,
    together_min: int,
    sessions: int,
    z_min: float,
    depth: int,
    heap: Floats,
    votes: Votes,
    active: Numbers,
    scores: Floats,
    facts: Facts,
) -> tuple[int, int]:
    """The `depth` best candidates and all that equal the last: how many; and how many in all."""
    n = vote(
        cells, rows, voters, worth, unit, decay, norm, together_min, sessions, z_min, votes, active
    )
    size, supported = 0, 0
    for i in range(n):
        entry = votes[active[i]]
        if entry.met > 0:
            entry.score *= rows[active[i]].damping
            if entry.score > 0.0:
                size, supported = sift(heap, size, entry.score, depth), supported + 1
    bar, count = (heap[0] if size else 0.0), 0
    for i in range(n):
        entry = votes[active[i]]
        if entry.met > 0 and entry.score > 0.0 and entry.score >= bar:
            scores[count] = entry.score
            facts[count, 0] = active[i]
            facts[count, 1] = entry.met
            facts[count, 2] = max(entry.met, rows[entry.voter].times)
            facts[count, 3] = entry.voter
            count += 1
        clear(votes, active[i])
    return count, supported
