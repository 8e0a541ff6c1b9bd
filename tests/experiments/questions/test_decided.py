"""By when a question about arms was decided: the same of the same log, however it is read."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.published.outcomes import AnyOutcome
from streams.contract.schemas.examples import NEW_YEAR_MS, OUTCOME, SHOWN
from streams.contract.settings import Settings
from streams.experiments.declared.register import DeclaredExperiment
from streams.experiments.questions.of_arms import ArmsQuestion
from tests.experiments.questions.test_answers import ARMS, asks

PARTITIONS = range(3)
SETTLE_MS = 20_000
Told = tuple[int, AnyOutcome]
"""An outcome and its partition."""


def question() -> DeclaredExperiment:
    """Whether the first arm earns a tenth more, and impressions settle in twenty seconds."""
    return asks(arms=list(ARMS), metric="reward", least_effect=0.1, settle_s=SETTLE_MS / 1000)


def log(seed: int, impressions: int = 600) -> list[Told]:
    """Impressions of forty seconds on three partitions, and what came of them within fifteen.

    Of the first arm most earn; long after each partition tells something else.
    """
    chance, told = Random(seed), list[Told]()
    for number in range(impressions):
        at_ms, partition = NEW_YEAR_MS + chance.randrange(40_000), chance.choice(PARTITIONS)
        arm = chance.choice(ARMS)
        about: dict[str, Any] = {
            "prompt_id": f"p-{number}",
            "session_id": f"s-{number}",
            "arm": arm,
        }
        about |= {"prompted_at_ms": at_ms}
        drawn = {"propensities": dict.fromkeys(ARMS, 0.5), "estimates": None}
        shown = SHOWN.model_copy(update=about | drawn | {"occurred_at_ms": at_ms})
        told.append((partition, shown))
        if chance.random() < (0.9 if arm == ARMS[0] else 0.2):
            later = {"occurred_at_ms": at_ms + chance.randrange(15_000), "reward": 0.9}
            told.append((partition, OUTCOME.model_copy(update=about | later)))
    for partition in PARTITIONS:
        late = {"prompt_id": f"late-{partition}", "occurred_at_ms": NEW_YEAR_MS + 90_000}
        told.append((partition, SHOWN.model_copy(update=late)))
    return sorted(told, key=lambda one: one[1].occurred_at_ms)


def whole(told: list[Told]) -> ArmsQuestion:
    """Who reads all of it at once."""
    asked = ArmsQuestion(question(), Settings())
    for partition, outcome in told:
        asked.see(outcome, partition)
    asked.settle(())
    return asked


LOGS = {seed: log(seed) for seed in range(3)}
ENDS = {seed: whole(told).answer() for seed, told in LOGS.items()}


@pytest.mark.parametrize("seed", LOGS)
def test_nothing_is_decided_before_an_impression_has_settled(seed: int) -> None:
    """What was shown until so long before the date says it, and nothing that was shown later."""
    told, decided_ms = LOGS[seed], ENDS[seed].decided_ms
    assert decided_ms is not None
    early = [one for one in told if one[1].occurred_at_ms < decided_ms - SETTLE_MS]
    shown = {one.prompt_id for _, one in early if one.type == "outcome" and one.stage == "shown"}
    about = [one for one in told if getattr(one[1], "prompt_id", "") in shown]
    last = [one for one in told if one[1].occurred_at_ms > NEW_YEAR_MS + 80_000]

    assert told[0][1].occurred_at_ms + SETTLE_MS < decided_ms < NEW_YEAR_MS + 60_500
    assert ("more", "more") == (ENDS[seed].decision, whole([*about, *last]).answer().decision)


@settings(max_examples=20)
@given(st.sampled_from([*LOGS]), st.integers(), st.integers(50, 400))
def test_any_split_of_the_log_into_reads_gives_the_same_date(
    seed: int, reads: int, often: int
) -> None:
    """Whichever partition is ahead, and whenever what is settled is counted, or asked for."""
    chance = Random(reads)
    rest = {n: [one for at, one in LOGS[seed] if at == n] for n in PARTITIONS}
    asked, partition = ArmsQuestion(question(), Settings()), 0
    while unread := [n for n, left in rest.items() if left]:
        if chance.randrange(often) == 0 or partition not in unread:
            partition = chance.choice(unread)
        asked.see(rest[partition].pop(0), partition)
        if chance.randrange(often) == 0:
            asked.settle(chance.choice([unread, ()]))
            asked.answer()
    asked.settle(())
    answer, end = asked.answer(), ENDS[seed]

    assert (end.decision, end.sides, end.decided_ms) == (
        *(answer.decision, answer.sides, answer.decided_ms),
    )


@settings(max_examples=20)
@given(st.sampled_from([*LOGS]), st.floats(0.0, 1.0))
def test_a_date_that_was_told_stays_while_the_log_grows(seed: int, part: float) -> None:
    """Who asked earlier was told the same, or that nobody knows yet."""
    told = LOGS[seed]
    before = whole(told[: round(part * len(told))]).answer()

    assert before.decided_ms in (None, ENDS[seed].decided_ms)
