"""Two workers of one name: the older yields."""

from streams.worker.transport.membership import Membership


def joins(*times_and_generations: tuple[float, int]) -> list[bool]:
    """Whether the worker has to yield, each time that it joins."""
    ann = Membership("ann", session_timeout_s=10)
    return [ann.replaced(generation, now_s) for now_s, generation in times_and_generations]


def test_rebalances_are_no_reason_to_yield() -> None:
    """Each has a generation of its own, however many there are."""
    assert joins(*((60.0 * number, number) for number in range(9))) == [False] * 9


def test_the_older_yields_when_it_has_to_join_again_without_a_rebalance() -> None:
    """Somebody else joined under its name."""
    assert joins((0, 7), (100, 7)) == [False, True]


def test_the_younger_does_not_yield() -> None:
    """It is replaced once by the older, which is about to yield."""
    assert joins((0, 7), (2, 7), (4, 7)) == [False, False, False]


def test_two_that_go_on_replacing_each_other_yield_at_last() -> None:
    """Rather than answer everything twice for ever."""
    assert joins(*((float(second), 7) for second in range(0, 40, 10)))[-1] is False
    assert joins(*((float(second), 7) for second in range(0, 50, 10)))[-1] is True


def test_to_join_again_by_our_own_wish_is_no_sign_of_another() -> None:
    """Who leads the group gets another generation by it, anybody else the one that it was in."""
    ann = Membership("ann", session_timeout_s=10)
    ann.replaced(7, now_s=0)
    ann.joins_again()

    assert not ann.replaced(7, now_s=100)
    assert ann.replaced(7, now_s=200)
