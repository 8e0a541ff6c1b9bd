"""Ids in order are a set that is read in its order, however many there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.decision.catalog import sorted_ids
from streams.shop.decision.catalog.sorted_ids import CHUNK_MAX, SortedIds

CHANGES = st.lists(st.tuples(st.booleans(), st.text("abc", max_size=3)), max_size=60)


@given(CHANGES)
def test_it_is_a_set_in_order(changes: list[tuple[bool, str]]) -> None:
    """Whatever comes and goes, twice or never."""
    ids, known = SortedIds(), set[str]()
    for comes, item_id in changes:
        (ids.add if comes else ids.discard)(item_id)
        (known.add if comes else known.discard)(item_id)
        assert (sorted(known), len(known)) == ([*ids], len(ids))
        assert (item_id in known) == (item_id in ids)


@pytest.mark.parametrize("step", [1, -1, 7], ids=["upwards", "downwards", "mixed"])
def test_many_are_kept_in_short_lists(step: int) -> None:
    """So one more moves few of them; and those that go leave nothing behind."""
    count = 5 * CHUNK_MAX + 3
    names = [f"{number * step % count:06}" for number in range(count)]
    ids = SortedIds()
    for name in names:
        ids.add(name)

    assert sorted(names) == [*ids]
    assert max(map(len, ids._chunks)) <= sorted_ids.CHUNK_MAX
    for name in names[: count // 2]:
        ids.discard(name)
    assert sorted(names[count // 2 :]) == [*ids]
    for name in names:
        ids.discard(name)
    assert (0, []) == (len(ids), ids._chunks)


def test_a_list_is_halved_when_it_has_one_too_many() -> None:
    """So lists are neither long nor very many."""
    ids = SortedIds()
    for number in range(CHUNK_MAX):
        ids.add(f"{number:06}")
    assert [CHUNK_MAX] == [*map(len, ids._chunks)]

    ids.add("more")
    assert [CHUNK_MAX // 2, CHUNK_MAX // 2 + 1] == [*map(len, ids._chunks)]
