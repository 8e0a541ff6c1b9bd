"""What happened so far is of impressions that were read: others' outcomes are left out, counted."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.outcomes import Outcome
from streams.contract.schemas.examples import OUTCOME, SHOWN
from streams.experiments.evidence.so_far import SoFar
from streams.experiments.impressions import Trials
from streams.views.arm_board import ArmBoard
from tests.experiments.test_arms import outcome, read, shown

MADE_MS = OUTCOME.prompted_at_ms


def counted(outcomes: list[Outcome], waiting_max: int = 100) -> tuple[ArmBoard, SoFar]:
    """The board of these, and what let them onto it."""
    trials, board = Trials(), ArmBoard()
    so_far = SoFar(trials, waiting_max)
    for one in outcomes:
        if trials.add(one):
            so_far.count(one, board, partition=0)
    return board, so_far


def test_returns_of_impressions_from_before_are_no_reward_of_those_that_were_read() -> None:
    """Two were shown since and earned nothing; ten that had been sold at a loss come back."""
    told = [outcome(n, "shown") for n in range(2)]
    told += [outcome(n, "returned", 0.06) for n in range(10, 20)]
    board = read(told)
    (row,) = board.json()["arms"]
    evidence = board.json()["evidence"]
    table = " ".join(shown(board.table(), 100).split())

    assert (2, 0, 0.0) == (row["shown"], row["returned"], row["reward_rate"])
    assert 10 == board.json()["outcomes_left_out"]
    assert (0, 10) == (evidence["without_propensities"], evidence["without_shown"])
    assert "10 outcomes of impressions from before what is read: left out" in table
    assert "10 prompts left out: that they were shown was not read, only what came later" in table
    assert "outcomes tell no propensities" not in table


@given(st.randoms(use_true_random=False))
def test_in_whichever_order_they_come_the_same_is_counted(chance: random.Random) -> None:
    """Of five prompts that were shown, and two of which that was not read."""
    told = [outcome(n, "shown") for n in range(5)]
    told += [outcome(n, "clicked", 0.125) for n in range(7)]
    told += [outcome(n, "returned", -0.5) for n in range(3, 7)]
    chance.shuffle(told)
    board, so_far = counted(told)
    (row,) = board.rows()

    assert (5, 5, 2, -0.375) == (row.shown, row.clicked, row.returned, row.reward)
    assert 4 == so_far.left_out


def test_of_too_many_that_wait_the_oldest_are_given_up_and_stay_counted() -> None:
    """Memory is bounded, whatever the log has forgotten."""
    told = [outcome(n, "clicked", 0.1) for n in range(50)]
    board, so_far = counted([*told, outcome(0, "shown"), outcome(49, "shown")], waiting_max=10)
    (row,) = board.rows()

    assert (2, 1) == (row.shown, row.clicked)
    assert 49 == so_far.left_out


@pytest.mark.parametrize(("made_ms", "sold"), [(MADE_MS, 1), (MADE_MS - 1, 0)])
def test_where_ids_have_been_forgotten_the_time_of_the_prompt_says_whether_it_was_read(
    made_ms: int, sold: int
) -> None:
    """A sale of the evening is not left out as a large shop has shown so much since."""
    trials, board = Trials(settle_ms=0, ids_max=3), ArmBoard()
    so_far = SoFar(trials)
    for number in range(9):
        one = SHOWN.model_copy(update={"prompt_id": f"prompt-{number}"})
        assert trials.add(one)
        so_far.count(one, board, partition=0)
    assert 9 == len(trials.settled())
    late = outcome(0, "bought", 1.0).model_copy(update={"prompted_at_ms": made_ms})
    assert trials.add(late)
    so_far.count(late, board, partition=0)

    assert (sold, 1 - sold) == (board.rows()[0].bought, so_far.left_out)


def test_where_ids_have_been_forgotten_each_partition_has_a_beginning_of_its_own() -> None:
    """One has forgotten more: a prompt of it was not read, though made since the other begins."""
    trials, board = Trials(settle_ms=0, ids_max=3), ArmBoard()
    so_far = SoFar(trials)
    for number in range(9):
        made_ms = MADE_MS + (number % 2) * 1_000  # of the second partition a second later
        said = {"prompt_id": f"prompt-{number}", "prompted_at_ms": made_ms}
        one = SHOWN.model_copy(update=said | {"occurred_at_ms": made_ms + 1})
        assert trials.add(one, number % 2)
        so_far.count(one, board, number % 2)
    assert 9 == len(trials.settled())
    never_read = outcome(99, "bought", 1.0).model_copy(update={"prompted_at_ms": MADE_MS + 500})
    assert trials.add(never_read, 1)
    so_far.count(never_read, board, 1)

    assert (0, 1) == (board.rows()[0].bought, so_far.left_out)
