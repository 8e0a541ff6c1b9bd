"""All that the console reads, each by a poller of its own."""

import atexit
from typing import Any, NamedTuple

from streams.contract.settings import Settings
from streams.experiments.declared.register import Register
from streams.operations.console.watching.checkpoints import CheckpointsSeen, checkpoint_looks
from streams.operations.console.watching.controls import ControlsSeen, control_looks
from streams.operations.console.watching.experiments.outcomes import OutcomesSeen, outcome_looks
from streams.operations.console.watching.experiments.plans import Plans
from streams.operations.console.watching.lag import LagSeen, lag_looks
from streams.operations.console.watching.letters import LettersSeen, letter_looks
from streams.operations.console.watching.lookups.lookups import Lookups
from streams.operations.console.watching.lookups.telling import telling
from streams.operations.console.watching.poller import Poller
from streams.operations.console.watching.prompts import PromptsSeen, prompt_looks
from streams.operations.console.watching.workers import WorkerSeen, worker_looks
from streams.operations.explanation.log.followed import FOLLOW_S, FollowedLog

CHECKPOINTS_EVERY_S = 30.0


class Pollers(NamedTuple):
    """What pages are made of."""

    lag: Poller[LagSeen]
    prompts: Poller[PromptsSeen]
    outcomes: Poller[OutcomesSeen]
    letters: Poller[LettersSeen]
    workers: Poller[tuple[WorkerSeen, ...]]
    checkpoints: Poller[CheckpointsSeen]
    controls: Poller[ControlsSeen]
    lookups: Lookups
    plans: Plans

    @classmethod
    def of(cls, settings: Settings) -> "Pollers":
        """Those of a shop; nothing is read before they are started."""
        every_s = settings.console_every_s
        followed = FollowedLog(settings)
        atexit.register(followed.close)  # later, Kafka's client would wait for its ended thread
        controls = Poller("the control topic", control_looks(settings), every_s)

        def register() -> Register | None:
            seen = controls.reading.value
            return None if seen is None else seen.register

        return cls(
            Poller("consumer lag", lag_looks(settings), every_s),
            Poller("the prompts topic", prompt_looks(settings), every_s),
            Poller(
                "the outcomes topic",
                outcome_looks(settings, register),
                every_s,
                unfinished=lambda seen: seen.read_share < 1.0,
            ),
            Poller("the topic of dead letters", letter_looks(settings), every_s),
            Poller("the workers' pages", worker_looks(settings.worker_pages), every_s),
            Poller("checkpoints", checkpoint_looks(settings), CHECKPOINTS_EVERY_S),
            controls,
            Lookups(telling(settings, followed), rest=followed.rest, rest_s=FOLLOW_S),
            Plans(),
        )

    @property
    def of_kafka(self) -> tuple[Poller[Any], ...]:
        """Those that read from Kafka again and again."""
        return self.lag, self.prompts, self.outcomes, self.letters

    def start(self) -> None:
        """Read from now on."""
        for source in self:
            source.start()

    def stop(self) -> None:
        """Read no more."""
        for source in self:
            source.stop()
