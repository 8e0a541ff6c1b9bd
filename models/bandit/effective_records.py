"""What a policy goes by: its records, less what is still to come, and what is doubted."""

from dataclasses import dataclass

from models.bandit.changepoints import Changes, Doubts
from models.bandit.delayed_rewards import Delays
from models.bandit.records import Records
from models.bandit.shrinkage import ALL, NO_RECORD, Record, coarse
from models.decay.forward import ForwardDecay


@dataclass(frozen=True, slots=True)
class Grounds:
    """Reads the tables of a policy, and changes none of them."""

    records: Records
    decay: ForwardDecay
    delays: Delays | None
    changes: Changes
    prior_mean: float
    prior_strength: float

    def doubts(self, now_s: int, latest_s: int) -> Doubts:
        """How far the records of each epoch are doubted at `now_s`; the latest is of `latest_s`."""
        rate = self.mean(self.records.all, self.decay.weight(latest_s))
        return self.changes.doubts(now_s, coarse(rate))

    def mean(self, record: Record, now: int) -> float:
        """The mean reward to expect of all arms, by their record, when a trial weighs `now`."""
        trials, rewards = record.faded(now)
        rewards = min(max(rewards, 0.0), trials)
        return (rewards + self.prior_strength * self.prior_mean) / (trials + self.prior_strength)

    def pairs(
        self, arms: list[str], context: str, now_s: int, doubts: Doubts
    ) -> list[tuple[Record, Record]]:
        """The record of each arm in all contexts, and in this one."""
        in_all, cell = self.records.arms, self.records.cells.get(context, {})
        pairs = [(in_all.get(arm, NO_RECORD), cell.get(arm, NO_RECORD)) for arm in arms]
        if self.delays is None and not doubts:
            return pairs
        return [
            (
                self.ripe(everywhere, arm, ALL, now_s, doubts),
                self.ripe(here, arm, context, now_s, doubts),
            )
            for arm, (everywhere, here) in zip(arms, pairs, strict=True)
        ]

    def pooled(self, now_s: int, doubts: Doubts) -> Record:
        """The record of all arms."""
        if self.delays is None and not doubts:
            return self.records.all
        trials, rewards = self.records.all
        for arm, record in self.records.arms.items():
            ripe = self.ripe(record, arm, ALL, now_s, doubts)
            trials += ripe.trials - record.trials
            rewards += ripe.rewards - record.rewards
        return Record(max(0, trials), rewards)

    def ripe(self, record: Record, arm: str, context: str, now_s: int, doubts: Doubts) -> Record:
        """A record without what is doubted, and what is missing of rewards that may still come."""
        if doubts:
            record = self.changes.doubted(arm, context, record, doubts)
        if self.delays is not None:
            record = record.without(self.delays.missing(arm, context, now_s))
        return record
