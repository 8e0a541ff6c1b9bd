"""The board and the evidence of `goeswith arms`, read from a log that is held in memory."""

import io
import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from rich.console import Console, RenderableType

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.errors import Misconfigured
from streams.contract.published.outcomes import AnyOutcome, Outcome, Unmatched
from streams.contract.schemas.examples import OUTCOME, PROMPT, SHOWN, UNIT_OUTCOMES
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.arms import BoardReader, board_table, since_minutes_ago_ms
from streams.experiments.evidence.quiet_log import QUIET_EVERY_S
from streams.experiments.impressions import Trials
from streams.experiments.off_policy.off_policy import trials_of_log
from streams.experiments.open_prompts import QuietTime

SETTINGS = Settings()
NEXT_DAY_MS = SHOWN.occurred_at_ms + 86_400_000


class Log(LogReader):
    """The outcomes topic, of one partition."""

    def __init__(self, outcomes: list[bytes]) -> None:
        self.records = outcomes
        super().__init__(None, [Partition(SETTINGS.topics.outcomes, 0)], SETTINGS)

    def begins(self) -> dict[Partition, int]:
        """From the start."""
        return dict.fromkeys(self.partitions, 0)

    def ends(self) -> dict[Partition, int]:
        """All there is."""
        return dict.fromkeys(self.partitions, len(self.records))

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """In order."""
        for at in begins:
            for offset in range(begins[at], ends[at]):
                yield RawRecord(at, offset, 0, None, self.records[offset], [])


def outcome(number: int, stage: str, reward: float = 0.0) -> Outcome:
    """A stage that it reached."""
    update = {"prompt_id": f"prompt-{number}", "stage": stage, "reward": reward}
    return (SHOWN if stage == "shown" else OUTCOME).model_copy(update=update)


def read(outcomes: Sequence[AnyOutcome], **more: Any) -> BoardReader:
    """What the command makes of them."""
    log = Log([one.to_json() for one in outcomes])
    board = BoardReader(SETTINGS, log, None, settle_s=0, **more)
    board.catch_up()
    return board


def shown(what: RenderableType, columns: int) -> str:
    """As a terminal of so many columns has it."""
    text = io.StringIO()
    Console(file=text, width=columns).print(what)
    return text.getvalue()


def test_what_is_published_again_as_a_block_is_counted_once() -> None:
    """Longer than what a reader remembers of ids: 120,000 outcomes, and all of them again."""
    many = 120_000
    outcomes = [outcome(n, "shown") for n in range(many)]
    board = read(outcomes * 2)

    assert many == board.json()["arms"][0]["shown"]
    assert many == board.json()["evidence"]["repeats"]
    assert "120,000 records dropped: published before" in shown(board.table(), 100)


def test_rewards_that_cannot_be_are_shown_and_not_summed() -> None:
    """A number that is none, a reward of -5 and one of a billion."""
    wrong = [outcome(n, "bought", r) for n, r in enumerate((math.inf, -5.0, 1e9))]
    first = outcome(0, "shown").to_json()
    log = Log([first, *(one.to_json() for one in wrong)])
    log.records.append(first.replace(b'"reward":0.0', b'"reward":NaN'))
    board = BoardReader(SETTINGS, log, None)
    board.catch_up()
    (row,) = board.json()["arms"]

    assert (0.0, 1, 0) == (row["reward"], row["shown"], row["bought"])
    told = board.json()["evidence"]
    assert 4 == told["impossible"] + told["unreadable"]
    assert "records dropped: rewards or propensities that cannot be" in shown(board.table(), 100)


def test_outcomes_alone_are_evidence() -> None:
    """Whatever the prompts topic has forgotten, all that outcomes tell counts; units do not."""
    outcomes = [outcome(n, "shown") for n in range(1_500)]
    later = SHOWN.occurred_at_ms + 1
    last = SHOWN.model_copy(update={"prompt_id": "last", "occurred_at_ms": later})
    told = read([*outcomes, *UNIT_OUTCOMES, last]).json()

    assert (0, 0) == (told["evidence"]["without_propensities"], told["unreadable"])
    assert 1_500 <= sum(arm["drawn"] for arm in told["evidence"]["arms"])
    assert [(PROMPT.arm, 1_501, 1.0)] == [
        (row["arm"], row["shown"], row["share"]) for row in told["arms"]
    ]


def test_impressions_settle_while_the_shop_is_quiet() -> None:
    """By the asker's clock, as far as nothing is under way; not where nobody knows that."""
    log = Log([outcome(n, "shown").to_json() for n in range(40)])
    shown_ms = SHOWN.occurred_at_ms
    soon, later = (QuietTime(shown_ms, shown_ms + wait_ms) for wait_ms in (599_000, 600_000))
    told = {}
    for name, quiet in {"unknown": QuietTime(), "soon": soon, "later": later}.items():
        board = BoardReader(SETTINGS, log, None, quiet=partial(QuietTime, *quiet))
        board.catch_up()
        told[name] = board.json()["evidence"]["pending"]

    assert {"unknown": 40, "soon": 40, "later": 0} == told


