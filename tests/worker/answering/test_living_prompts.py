"""Living prompts are found by item, whenever somebody asks first."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.answering.living_prompts import LivingPrompt, LivingPrompts

ITEMS = st.lists(st.sampled_from(["bread", "butter", "jam", "tea"]), min_size=1, max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "drop", "expire"]), st.integers(0, 9), ITEMS))


@given(STEPS, st.integers(0, 30), st.integers(1, 6))
def test_who_is_asked_late_finds_what_who_was_asked_at_once_finds(
    steps: list[tuple[str, int, list[str]]], asked_at: int, prompts_max: int
) -> None:
    """Where nobody asks by item, no index is kept; it is made by the first question."""
    asked, late = LivingPrompts(prompts_max), LivingPrompts(prompts_max)
    assert not asked.offering("bread")
    for number, (what, which, items) in enumerate(steps):
        for living in (asked, late):
            if what == "add":
                living.add(LivingPrompt(f"p{which}", "ann", 0, number + 5, tuple(items)))
            elif what == "drop":
                living.drop(f"p{which}")
            else:
                living.expire(number)
        if number >= asked_at:
            assert_alike(asked, late)
    assert_alike(asked, late)


def assert_alike(asked: LivingPrompts, late: LivingPrompts) -> None:
    """Both know the same prompts, find them by the same items, and find no others."""
    assert [*asked] == [*late]
    for item in ("bread", "butter", "jam", "tea"):
        plain = [one.prompt_id for one in late if item in one.items]
        assert plain == [*asked.offering(item)] == [*late.offering(item)]
