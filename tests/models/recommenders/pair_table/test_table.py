"""The compiled table of pairs against its plain twin: dictionaries, and the rules as they read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decay.eras import EARLIER, ONE, Eras
from models.recommenders.pair_table.layout import Support, VoteWeights, name_hash
from models.recommenders.pair_table.table import PairTable

ITEMS = [f"item-{n}" for n in range(12)]
ROW_MAX = 4
NORM = 0.5
TOGETHER_MIN = 2


class Event(NamedTuple):
    """What is learned at once."""

    context: list[str]
    y: str
    era: int
    weight: int
    first: bool
    near: bool


@dataclass
class Counted:
    """Weight by era, and times."""

    times: int = 0
    latest: int = 0
    before: int = 0

    @property
    def order(self) -> tuple[int, int, int]:
        """The lighter, the smaller."""
        return self.latest, self.before, self.times

    @property
    def weight(self) -> float:
        """In this era's fixed point."""
        return self.latest + self.before * EARLIER

    def add(self, weight: int, early: int, times: int) -> None:
        """Once more, `early` eras ago."""
        self.times += times
        self.latest += weight if early == 0 else 0
        self.before += weight if early == 1 else 0

    def turn(self, eras: int) -> None:
        """So many eras later."""
        self.latest, self.before = 0, self.latest if eras == 1 else 0


