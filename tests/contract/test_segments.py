"""The merchant's segments: which names may be listed, and what is said of others."""

import pytest

from streams.cli.options import read_settings
from streams.contract.errors import Misconfigured
from streams.contract.events import segment_names
from streams.contract.settings import BUILT_IN_SEGMENTS, Settings


def test_names_may_stand_with_blanks_and_commas_too_many() -> None:
    """As people write lists."""
    assert {"club", "B2B-gold", "team_1"} == segment_names(
        Settings(segments="club, B2B-gold,team_1,")
    )
    assert set() == segment_names(Settings(segments=" "))


@pytest.mark.parametrize("segments", ["new;vip", "vip;", "club,vip gold", "a/b", "é", "x" * 33])
def test_what_is_no_name_is_refused(segments: str) -> None:
    """A list that is written otherwise would be one segment that nobody is in."""
    with pytest.raises(Misconfigured, match=r"GOESWITH_SEGMENTS: .*no name for a segment"):
        read_settings(segments=segments)


@pytest.mark.parametrize("name", BUILT_IN_SEGMENTS)
def test_a_built_in_word_cannot_be_a_segment(name: str) -> None:
    """Its shoppers would share a context with those who are in no segment."""
    with pytest.raises(Misconfigured, match=rf"'{name}'.* new and known are built in"):
        read_settings(segments=f"club,{name}")
