"""Log rate limiting for libraries: what repeats is logged once in a while, and counted.

A broker that is away for 40 s makes aiokafka write 34,000 lines. Each place in its code may speak
once in `every_s` seconds; its next line says how many were held back. The clients' debug calls are
switched off, too: they show each request, and so the password that one signs in with; aiokafka's
cost a tenth of a worker's CPU.
"""

import logging
from collections.abc import Sequence

LIBRARIES = ("aiokafka", "kafka")
"""kafka-python is loaded where checkpoints are in Kafka.

Not Faust's: its services all log from one line of code, and say little. But its timers do.
"""
TIMERS = "mode.timers"
EVERY_S = 10.0
ORDINARY = (
    "because it is rebalancing",
    "Not authorized to read from topic",
    "TransactionalIdAuthorizationFailedError",
)
"""Shown from level info on: what happens whenever a worker comes or goes; what we say better."""
STARTING = "GroupCoordinatorNotAvailableError"
"""Said by a new Kafka until it has made the topic of groups' offsets, which the first group asks
for: as ordinary, for the first `STARTING_S` seconds."""
STARTING_S = 30.0
EXPLAINED = {
    "is overlapping": "the event loop was busy, or Kafka slow to answer; it is caught up with by "
    "itself, and /healthz has loop_late_s",
    STARTING: "a new Kafka makes the topic of groups' offsets now; it is asked again",
    "Heartbeat failed": "the worker joins its group again by itself",
}
"""What a line means that its reader has not written."""


class RateLimitFilter(logging.Filter):
    """Lets each line of code speak once in `every_s` seconds.

    >>> baker = logging.getLogger("bakery")
    >>> oven = lambda second: baker.makeRecord(
    ...     "bakery", logging.WARNING, "oven.py", 7, "the oven is cold", (), None, extra={}
    ... )
    >>> def at(second):
    ...     line = oven(second)
    ...     line.created = second
    ...     return line
    >>> quiet = RateLimitFilter(10)
    >>> [quiet.filter(at(second)) for second in (0, 1, 2)]
    [True, False, False]
    >>> line = at(11)
    >>> quiet.filter(line), line.getMessage()
    (True, 'the oven is cold (2 like this were held back)')
    """

    def __init__(self, every_s: float = EVERY_S) -> None:
        super().__init__()
        self.every_s = every_s
        self._spoken: dict[tuple[str, int], tuple[float, int]] = {}
        self._starting_s = float("inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line may pass."""
        text = f"{record.msg} {record.args}"
        if self._is_ordinary(text, record.created) and logging.root.level > logging.INFO:
            return False
        place = record.pathname, record.lineno
        spoken_s, held_back = self._spoken.get(place, (float("-inf"), 0))
        if record.created - spoken_s < self.every_s:
            self._spoken[place] = spoken_s, held_back + 1
            return False
        self._spoken[place] = record.created, 0
        notes = [meaning for words, meaning in EXPLAINED.items() if words in text]
        if held_back:
            notes.append(f"{held_back} like this were held back")
        if notes:
            record.msg, record.args = f"{record.getMessage()} ({'; '.join(notes)})", ()
        return True

    def _is_ordinary(self, text: str, at_s: float) -> bool:
        if STARTING in text:
            self._starting_s = min(self._starting_s, at_s)
            return at_s - self._starting_s < STARTING_S
        return any(ordinary in text for ordinary in ORDINARY)


def limit_log_rate(libraries: Sequence[str] = LIBRARIES, every_s: float = EVERY_S) -> None:
    """Put the filter on every logger of these libraries, and switch their debug calls off."""
    quiet = RateLimitFilter(every_s)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        has_one = any(isinstance(filter_, RateLimitFilter) for filter_ in logger.filters)
        if (name.partition(".")[0] in libraries or name == TIMERS) and not has_one:
            logger.addFilter(quiet)
    for library in libraries:
        logging.getLogger(library).setLevel(logging.INFO)
