"""How sessions of the mall begin, and how a visitor goes on under another session id."""

import random
from collections.abc import Callable

from streams.lab.bench.stage.tape import partition_of
from streams.lab.chaos.shoppers.kinds import Tally
from streams.lab.chaos.shoppers.voice import Voice

VISIT = "visit-"
"""Sessions of the mall begin with it: others have clocks of their own."""
SHARE_BESIDE = 0.6
"""Of the sessions that go on from another one, those on its partition."""


class Renewals:
    """Begins sessions, and counts what is made of each kind."""

    def __init__(
        self, dice: random.Random, sent: Tally, partitions: int, now_ms: Callable[[], int]
    ) -> None:
        self._dice = dice
        self._now_ms = now_ms
        self._sent = sent
        self._partitions = partitions

    def begun(self, visitor_id: str | None) -> Voice:
        """The first session of a visitor."""
        return self._voice(self._name(), visitor_id)

    def renewed(self, before: Voice) -> Voice:
        """The same visitor's next session: beside that one, or on another partition."""
        at, beside = self._at(before.session_id), self._dice.random() < SHARE_BESIDE
        name = self._name()
        while beside != (self._at(name) == at):
            name = self._name()
        self._sent.note("new_session_beside" if beside else "new_session")
        voice = self._voice(name, before.visitor_id)
        voice.shopper_id, voice.consent = before.shopper_id, before.consent
        return voice

    def beside(self, one: Voice, other: Voice) -> bool:
        """Whether two sessions are on one partition."""
        return self._at(one.session_id) == self._at(other.session_id)

    def _voice(self, name: str, visitor_id: str | None) -> Voice:
        voice = Voice(name, self._dice, self._now_ms, visitor_id)
        if voice.device.kind:
            self._sent.note(voice.device.kind)
        return voice

    def _name(self) -> str:
        return f"{VISIT}{self._dice.getrandbits(48):012x}"

    def _at(self, session_id: str) -> int:
        return partition_of(session_id, self._partitions)
