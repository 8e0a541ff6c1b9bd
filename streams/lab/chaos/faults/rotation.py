"""Rotation of the receipt secret by the handbook's order, in the midst of everything else.

```
round 1   old,new     worker by worker: all can open what the new one will seal
round 2   new,old     worker by worker: prompts are sealed with the new one
```

A round begins when the one before it is finished on all workers. Between two workers a fault
strikes, so the crew is of two minds for a while. (Round 3, the new one alone, comes when the log
holds no receipt of the old one any more: not in a verdict.)
"""

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import SecretStr

from streams.contract.settings import Settings

ROUNDS = 2
SECRET_BYTES = 32


class RotatedWorker(Protocol):
    """A worker that can be given other settings."""

    @property
    def settings(self) -> Settings:
        """Those that it has."""

    def change(self, **settings: Any) -> None:
        """Restart it in order, with other settings."""


class RotatedCrew(Protocol):
    """All workers, and those to come."""

    @property
    def workers(self) -> Mapping[str, RotatedWorker]:
        """Those that are there, by name."""

    def change(self, **settings: Any) -> None:
        """Whoever joins from now on has these settings."""


class Rotation:
    """Takes a crew through both rounds, one worker at a time; `over` is how many faults there are.

    The first round begins after a quarter of them, the second after a half.
    """

    def __init__(self, crew: RotatedCrew, old: SecretStr, over: int) -> None:
        new = secrets.token_urlsafe(SECRET_BYTES)
        self._crew = crew
        self._rounds = [f"{old.get_secret_value()},{new}", f"{new},{old.get_secret_value()}"]
        self._begins = [over // 4, over // 2]
        self._waiting: list[str] = []
        self.begun = 0
        """How many rounds have begun."""

    @property
    def secret(self) -> SecretStr:
        """Both secrets, as the last round has them: who has them reads every receipt."""
        return SecretStr(self._rounds[-1])

    @property
    def done(self) -> int:
        """How many rounds are finished on all workers."""
        return self.begun - bool(self._waiting)

    def step(self, number: int) -> None:
        """One worker is restarted with the secrets of this round, if it is time for that."""
        if not self._waiting and self.begun < ROUNDS and number >= self._begins[self.begun]:
            self._crew.change(receipt_secret=SecretStr(self._rounds[self.begun]))
            self._waiting = list(self._crew.workers)
            self.begun += 1
        while self._waiting:
            worker = self._crew.workers.get(self._waiting.pop(0))
            if worker is not None and self._lacks(worker):
                worker.change(receipt_secret=SecretStr(self._rounds[self.begun - 1]))
                return

    def finish(self) -> None:
        """All that is left to be done."""
        while self.done < ROUNDS:
            self.step(max(self._begins))

    def _lacks(self, worker: RotatedWorker) -> bool:
        """Whether a worker is still of the round before: one that came since is not."""
        secret = worker.settings.receipt_secret.get_secret_value()
        return secret != self._rounds[self.begun - 1]