@dataclass
class Twin:
    """The table, in plain Python."""

    row_max: int = ROW_MAX
    era: int = 0
    seen: dict[str, Counted] = field(default_factory=dict)
    rows: dict[str, dict[str, Counted]] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        """Count an item and its pairs."""
        if event.era > self.era:
            for counted in (
                *self.seen.values(),
                *(c for r in self.rows.values() for c in r.values()),
            ):
                counted.turn(event.era - self.era)
            self.era = event.era
        early, times = self.era - event.era, int(event.first)
        for item in (*event.context, event.y):
            self.seen.setdefault(item, Counted())
        self.seen[event.y].add(event.weight, early, times)
        nearest = {item: place for place, item in enumerate(event.context)}
        for place, item in enumerate(event.context):
            if item != event.y and nearest[item] == place:
                distance = len(event.context) - place
                share = event.weight // distance if event.near else event.weight
                for one, other in ((item, event.y), (event.y, item)):
                    self.partner(one, other).add(share, early, times)

    def partner(self, one: str, other: str) -> Counted:
        """A cell; where there is no room, the lightest quarter goes."""
        row = self.rows.setdefault(one, {})
        if other not in row:
            if len(row) == self.row_max:
                for _ in range(max(1, self.row_max // 4)):
                    del row[min(row, key=lambda name: (row[name].order, name_hash(name)))]
            row[other] = Counted()
        return row[other]

    def evidence(self, voter: str, item: str, support: Support) -> bool:
        """Whether this pair is evidence: often enough, and more often than chance would have it."""
        met, of, times = (
            self.rows[voter][item].times,
            self.seen[voter].times,
            self.seen[item].times,
        )
        together_min, sessions, z_min = support
        if met < together_min:
            return False
        if z_min == 0 or of >= sessions:
            return True
        share = Fraction(of, sessions)
        excess = met - Fraction(1, 2) - times * share
        z = Fraction(z_min)
        return excess > 0 and excess**2 > z**2 * times * share * (1 - share)

    def rank(
        self, voters: Sequence[str], vote_weights: VoteWeights, support: Support
    ) -> dict[str, tuple[float, int, int]]:
        """Score and evidence of each candidate."""
        scores: dict[str, float] = {}
        loudest: dict[str, tuple[float, int, int]] = {}
        for place, voter in enumerate(voters):
            seen = self.seen.get(voter, Counted())
            events = seen.weight * vote_weights.unit
            worth = vote_weights.worth * vote_weights.decay**place
            one = worth / events**vote_weights.norm if events > 0 else worth
            for item, cell in self.rows.get(voter, {}).items():
                voice = cell.weight * one
                if voice > 0:
                    scores[item] = scores.get(item, 0.0) + voice
                    louder = voice > loudest.get(item, (0.0,))[0]
                    if louder and self.evidence(voter, item, support):
                        of = max(cell.times, seen.times)
                        loudest[item] = voice, cell.times, of
        weights = {item: self.seen[item].weight / ONE for item in loudest}
        return {
            item: (scores[item] * weights[item] ** -NORM, *loudest[item][1:])
            for item in loudest
            if weights[item] > 0 and loudest[item][1] > 0
        }


item = st.sampled_from(ITEMS)
events = st.lists(
    st.builds(
        Event,
        context=st.lists(item, max_size=6),
        y=item,
        era=st.integers(7, 10),
        weight=st.integers(1, 1 << 33),
        first=st.booleans(),
        near=st.booleans(),
    ),
    max_size=40,
)
ballots = st.builds(
    VoteWeights,
    worth=st.floats(0.1, 10),
    unit=st.floats(1e-6, 1e-3),
    decay=st.floats(0.1, 1),
    norm=st.floats(0, 1),
)
supports = st.tuples(
    st.just(TOGETHER_MIN), st.integers(0, 60), st.sampled_from([0.0, 0.3, 1.0, 2.0])
)
ANY = (TOGETHER_MIN, 0, 0.0)


def taught(learned: Sequence[Event], row_max: int = ROW_MAX) -> tuple[PairTable, Twin]:
    """A table and its twin that have seen the same."""
    table, twin = PairTable(row_max, NORM), Twin(row_max)
    for event in learned:
        twin.learn(event)
        table.learn(
            event.context, event.y, event.era, event.weight, first=event.first, near=event.near
        )
    return table, twin


def pairs_of(table: PairTable) -> dict[str, dict[str, tuple[int, int, int]]]:
    """All cells by name."""
    return {
        item: {
            table.names[cell["item"]]: (
                int(cell["latest"]),
                int(cell["before"]),
                int(cell["times"]),
            )
            for cell in table.partners(item)
        }
        for item in table.number
    }


@given(learned=events)
def test_a_compiled_table_counts_as_its_plain_twin(learned: list[Event]) -> None:
    """Items, pairs, eras and what is forgotten of a full row, bit by bit."""
    table, twin = taught(learned)

    assert {item: seen.order for item, seen in twin.seen.items()} == table.weights()
    assert {
        item: {partner: cell.order for partner, cell in twin.rows.get(item, {}).items()}
        for item in twin.seen
    } == pairs_of(table)


def test_what_is_learned_in_hundreds_is_counted_as_one_by_one() -> None:
    """More events than wait at a time, more cells than there are at first, in both eras."""
    chance = np.random.default_rng(2)
    names = [f"item-{n}" for n in range(400)]
    learned = [
        Event([names[n] for n in chance.integers(0, 400, 6)], names[n % 400], era, ONE, True, True)
        for n, era in enumerate(chance.integers(8, 10, 1500).tolist())
    ]
    table, twin = taught(learned, row_max=64)

    assert {item: seen.order for item, seen in twin.seen.items()} == table.weights()
    assert {
        item: {partner: cell.order for partner, cell in row.items()}
        for item, row in twin.rows.items()
    } == {item: row for item, row in pairs_of(table).items() if row}


@given(
    learned=events,
    voters=st.lists(item, max_size=5, unique=True),
    vote_weights=ballots,
    support=supports,
)
def test_a_compiled_table_ranks_as_its_plain_twin(
    learned: list[Event], voters: list[str], vote_weights: VoteWeights, support: Support
) -> None:
    """Scores and evidence of all candidates, in the order of their scores."""
    table, twin = taught(learned)
    expected = twin.rank(voters, vote_weights, support)

    ranked, in_all = table.rank(table.voters(voters), vote_weights, support, depth=100)

    assert len(expected) == len(ranked) == in_all
    assert sorted(ranked) == ranked
    assert pytest.approx({name: score for name, (score, *_) in expected.items()}) == {
        name: -less for less, name, *_ in ranked
    }
    assert {name: evidence for name, (_, *evidence) in expected.items()} == {
        name: [met, of] for _, name, met, of, _ in ranked
    }


@given(learned=events, voters=st.lists(item, max_size=5, unique=True), depth=st.integers(1, 6))
def test_a_few_of_the_best_are_the_best(
    learned: list[Event], voters: list[str], depth: int
) -> None:
    """Asked for fewer, it answers with the beginning of the whole order, equals included."""
    table, _ = taught(learned, row_max=64)
    vote_weights = VoteWeights(worth=1.0, unit=1e-5, decay=0.6, norm=0.5)
    whole, _ = table.rank(table.voters(voters), vote_weights, ANY, depth=100)

    few, in_all = table.rank(table.voters(voters), vote_weights, ANY, depth)

    assert len(whole) == in_all
    assert whole[: len(few)] == few
    assert len(few) >= min(depth, in_all)


@given(
    learned=events,
    voters=st.lists(item, max_size=4, unique=True),
    support=supports,
    excluded=st.sets(item),
)
def test_what_is_proposed_without_a_ranking_is_what_a_ranking_finds(
    learned: list[Event], voters: list[str], support: Support, excluded: set[str]
) -> None:
    """Whether anything is left beside what is excluded, equal to a look at all candidates."""
    table, twin = taught(learned)
    vote_weights = VoteWeights(worth=1.0, unit=1e-5, decay=1.0, norm=0.0)

    proposed = table.proposes(voters, support, excluded)

    assert (not excluded >= twin.rank(voters, vote_weights, support).keys()) == proposed


def test_many_excluded_candidates_do_not_hide_the_last_one() -> None:
    """Whichever of ten partners of two voters is left, it is found; without it nothing is."""
    table, partners = PairTable(64, NORM), [f"p{n}" for n in range(10)]
    for partner in partners:
        table.learn(["a", "b"], partner, 0, ONE, first=1, near=False)
    support = 1, 10, 0.0

    for left in partners:
        assert table.proposes(["a", "b"], support, {"a", "b", *partners} - {left})
    assert not table.proposes(["a", "b"], support, {"a", "b", *partners})


@given(learned=events, seed=st.integers(0, 2**32 - 1))
def test_counts_commute_while_no_row_is_full(learned: list[Event], seed: int) -> None:
    """Whatever the order of events, eras included, the state is the same."""
    shuffled = [learned[at] for at in np.random.default_rng(seed).permutation(len(learned))]

    assert taught(learned, row_max=64)[0].state() == taught(shuffled, row_max=64)[0].state()


@settings(max_examples=30)
@given(learned=events, gone=st.sets(item))
def test_forgotten_items_leave_nothing_behind(learned: list[Event], gone: set[str]) -> None:
    """Neither their rows nor their cells in others' rows; their numbers are used again."""
    table, _ = taught(learned)
    kept = {
        one: {other: cell for other, cell in row.items() if other not in gone}
        for one, row in pairs_of(table).items()
        if one not in gone
    }
    numbers = len(table.names)

    table.forget(item for item in gone if item in table)

    assert kept == pairs_of(table)
    table.numbers(f"new-{n}" for n in range(numbers - len(table)))
    assert numbers == len(table.names)


def test_a_restored_table_goes_on_as_the_first() -> None:
    """Chunks are laid out anew, counts are the same."""
    chance = np.random.default_rng(1)
    learned = [
        Event([ITEMS[n] for n in chance.integers(0, 12, 5)], ITEMS[k % 12], 8, ONE, True, True)
        for k in range(300)
    ]
    table, _ = taught(learned[:200], row_max=64)
    restored = PairTable(64, NORM)
    restored.restore(table.state())
    for event in learned[200:]:
        for one in (table, restored):
            one.learn(event.context, event.y, event.era, event.weight, first=True, near=True)

    assert table.state() == restored.state()


def test_an_era_is_sixteen_half_lives() -> None:
    """In it a weight doubles with each half-life."""
    hour = Eras(3600.0)
    first, *later = (hour.unit(1_767_225_600 + n * 3600) for n in range(40))

    assert {0, 1, 2, 3} >= {unit.era - first.era for unit in later}
    assert [
        after.weight == 2 * before.weight
        for before, after in zip([first, *later], later, strict=False)
        if before.era == after.era
    ] == [True] * sum(
        before.era == after.era for before, after in zip([first, *later], later, strict=False)
    )
