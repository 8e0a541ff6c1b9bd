"""Rate limits: exact, by name, and in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from streams.storefront.gateway.access.rates import MINUTE_MS, RateLimit

PAUSES = st.lists(st.integers(0, 30_000), max_size=60)


@given(PAUSES, st.integers(1, 20))
def test_no_minute_has_more_than_twice_the_rate(pauses_ms: list[int], a_minute: int) -> None:
    """A full bucket and what flows in meanwhile; in the long run the rate itself."""
    rate, now_ms, taken = RateLimit(a_minute), 0, []
    for pause_ms in pauses_ms:
        now_ms += pause_ms
        if not rate.take("ann", now_ms):
            taken.append(now_ms)
    for at_ms in taken:
        assert len([1 for t in taken if at_ms <= t < at_ms + MINUTE_MS]) <= 2 * a_minute
    assert len(taken) <= a_minute * (1 + now_ms / MINUTE_MS) + 1e-6


@given(PAUSES, st.integers(1, 20))
def test_who_waits_as_long_as_told_is_taken(pauses_ms: list[int], a_minute: int) -> None:
    """And a refusal costs nothing."""
    rate, now_ms = RateLimit(a_minute), 0
    for pause_ms in pauses_ms:
        now_ms += pause_ms
        if again_s := rate.take("ann", now_ms):
            assert again_s == rate.take("ann", now_ms)
            now_ms += again_s * 1000
            assert 0 == rate.take("ann", now_ms)


def test_memory_is_bounded() -> None:
    """Who was quiet for longest leaves first."""
    rate = RateLimit(a_minute=1, names_max=2)
    for name in ("ann", "bob", "eve"):
        assert 0 == rate.take(name, 0)
    assert rate.take("eve", 0)
    assert rate.take("bob", 0)
    assert 0 == rate.take("ann", 0)
