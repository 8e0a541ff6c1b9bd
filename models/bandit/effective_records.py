"""Effective records: net of pending rewards, and discounted for changepoints."""

from dataclasses import dataclass

from models.bandit.changepoints import Changepoints, Discounts
from models.bandit.delayed_rewards import DelayedRewards
from models.bandit.records import ArmRecords
from models.bandit.shrinkage import ALL, NO_RECORD, ArmRecord, coarse
from models.decay.forward import ForwardDecay


@dataclass(frozen=True, slots=True)
class EffectiveRecords:
    """Reads the tables of a policy, and changes none of them."""

    records: ArmRecords
    decay: ForwardDecay
    delayed: DelayedRewards | None
    changepoints: Changepoints
    prior_mean: float
    prior_strength: float

    def discounts(self, now_s: int, latest_s: int) -> Discounts:
        """The discount of each epoch at `now_s`; the latest record is of `latest_s`."""
        rate = self.mean(self.records.all, self.decay.weight(latest_s))
        return self.changepoints.discounts(now_s, coarse(rate))

    def mean(self, record: ArmRecord, now: int) -> float:
        """The mean reward to expect of all arms, by their record, when a trial weighs `now`."""
        trials, rewards = record.decayed(now)
        rewards = min(max(rewards, 0.0), trials)
        return (rewards + self.prior_strength * self.prior_mean) / (trials + self.prior_strength)

    def pairs(
        self, arms: list[str], context: str, now_s: int, discounts: Discounts
    ) -> list[tuple[ArmRecord, ArmRecord]]:
        """The record of each arm in all contexts, and in this one."""
        in_all, cell = self.records.arms, self.records.cells.get(context, {})
        pairs = [(in_all.get(arm, NO_RECORD), cell.get(arm, NO_RECORD)) for arm in arms]
        if self.delayed is None and not discounts:
            return pairs
        return [
            (
                self.net(everywhere, arm, ALL, now_s, discounts),
                self.net(here, arm, context, now_s, discounts),
            )
            for arm, (everywhere, here) in zip(arms, pairs, strict=True)
        ]

    def pooled(self, now_s: int, discounts: Discounts) -> ArmRecord:
        """The record of all arms."""
        if self.delayed is None and not discounts:
            return self.records.all
        trials, rewards = self.records.all
        for arm, record in self.records.arms.items():
            net = self.net(record, arm, ALL, now_s, discounts)
            trials += net.trials - record.trials
            rewards += net.rewards - record.rewards
        return ArmRecord(max(0, trials), rewards)

    def net(
        self, record: ArmRecord, arm: str, context: str, now_s: int, discounts: Discounts
    ) -> ArmRecord:
        """A record, discounted and net of the part of its trials whose reward may still come."""
        if discounts:
            record = self.changepoints.discounted(arm, context, record, discounts)
        if self.delayed is not None:
            record = record.without(self.delayed.pending_weight(arm, context, now_s))
        return record
