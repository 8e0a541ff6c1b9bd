"""What people say goes with an item is what their controls say now, in the order of their names."""

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.curated import CuratedItems
from streams.shop.decision.catalog.curation import ABOUT_MAX, Curation

ITEMS = "bread", "phone"
KEYS = [f"curated.{name}" for name in "abc"]
SAID = st.one_of(
    st.none(),
    st.builds(
        lambda items, source: CuratedItems(items=tuple(items), source=source),
        st.lists(st.sampled_from(["jam", "bag", "case"]), min_size=1, max_size=3, unique=True),
        st.sampled_from(["merchant", "editors", "community"]),
    ),
)
STEPS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(ITEMS), SAID), max_size=12)
"""A control, the item that it is about, and what it says from now on; None: nothing any more."""
Steps = list[tuple[str, str, CuratedItems | None]]


def told(steps: Steps) -> tuple[Curation, dict[str, tuple[str, CuratedItems]]]:
    """What is curated after these steps, and the latest word of each control."""
    curation, plain = Curation(), dict[str, tuple[str, CuratedItems]]()
    for key, item, said in steps:
        if said is None:
            curation.take_out(key)
            plain.pop(key, None)
        else:
            curation.put(key, item, said)
            plain[key] = item, said
    return curation, plain


@given(STEPS)
def test_each_control_says_what_it_said_last_and_nothing_besides(steps: Steps) -> None:
    """Also where it was about another item before."""
    curation, plain = told(steps)
    for item in ITEMS:
        expected = [
            (other, said.source)
            for _, (about, said) in sorted(plain.items())
            for other in said.items
            if about == item
        ]
        assert expected == [*curation.of(item)]
        for other in ("jam", "bag", "case"):
            assert curation.says(item, other) == (other in dict(expected))
    assert len(plain) == len(curation)
    assert [key in plain for key in KEYS] == [key in curation for key in KEYS]


@given(STEPS)
def test_of_controls_that_are_taken_back_nothing_is_kept(steps: Steps) -> None:
    """One by one, or all at once."""
    curation, plain = told(steps)
    for key in plain:
        curation.take_out(key)
    assert vars(Curation()) == vars(curation)

    cleared, _ = told(steps)
    cleared.clear()
    assert vars(Curation()) == vars(cleared)


def test_only_so_many_controls_about_one_item_are_looked_at() -> None:
    """Those that come first by their names, whenever they came."""
    curation = Curation()
    for number in reversed(range(ABOUT_MAX + 1)):
        curation.put(f"curated.{number:02}", "bread", CuratedItems(items=(f"jam-{number:02}",)))

    assert [f"jam-{number:02}" for number in range(ABOUT_MAX)] == [
        item for item, _ in curation.of("bread")
    ]
