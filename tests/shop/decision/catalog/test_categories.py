"""By its category an item is judged only where the category is narrow, as things are now."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.decision.catalog.categories import NARROW_MAX, SHARE_MAX, Categories

STEP = NARROW_MAX // 2
"""Items that come, go or move at once: two steps are just narrow, three are not."""
STEPS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([*"abcdef", None])), min_size=8, max_size=24
)
"""Which items, and their category from now on; None: nothing is known of them any more."""


def filled(steps: list[tuple[int, str | None]]) -> tuple[Categories, dict[str, str]]:
    """Categories after these steps, and each item's latest category in a plain dictionary."""
    categories, plain = Categories(), dict[str, str]()
    for items, kind in steps:
        for number in range(items * STEP, (items + 1) * STEP):
            item = f"item-{number}"
            if kind is None:
                categories.take_out(item)
                plain.pop(item, None)
            else:
                assert categories.put(item, kind)
                plain[item] = kind
    return categories, plain


@given(STEPS)
def test_a_category_says_something_unless_it_holds_too_many_items_and_too_large_a_share(
    steps: list[tuple[int, str | None]],
) -> None:
    """Of the items as they are now: one that moves counts where it is, and nowhere else."""
    categories, plain = filled(steps)
    sizes = Counter(plain.values())
    wide = {
        kind
        for kind, size in sizes.items()
        if size > NARROW_MAX and size > SHARE_MAX * sizes.total()
    }

    assert (len(plain), len(wide)) == (len(categories), categories.ignored)
    for item, kind in plain.items():
        assert (None if kind in wide else kind) == categories.of(item)


@given(STEPS)
def test_of_items_that_are_gone_nothing_is_kept(steps: list[tuple[int, str | None]]) -> None:
    """Not even the names of their categories: a shop that renames them daily fills no memory."""
    categories, plain = filled(steps)
    for item in plain:
        categories.take_out(item)
    assert vars(Categories()) == vars(categories)

    cleared, _ = filled(steps)
    cleared.clear()
    assert vars(Categories()) == vars(cleared)


def test_an_item_that_changes_its_category_needs_no_more_room() -> None:
    """Where there is none for another item."""
    categories = Categories(items_max=1)

    assert categories.put("tie", "ties")
    assert categories.put("tie", "gifts")
    assert not categories.put("shirt", "shirts")
    assert ("gifts", None) == (categories.of("tie"), categories.of("shirt"))


@pytest.mark.parametrize(("others", "said"), [(3, "ties"), (2, None)])
def test_a_category_of_just_the_largest_share_says_something(others: int, said: str | None) -> None:
    """A quarter of all items is no more than a quarter; a third is."""
    categories = Categories()
    for number in range(2 * NARROW_MAX):
        for kind in ("ties", *(f"others {number % 9} {other}" for other in range(others))):
            assert categories.put(f"{kind} {number}", kind)

    assert SHARE_MAX == 0.25
    assert said == categories.of("ties 0")
