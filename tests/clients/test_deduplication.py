"""The bounded memory of ids."""

from streams.clients.deduplication import SeenIds


def test_the_memory_is_bounded_and_keeps_the_latest() -> None:
    """Repeats follow closely, so the ids seen longest ago may be forgotten."""
    seen = SeenIds(ids_max=2)
    answers = [seen.before(one) for one in ("bread", "butter", "bread", "jam", "butter", "jam")]

    assert [False, False, True, False, False, True] == answers
