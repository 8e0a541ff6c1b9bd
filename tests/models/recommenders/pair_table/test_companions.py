"""Companions of several items at once are those of each of them."""

from hypothesis import given
from hypothesis import strategies as st

from models import CoOccurrence

MONDAY_S = 1_767_225_600
ITEMS = ["bread", "butter", "jam", "milk", "tea", "salt", "rice"]
BASKETS = st.lists(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=6, unique=True))


@given(BASKETS, st.lists(st.sampled_from([*ITEMS, "unknown"]), max_size=4))
def test_companions_in_arrays_are_the_meetings_of_each(
    baskets: list[list[str]], asked: list[str]
) -> None:
    """In the order of the items, and of the partners of each; the unknown one met nobody."""
    model = CoOccurrence(row_max=4)
    for basket in baskets:
        for place, item in enumerate(basket):
            model.learn_one(basket[:place], item, time_s=MONDAY_S)
    found = model.companions(asked)
    each = zip(*(column.tolist() for column in found[:-1]), strict=True)
    told = [(asked[place], found.names[number], *counts) for place, number, *counts in each]
    plain = [
        (main, item, together, of, model.seen(item))
        for main in asked
        for of, met in [model.meetings(main)]
        for item, together in met.items()
    ]

    assert plain == told
