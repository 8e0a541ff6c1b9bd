"""Trials: prompts and outcomes joined, settled once, in whatever order they are read."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.outcomes import Outcome, Stage
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.contract.schemas.examples import OUTCOME, PROMPT, PROMPT_WITHDRAWN
from streams.experiments.impressions import Trial, Trials
from streams.views.arm_board import ArmBoard

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


def test_outcomes_of_what_was_forgotten_push_nothing_out() -> None:
    """All prompts are read, then all outcomes: those that are kept are judged, the rest counted."""
    trials = Trials(SETTLE_MS, open_max=10, ids_max=5)
    for number in range(40):
        trials.add(prompt(number))
    for number in range(40):
        trials.add(outcome(number, "shown"))
    trials.add(LATER)

    assert (30, 10) == (trials.forgotten, len(trials.settled()))


def test_shown_tells_what_the_prompt_was_drawn_from() -> None:
    """So outcomes alone are enough; and with the prompt, it is the same."""
    drawn = {"propensities": PROMPT.propensities, "estimates": PROMPT.propensities}
    shown = outcome(2, "shown").model_copy(update=drawn)
    clicked = outcome(2, "clicked", 0.1, after_ms=1_000)

    def trial(*published: Outcome | Prompt) -> list[Trial]:
        trials = Trials(SETTLE_MS)
        for one in (*published, LATER):
            trials.add(one)
        return trials.settled()

    (alone,) = trial(clicked, shown)
    assert (PROMPT.propensities, PROMPT.propensities, 0.1) == (
        *(alone.propensities, alone.estimates, alone.reward),
    )
    assert alone == trial(prompt(2).model_copy(update=drawn), shown, clicked)[0]


def test_what_is_settled_is_taken_out_while_a_long_log_is_read() -> None:
    """Partition by partition: one that is read ahead closes nothing of the others."""
    drawn = {"propensities": PROMPT.propensities}
    trials, found = Trials(SETTLE_MS, open_max=200), []
    for number in range(1_000):
        for partition, lag_s in ((0, 0), (1, 500)):
            one = outcome(number, "shown", after_ms=-1000 * lag_s).model_copy(
                update={**drawn, "prompt_id": f"{partition}-{number}"}
            )
            trials.add(one, partition)
            clicked = {"stage": "clicked", "reward": 0.1, "propensities": None}
            trials.add(one.model_copy(update=clicked), partition)
        if number % 10 == 0:
            found += trials.swept((0, 1))
    trials.add(LATER)
    found += trials.settled()

    assert (2_000, 0) == (len(found), trials.forgotten)
    assert {0.1} == {trial.reward for trial in found}


def test_propensities_that_cannot_be_are_counted() -> None:
    """Of an outcome as of a prompt."""
    trials = Trials(SETTLE_MS)
    news = trials.add(outcome(1, "shown").model_copy(update={"propensities": {"other": 1.0}}))

    assert (False, 1) == (news, trials.impossible)


def test_outcomes_without_a_prompt_are_counted() -> None:
    """Where they do not tell what it was drawn from."""
    trials = Trials(SETTLE_MS)
    for published in (outcome(2, "shown"), outcome(2, "clicked", 0.1), LATER):
        trials.add(published)

    assert ([], 1) == (trials.settled(), trials.without_propensities)


@pytest.mark.parametrize("reward", [math.nan, math.inf, -5.0, 1e9])
def test_a_reward_that_no_stage_brings_is_counted_and_never_summed(reward: float) -> None:
    """Whoever publishes it: neither the board nor a trial has it; time does not follow it."""
    trials, board = Trials(SETTLE_MS), ArmBoard()
    wrong = outcome(1, "bought", reward, after_ms=10**12)
    for published in (prompt(1), outcome(1, "shown"), outcome(1, "clicked", 0.1), wrong):
        if trials.add(published):
            board.count(published)
    (row,) = board.rows()

    assert ([], 1) == (trials.settled(), trials.impossible)
    assert (0.1, 0) == (row.reward, row.bought)


@pytest.mark.parametrize(
    "update",
    [
        {"arm": "not on offer"},
        {"propensities": {PROMPT.arm: 0.0, "popular": 1.0}},
        {"propensities": {PROMPT.arm: math.nan}},
        {"propensities": {PROMPT.arm: 0.5, "popular": -0.5}},
        {"estimates": {PROMPT.arm: math.inf}},
    ],
)
def test_a_prompt_that_cannot_have_been_drawn_is_counted(update: dict[str, object]) -> None:
    """It would stop the estimates."""
    trials = Trials(SETTLE_MS)

    assert (False, 1) == (trials.add(prompt(1).model_copy(update=update)), trials.impossible)


def test_a_block_of_repeats_is_told_apart_however_long_it_is() -> None:
    """Before it is settled and after: by prompt and stage, not by what came lately."""
    trials, board, many = Trials(SETTLE_MS), ArmBoard(ids_max=10), 1_000
    block = [one for n in range(many) for one in (prompt(n), outcome(n, "shown"))]
    news = [trials.add(one) for one in block]
    again = [trials.add(one) for one in block]
    trials.add(LATER)
    settled = len(trials.settled())
    later = [trials.add(one) for one in block]
    for one, is_news in zip(block * 3, news + again + later, strict=True):
        if is_news:
            board.count(one)

    assert (many, 2 * 2 * many) == (settled, trials.repeats)
    assert [] == trials.settled()
    assert (many, many) == (board.rows()[0].pulls, board.rows()[0].shown)
