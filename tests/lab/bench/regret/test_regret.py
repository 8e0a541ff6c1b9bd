"""The benchmark of regret: its worlds, its players, and what it says of them."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from streams.lab.bench.regret import regret
from streams.lab.bench.regret.players import PolicyPlayer, Textbook, plain_policy, regret_when_late
from streams.lab.bench.regret.regret_report import section
from streams.lab.bench.regret.worlds import (
    EIGHT_ARMS,
    EQUALLY_LATE,
    TEN_ARMS,
    contextual,
    plain,
    swinging,
)


def test_the_same_seed_is_the_same_world() -> None:
    """Whoever plays in it."""
    assert (contextual(3, 200).rates == contextual(3, 200).rates).all()
    assert (contextual(3, 200).moods == contextual(3, 200).moods).all()
    assert not (contextual(3, 200).moods == contextual(4, 200).moods).all()


def test_whoever_always_takes_the_best_arm_regrets_nothing() -> None:
    """And whoever takes the worst regrets the difference, each time."""

    class Stubborn:
        """Always this arm."""

        def __init__(self, arm: int) -> None:
            self.arm = arm

        def choose(self, context: object) -> int:
            """It."""
            return self.arm

        def paid(self, context: object, arm: int, reward: bool) -> None:
            """Whatever it earns."""

    assert 0.0 == plain(TEN_ARMS, 1, 100).play(Stubborn(0))
    assert plain(TEN_ARMS, 1, 100).play(Stubborn(9)) == pytest.approx(100 * 0.09)


def test_our_policy_is_no_worse_than_the_textbooks() -> None:
    """Ten arms, 2,000 decisions, seeds 0 to 5: below 1.5 times, where 1.05 is wanted of 100 seeds.

    A run's regret is some 40 with a standard deviation of 10, so that of the mean is 4.
    """
    ours = [plain(TEN_ARMS, s, 2_000).play(PolicyPlayer(plain_policy(), 10, s)) for s in range(6)]
    textbook = [plain(TEN_ARMS, s, 2_000).play(Textbook(10, s)) for s in range(6)]

    assert sum(ours) < 1.5 * sum(textbook)


def test_waiting_for_the_end_of_the_window_regrets_more() -> None:
    """Late conversions, 6,000 decisions, seeds 0 and 1: four fifths at most, some two measured."""
    hurried, strict = (
        sum(regret_when_late(EQUALLY_LATE, s, strict=way, horizon=6_000) for s in range(2))
        for way in (False, True)
    )

    assert hurried < 0.9 * strict


@pytest.mark.parametrize("shape", ["weekends", "wave"])
def test_a_swing_that_all_arms_share_costs_no_regret(shape: str) -> None:
    """10,000 decisions, seeds 0 to 3: 5 % more at most than of a policy that looks for no change.

    Where nothing is taken for a change both choose alike, so that their regrets are the same.
    """
    ours, blind = (
        sum(regret.swing(shape, s, 10_000, blind=way) for s in range(4)) for way in (False, True)
    )

    assert ours <= 1.05 * blind


def test_a_swing_is_one_of_all_arms() -> None:
    """By two fifths, and of nothing else: the same shoppers as in a world that does not swing."""
    calm = plain(EIGHT_ARMS, 1, 7_000)
    for shape in ("weekends", "wave"):
        world = swinging(shape, 1, 7_000)
        factors = world.rates / calm.rates

        assert (world.moods == calm.moods).all()
        assert factors == pytest.approx(np.broadcast_to(factors[:, :1], factors.shape))
        assert factors.min() == pytest.approx(0.6, abs=0.001)


def test_a_missed_bound_is_said_so() -> None:
    """As loudly as one that was reached."""
    regrets = [("drift", 0, 80.0), ("drift_undecayed", 0, 100.0)]
    figures = regret.judged(regrets)

    assert {"value": 0.8, "bound": 0.75, "holds": False} == figures["drift_of_undecayed"]._asdict()
    assert any("| 0.800 | 0.75 | MISSED |" in line for line in section(regrets, figures))


def test_without_its_peers_it_says_which_command_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is played."""
    monkeypatch.chdir(tmp_path)
    from streams.cli.root import goeswith  # noqa: PLC0415

    done = CliRunner().invoke(goeswith, ["bench", "regret", "--json"])

    assert 2 == done.exit_code
    assert "run `make peers`" in done.output


def test_every_line_of_the_benchmark_names_two_games() -> None:
    """And every game has a label, is played, and serves a line."""
    named = {game for line in regret.LINES.values() for game in line[:2]}

    assert set(regret.GAMES) == named
    assert 2 == regret.seeds_of("context", 2)
