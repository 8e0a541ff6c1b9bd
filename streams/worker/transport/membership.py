"""Static group membership: whether another worker has taken our name in the group.

Workers are static members: the group knows them by name, and whoever joins under a name replaces
the one before, without a rebalance. Two workers of one name would replace each other every second
and answer everything twice. The broker does not tell (aiokafka's heartbeat does not say its name),
but there is a sign: who has to join again and finds the group in the generation that it was in, was
not given up for dead: it was replaced.

Who starts again under its name gets back what it had, without a rebalance: nothing, if the topic
was just gone when it was given; too little, if partitions came since. Nobody would answer for the
rest until another worker comes or goes. So once a worker has joined, it looks whether each
partition has an owner (`unowned`), and if one has none, it joins again: the leader of the group
then hands all of them out anew (Kafka heeds nobody else who joins with nothing new).
"""

from collections.abc import Collection, Iterable

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

OLD_AFTER_TIMEOUTS = 3
"""The older of two yields; who joined less than so many session timeouts ago is not the older."""


class Membership:
    """The generations of the group that one worker has joined.

    >>> ann = Membership("ann", session_timeout_s=10)
    >>> ann.replaced(generation=4, now_s=0)  # joined
    False
    >>> ann.replaced(generation=5, now_s=60)  # a rebalance, as there are many
    False
    >>> ann.replaced(generation=5, now_s=70)  # joined again, but there was no rebalance
    True
    """

    def __init__(self, name: str, session_timeout_s: float) -> None:
        self.name = name
        self._old_after_s = OLD_AFTER_TIMEOUTS * session_timeout_s
        self._joined_s: float | None = None
        self._generation: int | None = None

    def joins_again(self) -> None:
        """It is our own wish to join again: to find the same generation is no sign of another."""
        self._generation = None

    def replaced(self, generation: int, now_s: float) -> bool:
        """Note that the worker has joined; true if it must yield to another of its name."""
        again, self._generation = generation == self._generation, generation
        if self._joined_s is None:
            self._joined_s = now_s
        return again and now_s - self._joined_s > self._old_after_s


def unowned(topic: str, partitions: Collection[int], assignments: Iterable[bytes]) -> set[int]:
    """The partitions of a topic that no member of the group has, by what each was assigned.

    >>> bread = ConsumerProtocolMemberAssignment(0, [("bread", [0, 2])], b"")
    >>> unowned("bread", {0, 1, 2}, [bread.encode(), b""])
    {1}
    """
    told = [ConsumerProtocolMemberAssignment.decode(each) for each in assignments if each]
    owned = [numbers for each in told for name, numbers in each.assignment if name == topic]
    return set(partitions).difference(*owned)


def assignment_change(before: Collection[int], after: Collection[int]) -> str:
    """What a rebalance has changed for a worker, for its log; nothing where nothing has.

    >>> assignment_change((), (0, 2))
    'took partitions 0, 2'
    >>> assignment_change((0, 1, 2), (2,))
    'gave up partitions 0, 1; has 2'
    >>> assignment_change((0,), (0,))
    ''
    """
    said = []
    for verb, numbers in (("took", {*after} - {*before}), ("gave up", {*before} - {*after})):
        if numbers:
            said.append(f"{verb} {listed(numbers)}")
    if said and before:
        said.append(f"has {_numbers(after)}")
    return "; ".join(said)


def listed(numbers: Collection[int]) -> str:
    """Some partitions, in words.

    >>> listed({1, 0})
    'partitions 0, 1'
    """
    return f"partition{'s' * (len(numbers) > 1)} {_numbers(numbers)}"


def _numbers(numbers: Collection[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"