def test_how_long_nothing_has_come_is_asked_now_and_then() -> None:
    """Each time opens two clients; what has settled in between stays settled."""
    asked, looks = [], iter([0.0, 2.0, QUIET_EVERY_S - 1, QUIET_EVERY_S, QUIET_EVERY_S + 2])

    def quiet() -> QuietTime:
        asked.append(len(pending))
        shown_ms = SHOWN.occurred_at_ms
        return QuietTime(shown_ms, shown_ms + 600_000) if len(asked) > 1 else QuietTime()

    log = Log([outcome(n, "shown").to_json() for n in range(40)])
    board = BoardReader(SETTINGS, log, None, quiet=quiet, clock_s=lambda: next(looks))
    pending: list[int] = []
    for _ in range(5):
        board.catch_up()
        pending.append(board.json()["evidence"]["pending"])

    assert [0, 3] == asked
    assert [40, 40, 40, 0, 0] == pending


@pytest.mark.parametrize("minutes", [30_000_000.0, 1e30, 1.7e308])
def test_since_before_1970_is_since_1970(minutes: float) -> None:
    """Kafka knows no time before it, and no larger number: all that the log holds."""
    assert 0 == since_minutes_ago_ms(1_767_225_600.0, minutes)


def test_what_there_is_to_compare_with_is_listed() -> None:
    """An arm that nobody has heard of is refused; one of ours may be missing from the log."""
    with pytest.raises(Misconfigured, match="no such arm; there are accessories, best_fit, "):
        read([], against="nosuch").check_against()

    read([], against="buy_again").check_against()


@pytest.mark.parametrize("columns", [80, 60])
def test_the_board_keeps_names_whole_in_a_narrow_terminal(columns: int) -> None:
    """Two rates have two names and their units are said."""
    board = read([outcome(1, "shown"), outcome(1, "added", 0.5)])
    lines = shown(board_table(board.board.rows()), columns).splitlines()

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    assert any(PROMPT.arm == line for line in lines)
    assert any("reward so far: 0.5000" in line for line in lines)


def test_what_came_back_elsewhere_is_in_what_happened_and_comes_off_the_evidence() -> None:
    """The board's title says so."""
    sold = {"item_id": "jam", "quantity": 1, "order_id": "o-7"}
    bought = outcome(1, "bought", 1.0).model_copy(update=sold)
    back = Unmatched(
        session_id="office",
        caused_by="e",
        occurred_at_ms=bought.occurred_at_ms,
        order_id="o-7",
        items=0,
        quantity=0,
    )
    later = outcome(2, "clicked").model_copy(update={"occurred_at_ms": NEXT_DAY_MS})
    log = Log([one.to_json() for one in (outcome(1, "shown"), bought, back, later)])
    board, without = BoardReader(SETTINGS, log, None), ArmEstimates(SETTINGS.arm_floor)
    board.catch_up()
    settled = trials_of_log(log, Trials())
    without.add(settled)
    title = " ".join(shown(board.table(), 80).split())

    assert (1.0, 0) == tuple(board.json()["arms"][0][name] for name in ("reward", "returned"))
    assert [0.0] == [trial.reward for trial in settled]
    assert without.rows() == board.evidence.rows()
    assert "by now, luck and what came back elsewhere included)" in title


def test_what_was_drawn_below_the_floor_is_named_and_arms_without_a_row_are_counted() -> None:
    """Two hundred arms at .005: all is settled, and nothing of it is evidence."""
    chances = {f"arm-{arm}": 0.005 for arm in range(200)}
    drawn = {"propensity": 0.005, "propensities": chances, "estimates": None}
    told = [
        outcome(n, "shown").model_copy(update=drawn | {"arm": f"arm-{n % 200}"}) for n in range(400)
    ]
    board = read(told)
    said, lines = board.json(), " ".join(shown(board.table(), 100).split())

    assert "400 impressions were drawn below the floor of .05 (GOESWITH_ARM_FLOOR): no" in lines
    assert "nothing is settled" not in lines
    assert 400 == said["evidence"]["below_floor"]
    assert "others: 200 impressions were of more arms than the 100 that have a row" in lines
    assert {"shown": 200} == said["others"]
    assert pytest.approx(0.5) == sum(row["share"] for row in said["arms"])


def test_a_log_without_prompts_is_said_and_no_table_is_empty() -> None:
    """Neither of what happened, nor of what follows."""
    lines = shown(read([]).table(), 80)

    assert "no prompt has been shown yet" in lines
    assert "too early to say which arm is best: nothing is settled yet" in " ".join(lines.split())
    assert not any(bar in lines for bar in "┃│")
