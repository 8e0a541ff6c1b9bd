"""Titles for shoppers: the nearest language that there is, and always one if there is any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events.reference.titles import title_in

TAGS = st.sampled_from(["de", "de-AT", "de_CH", "EN", "en-GB", "ur", "pt-BR", "fi"])
TITLES = st.dictionaries(TAGS, st.text(min_size=1, max_size=5), max_size=5)
ANY = st.none() | TAGS | st.text(max_size=6)


@pytest.mark.parametrize(
    ("locales", "title"),
    [
        (["de-AT"], "Semmel"),
        (["de_at"], "Semmel"),
        (["de-CH"], "Broetchen"),
        (["de"], "Broetchen"),
        (["DE"], "Broetchen"),
        (["pt"], "Pao"),
        (["pt-PT"], "Pao"),
        (["fi", "pt"], "Pao"),
        ([None, "fi"], "Roll"),
        ([], "Roll"),
        (["", "-"], "Roll"),
    ],
)
def test_the_nearest_title_is_taken(locales: list[str | None], title: str) -> None:
    """The very tag, its language, one of its language, the next locale, English."""
    titles = {"pt-BR": "Pao", "de": "Broetchen", "de-AT": "Semmel", "en-GB": "Roll"}

    assert title == title_in(titles, locales)


@given(titles=TITLES, locales=st.lists(ANY, max_size=3))
def test_there_is_a_title_if_there_is_any(
    titles: dict[str, str], locales: list[str | None]
) -> None:
    """Whatever is asked for; and never one that nobody gave."""
    found = title_in(titles, locales)

    assert (found is None) == (not titles)
    assert found is None or found in titles.values()
