"""Co-occurrence rows: for each item the few that it meets most, with weights; and their votes.

A row is bounded: a newcomer that finds it full may take the place of the lightest, and its weight,
by a chance (`models.decay.admission`), so that a weight is right on average. Of what comes right
after an item the latest tells more than the most: there a newcomer always takes it.
"""

from typing import Any

import numpy as np

from models.compiled import compiled
from models.decay.admission import admits
from models.recommenders.session_index.records import NOBODY
from models.recommenders.session_index.rings import Ints, Records

WINDOW = 10
"""How many items back a pair reaches."""
VOTERS_MAX = 4
"""How many of the last items of a session vote."""
VOTER_DECAY = 0.6
"""Weight of a vote relative to that of the next later item."""
POPULARITY_NORM = 0.2
RESIDUE = 1e-5
"""What is left when a sum in single precision is taken back may be this part of it: nothing."""


@compiled
def weigh(row: Any, item: int, weight: float) -> int:
    """Let an item of a row weigh more, where it has a place or there is a free one.

    Returns `NOBODY`; where there is none, the place of the lightest, and nothing has changed.
    """
    least = 0
    for i in range(len(row)):
        if row[i].item == item:
            row[i].weight += weight
            return NOBODY
        if row[i].item < 0:
            row[i].item = item
            row[i].weight = weight
            return NOBODY
        if row[i].weight < row[least].weight:
            least = i
    return least


@compiled
def add(row: Any, owner: int, item: int, weight: float, session: int) -> None:
    """Let an item of the owner's row weigh more; if it is full, a newcomer has a draw a session."""
    least = weigh(row, item, weight)
    if least >= 0 and admits(float(row[least].weight), weight, owner, item, session):
        row[least].item = item
        row[least].weight += weight


@compiled
def add_pairs(partners: Records, session: Ints, item: int, weight: float, number: int) -> None:
    """An item comes after those of session `number`: pairs both ways, the nearer the heavier."""
    length = session[0]
    for distance in range(1, min(length, WINDOW) + 1):
        before = session[1 + length - distance]
        add(partners[before], before, item, weight / distance, number)
        if before != item:
            add(partners[item], item, before, weight / distance, number)


@compiled
def add_next(nexts: Records, session: Ints, item: int, weight: float) -> None:
    """An item comes right after the last one of its session."""
    if session[0]:
        row = nexts[session[session[0]]]
        least = weigh(row, item, weight)
        if least >= 0:
            row[least].item = item
            row[least].weight += weight


@compiled
def remove_items(row: Any, gone: Any) -> None:
    """Take the pairs with forgotten items out of a row, and close up."""
    kept = 0
    for i in range(len(row)):
        item, weight = row[i].item, row[i].weight
        if item < 0:
            break
        row[i].item = -1
        row[i].weight = 0.0
        if not gone[item]:
            row[kept].item = item
            row[kept].weight = weight
            kept += 1


@compiled
def note_self_contribution(votes: Records, context: Ints, length: int, voter: int) -> None:
    """Note what the session itself contributes to the pairs of one of its items."""
    for i in range(length):
        if context[i] == voter:
            for j in range(max(0, i - WINDOW), min(length, i + WINDOW + 1)):
                if j > i or (j < i and context[j] != voter):
                    votes[context[j]].self_contribution += 1.0 / abs(i - j)


@compiled
def clear_self_contribution(votes: Records, context: Ints, length: int) -> None:
    """Leave the scratch as it was."""
    for i in range(length):
        votes[context[i]].self_contribution = 0.0


@compiled
def vote(
    items: Records,
    partners: Records,
    votes: Records,
    active: Ints,
    count: int,
    context: Ints,
    length: int,
    running: bool,
) -> int:
    """Let the last items of a session vote for their partners; how many items are active now.

    A vote is the pair's weight by the root of the voter's events. What a running session added to
    its own pairs is subtracted first (leave-one-out): it does not vote for itself.
    """
    weight = 1.0
    for p in range(length - 1, -1, -1):
        counted = 1.0 if p >= length - VOTERS_MAX else 0.0
        voter = context[p]
        repeated = False
        for q in range(p + 1, length):
            repeated |= context[q] == voter
        events = items[voter].events - votes[voter].times
        if not repeated and events > 0.0:
            row = partners[voter]
            scale = 1.0 / np.sqrt(events)
            note_self_contribution(votes, context, length if running else 0, voter)
            for i in range(len(row)):
                item = row[i].item
                if item < 0:
                    break
                met = float(row[i].weight)
                if votes[item].self_contribution > 0.0:
                    rest = met - votes[item].self_contribution
                    met = rest if rest > RESIDUE * (1.0 + met) else 0.0
                if votes[item].status == 0:
                    votes[item].status = 1
                    active[count] = item
                    count += 1
                votes[item].together += counted * weight * scale * met
                votes[item].basket += scale * met
            clear_self_contribution(votes, context, length)
        weight *= VOTER_DECAY
    return count


@compiled
def vote_next(
    nexts: Records,
    votes: Records,
    active: Ints,
    count: int,
    context: Ints,
    length: int,
    running: bool,
) -> int:
    """What came right after the last item, less what came so in the running session itself."""
    last = context[length - 1]
    row = nexts[last]
    for i in range(len(row)):
        item = row[i].item
        if item < 0:
            break
        came = float(row[i].weight)
        if running and votes[item].place > 0:
            for j in range(length - 1):
                if context[j] == last and context[j + 1] == item:
                    came -= 1.0
        if votes[item].status == 0:
            votes[item].status = 1
            active[count] = item
            count += 1
        votes[item].next = max(0.0, came)
    return count
