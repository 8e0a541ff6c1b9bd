"""The board of arms, folded."""

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.published.outcomes import STAGES, Outcome
from streams.contract.published.prompts import Prompt
from streams.contract.schemas.examples import OUTCOME, PROMPT, PROMPT_WITHDRAWN
from streams.views.arm_board import ARMS_MAX, ArmBoard, rows


def prompt(number: int, arm: str) -> Prompt:
    """A prompt of its own."""
    return PROMPT.model_copy(update={"prompt_id": f"prompt-{number}", "arm": arm})


def outcome(number: int, arm: str, stage: str, reward: float = 0.0) -> Outcome:
    """A stage that it reached."""
    update = {"prompt_id": f"prompt-{number}", "arm": arm, "stage": stage, "reward": reward}
    return OUTCOME.model_copy(update=update)


PUBLISHED = st.lists(
    st.builds(prompt, st.integers(0, 5), st.sampled_from(["popular", "buy_again"]))
    | st.builds(
        outcome,
        st.integers(0, 5),
        st.just("popular"),
        st.sampled_from(STAGES),
        st.just(0.25),
    )
    | st.just(PROMPT_WITHDRAWN),
    max_size=20,
)


def test_arms_beyond_the_board_are_counted_and_shares_are_of_all() -> None:
    """Which have a row is a matter of who came first; how many have none is told."""
    board = ArmBoard()
    for number in range(2 * ARMS_MAX):
        board.add(outcome(number, f"arm-{number}", "shown"))

    assert ARMS_MAX == len(board.rows()) == board.others["shown"]
    assert {1 / (2 * ARMS_MAX)} == {row.share for row in board.rows()}


def test_an_arm_is_judged_by_what_its_impressions_earn() -> None:
    """Reward by impression: a prompt that nobody saw says nothing."""
    board = ArmBoard()
    for published in (
        prompt(1, "bought_together"),
        prompt(2, "bought_together"),
        prompt(3, "bought_together"),
        prompt(4, "popular"),
        outcome(1, "bought_together", "shown"),
        outcome(2, "bought_together", "shown"),
        outcome(1, "bought_together", "clicked", 0.1),
        outcome(1, "bought_together", "added", 0.4),
    ):
        board.add(published)
    best, other = board.rows()

    assert ("bought_together", 3, 0.75, 2, 1, 1) == (
        best.arm,
        best.pulls,
        best.share,
        best.shown,
        best.clicked,
        best.added,
    )
    assert 0.25 == best.reward_rate
    assert ("popular", 1, 0.25, None) == (other.arm, other.pulls, other.share, other.reward_rate)


@given(PUBLISHED)
def test_repeats_change_nothing(published: list[Prompt | Outcome]) -> None:
    """Workers publish at least once."""
    once, twice = ArmBoard(), ArmBoard()
    for one in published:
        once.add(one)
    for one in (*published, *published):
        twice.add(one)

    assert once.rows() == twice.rows()


@given(PUBLISHED, st.integers(0, 20))
def test_boards_of_several_workers_add_up(published: list[Prompt | Outcome], cut: int) -> None:
    """As if one had seen all (what one worker published, no other did)."""
    unique = list({(type(p), p.prompt_id, getattr(p, "stage", "")): p for p in published}.values())
    whole, left, right = ArmBoard(), ArmBoard(), ArmBoard()
    for number, one in enumerate(unique):
        whole.add(one)
        (left if number < cut else right).add(one)

    assert whole.rows() == rows([left.sums, right.sums])


def test_the_board_is_bounded() -> None:
    """Whatever names the topics hold."""
    board = ArmBoard(ids_max=10)
    for number in range(2 * ARMS_MAX):
        board.add(prompt(number, f"arm-{number}"))

    assert ARMS_MAX == len(board.rows())


def test_an_empty_board_has_no_rows() -> None:
    """And divides nothing by zero."""
    assert () == ArmBoard().rows()
