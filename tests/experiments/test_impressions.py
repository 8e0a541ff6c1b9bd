"""Trials: prompts and outcomes joined, settled once, in whatever order they are read."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.prompts import Outcome, Prompt, PromptWithdrawn, Stage
from streams.contract.schemas.examples import OUTCOME, PROMPT, PROMPT_WITHDRAWN
from streams.experiments.impressions import Trials

START_MS = PROMPT.occurred_at_ms
SETTLE_MS = 60_000


def prompt(number: int) -> Prompt:
    """A prompt of its own, a second after the one before."""
    at_ms = START_MS + number * 1000
    update = {
        "prompt_id": f"prompt-{number}",
        "occurred_at_ms": at_ms,
        "expires_at_ms": at_ms + 120_000,
    }
    return PROMPT.model_copy(update=update)


def outcome(number: int, stage: Stage, reward: float = 0.0, after_ms: int = 0) -> Outcome:
    """A stage that it reached, so long after it."""
    at_ms = START_MS + number * 1000 + after_ms
    update = {
        "prompt_id": f"prompt-{number}",
        "stage": stage,
        "reward": reward,
        "occurred_at_ms": at_ms,
    }
    return OUTCOME.model_copy(update=update)


LATER = PROMPT_WITHDRAWN.model_copy(update={"occurred_at_ms": START_MS + 86_400_000})
"""By which everything is settled."""

Story = list[Prompt | Outcome | PromptWithdrawn]
STORIES: st.SearchStrategy[Story] = st.lists(
    st.builds(prompt, st.integers(0, 4))
    | st.builds(outcome, st.integers(0, 4), st.just("shown"))
    | st.builds(outcome, st.integers(0, 4), st.just("clicked"), st.just(0.1), st.just(5_000))
    | st.builds(outcome, st.integers(0, 4), st.just("added"), st.just(0.4), st.just(70_000)),
    max_size=25,
)


def settled(story: Story) -> list[tuple[str, float]]:
    """What the trials of a story come to."""
    trials = Trials(SETTLE_MS)
    for published in (*story, LATER):
        trials.add(published)
    return sorted((trial.arm, trial.reward) for trial in trials.settled())


def test_a_trial_earns_what_comes_in_time() -> None:
    """An add after the settling time is not of this trial: quick arms are not favoured."""
    story: Story = [
        prompt(1),
        outcome(1, "shown"),
        outcome(1, "clicked", 0.1, SETTLE_MS),
        outcome(1, "added", 0.4, SETTLE_MS + 1),
    ]

    assert [(PROMPT.arm, 0.1)] == settled(story)


def test_a_prompt_that_nobody_saw_is_no_trial() -> None:
    """Nor is an outcome without its prompt: nobody knows what else was on offer."""
    assert [] == settled([prompt(1), outcome(2, "shown"), outcome(2, "clicked", 0.1)])


def test_a_trial_is_pending_until_its_time_is_over() -> None:
    """And then counted once."""
    trials = Trials(SETTLE_MS)
    for published in (prompt(1), outcome(1, "shown"), prompt(2)):
        trials.add(published)

    assert ([], 1) == (trials.settled(), trials.pending)

    trials.add(outcome(3, "shown", after_ms=SETTLE_MS))

    assert 1 == len(trials.settled())
    assert ([], 0) == (trials.settled(), trials.pending)

    trials.add(prompt(1))
    trials.add(outcome(1, "shown"))

    assert [] == trials.settled()


@given(STORIES, st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(story: Story, chance: random.Random) -> None:
    """Two topics are read in turn, and workers publish at least once."""
    mixed = [*story, *story]
    chance.shuffle(mixed)

    assert settled(story) == settled(mixed)


def test_trials_are_bounded() -> None:
    """The oldest are forgotten, and counted."""
    trials = Trials(SETTLE_MS, open_max=10)
    for number in range(25):
        trials.add(prompt(number))
        trials.add(outcome(number, "shown"))
    trials.add(LATER)

    assert (15, 10) == (trials.forgotten, len(trials.settled()))
