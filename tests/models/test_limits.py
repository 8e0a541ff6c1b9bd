"""What models refuse to be made with, and what they do not keep."""

from collections.abc import Callable

import pytest

from models import LinearThompsonSampling, ThompsonSampling
from models.bandit.choice import OUTPUTS_MAX, PolicyOutput, PolicyOutputCache
from models.bandit.delayed_rewards import WINDOW_S_MAX
from models.bandit.propensity import NO_LIMITS
from models.decay.eviction import lightest, slab


def test_outputs_are_kept_for_few_questions_at_once() -> None:
    """A worker that is asked for days keeps no more of them."""
    outputs = PolicyOutputCache()
    for second in range(3 * OUTPUTS_MAX):
        outputs.get((("popular",), "basket", second, NO_LIMITS), lambda *_: PolicyOutput({}, {}))
        assert len(outputs._outputs) <= OUTPUTS_MAX


def test_what_is_asked_again_is_not_worked_out_again() -> None:
    """Until something is learned: decisions of one second in two contexts, in turn."""
    outputs, worked_out = PolicyOutputCache(), list[str]()

    def compute(_arms: tuple[str, ...], context: str, *_: object) -> PolicyOutput:
        worked_out.append(context)
        return PolicyOutput({}, {})

    for context in ("basket", "page", "basket", "page"):
        outputs.get((("popular",), context, 7, NO_LIMITS), compute)
    assert ["basket", "page"] == worked_out

    outputs.forget()
    outputs.get((("popular",), "basket", 7, NO_LIMITS), compute)
    assert ["basket", "page", "basket"] == worked_out


def test_a_policy_knows_its_modes() -> None:
    """Another word is an error, with those that there are."""
    with pytest.raises(ValueError, match="identify"):
        ThompsonSampling(mode="worst")  # type: ignore[arg-type]


@pytest.mark.parametrize("prior_mean", [0.0, 1.0, 1.5])
def test_a_prior_mean_is_neither_never_nor_always(prior_mean: float) -> None:
    """Nothing could be learned after that."""
    with pytest.raises(ValueError, match="prior_mean"):
        ThompsonSampling(prior_mean=prior_mean)


def test_of_a_small_table_all_may_go_and_nothing_has_to() -> None:
    """Whatever is asked for."""
    assert {"bread", "jam"} == set(lightest({"bread": 7, "jam": 1}, 5))
    assert {"bread", "jam"} == set(lightest({"bread": 7, "jam": 1}, 2))
    assert [] == lightest({"bread": 7, "jam": 1}, 0)


@pytest.mark.parametrize("name", ["width", "arm_spread", "factor_spread", "shared_spread"])
def test_the_spreads_of_a_line_have_limits(name: str) -> None:
    """Each is named in its error."""
    with pytest.raises(ValueError, match=name):
        LinearThompsonSampling(**{name: 0.0})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["prior_strength", "arm_strength", "cell_strength"])
@pytest.mark.parametrize("value", [0.0, -1.0, 1e12])
def test_strengths_have_limits(name: str, value: float) -> None:
    """Each is named in its error."""
    with pytest.raises(ValueError, match=name):
        ThompsonSampling(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("floor", 0.0, 1.0),
        ("settle_s", 0.0, WINDOW_S_MAX),
        ("window_s", 1.0, WINDOW_S_MAX),
        ("arms_max", 1, 1 << 40),
        ("contexts_max", 1, 1 << 40),
    ],
)
def test_a_limit_itself_is_within(name: str, least: float, most: float) -> None:
    """And what is a little below the least is refused, as is what is above the most there is."""
    make: Callable[..., object] = ThompsonSampling
    for value in (least, most):
        assert value == getattr(make(**{name: value}), name)
    for value in (least - 0.5, most + 0.1):
        if value < 1 << 40:
            with pytest.raises(ValueError, match=name):
                make(**{name: value})


@pytest.mark.parametrize(("number", "gone"), [(1, {"d"}), (2, {"c", "d"}), (3, {"b", "c", "d"})])
def test_of_equal_weights_the_last_in_the_alphabet_leave_first(number: int, gone: set[str]) -> None:
    """So that it is the same on every worker."""
    totals = {"d": 1, "a": 2, "c": 1, "b": 1}

    assert gone == set(lightest(totals, number))
    assert number == len(lightest(totals, number))


def test_what_leaves_at_once_is_a_sixteenth_and_one_at_least() -> None:
    """A table of one row, too, can make room."""
    assert [1, 1, 1, 1, 2, 64] == [slab(size) for size in (1, 15, 16, 31, 32, 1_024)]
