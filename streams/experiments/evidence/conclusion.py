"""What follows from the estimates, as a sentence: which arm is best, or that it is too early.

An arm is best when the bounds of its difference from every other arm exclude 0, all pairs taken
together: whichever arm is picked, and whenever one looks, that is wrong with probability alpha at
most.
"""

from math import floor
from typing import Any, NamedTuple

from models.evaluation.arm_values import Interval
from streams.cli.printable import many, printable
from streams.cli.tables import duration
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import ArmEstimate, ArmEstimates, sample_ratio_alarms
from streams.experiments.evidence.log_beginning import EMPTIED

SETTLED_MIN = 30
"""Settled impressions of all arms from which on one is said to lead: before, it is chance."""
TOO_EARLY = "too early to say which arm is best"


class RewardScale(NamedTuple):
    """What a reward of an impression means: a number from 0 to 1."""

    clicked: float = 0.1
    added: float = 0.5
    bought: float = 1.0
    purchases_s: float = 86_400.0
    """How long after an impression a purchase counts."""
    net_minor: int | None = None
    """What counts as 1 where it is net reward, in minor units."""

    @classmethod
    def of(cls, settings: Settings) -> "RewardScale":
        """That of the settings: they should be those that the workers had."""
        return cls(
            settings.reward_clicked,
            settings.reward_added,
            settings.reward_bought,
            settings.purchase_window_s,
            settings.reward_scale_minor if settings.reward == "net" else None,
        )

    @property
    def unit(self) -> str:
        """What the largest reward is.

        >>> RewardScale().unit, RewardScale(net_minor=2_000).unit
        ('1 = bought', '1 = 2,000 minor units, net')
        """
        if self.net_minor is None:
            return f"{short(self.bought)} = bought"
        return f"1 = {self.net_minor:,} minor units, net"

    def __str__(self) -> str:
        """In words.

        >>> str(RewardScale())
        '.1 = clicked, .5 = added, 1 = bought'
        """
        if self.net_minor is not None:
            return self.unit
        said = (f"{short(getattr(self, n))} = {n}" for n in ("clicked", "added", "bought"))
        return ", ".join(said)


NEARLY_CERTAIN = 0.999
"""Above it a probability is not told more exactly: no evidence makes it 1."""


class BestArm(NamedTuple):
    """Which arm is best, if that can be said by now."""

    arm: str | None
    """The best, or the one that leads; None: nothing is settled."""
    decided: bool
    """Whether it is better than every other known arm, with bounds that hold at every look."""
    worse: list[str]
    """The arms that earn less."""
    undecided: list[str]
    """The arms that are not told apart from it."""
    unknown: list[str]
    """The arms of which nothing is said: too often they were drawn below the floor."""


def best_arm(evidence: ArmEstimates, rows: list[ArmEstimate]) -> BestArm:
    """The arm that beats all others; else the one that leads, by differences."""
    if not rows:
        return BestArm(None, decided=False, worse=[], undecided=[], unknown=[])
    more, unknown = evidence.pairs(), evidence.unknown()
    rows = [row for row in rows if row.arm not in unknown]
    if not rows:
        return BestArm(None, decided=False, worse=[], undecided=[], unknown=unknown)
    found = []
    for row in rows:
        others = [other.arm for other in rows if other is not row]
        worse = [arm for arm in others if (row.arm, arm) in more and more[row.arm, arm].low > 0.0]
        undecided = [arm for arm in others if arm not in worse]
        decided = bool(others) and not undecided and not sample_ratio_alarms(rows)
        found.append(BestArm(row.arm, decided, worse, undecided, unknown))
    return next((one for one in found if one.decided), found[0])


def sentence(
    evidence: ArmEstimates,
    rows: list[ArmEstimate],
    scale: RewardScale,
    begins_ms: int | None = None,
) -> str:
    """What follows, for people; nothing, where the log that begins then was emptied (0).

    >>> from streams.experiments.impressions import Trial
    >>> both = {"buy_again": 0.5, "popular": 0.5}
    >>> evidence = ArmEstimates()
    >>> evidence.add(Trial(("buy_again", "popular")[n % 2], "", both, both, (n + 1) % 2)
    ...              for n in range(2_000))
    >>> print(sentence(evidence, evidence.rows(), RewardScale()))
    buy_again is best: 1.00 an impression (95 % at any look .918 to 1.00; 1 = bought); the
    others are worse
    """
    found = best_arm(evidence, rows)
    if found.arm is None and begins_ms == 0:
        return EMPTIED
    if found.unknown and not found.decided and not sample_ratio_alarms(rows):
        return f"no arm is said to be best: {nothing_said(evidence)}"
    if found.arm is None:
        return f"{TOO_EARLY}: {below_floor(evidence) or 'nothing is settled yet'}"
    best = next(row for row in rows if row.arm == found.arm)
    name, earns = printable(best.arm), _earns(best.estimate, evidence.alpha, scale)
    if sample_ratio_alarms(rows):
        return "sample ratio ALARM: arms are not seen as often as drawn, so none is said to be best"
    if len(rows) == 1:
        return f"{name} is the only arm that was on offer: {earns}"
    if (settled := sum(row.drawn for row in rows)) < SETTLED_MIN:
        return f"{TOO_EARLY}: only {settled} of {SETTLED_MIN} impressions are settled"
    if found.decided and found.unknown:
        return f"{name} beats {_names(found.worse)}: {earns}; {nothing_said(evidence)}"
    if found.decided:
        return f"{name} is best: {earns}; the others are worse"
    rest = f"not told apart from {_names(found.undecided)}"
    if found.worse:
        rest += f"; worse: {_names(found.worse)}"
    return f"{TOO_EARLY}: {name} leads with {earns}; {rest}"


def nothing_said(evidence: ArmEstimates) -> str:
    """Of which arms nothing is said, and why.

    >>> from streams.experiments.impressions import Trial
    >>> evidence = ArmEstimates()
    >>> evidence.add([Trial("a", "", {"a": 0.98, "b": 0.02}, {}, 1.0)] * 3)
    >>> evidence.add([Trial("a", "", {"a": 0.5, "b": 0.5}, {}, 1.0)])
    >>> nothing_said(evidence)
    'nothing can be said of b: it was drawn below the floor in 3 of 4 impressions'
    """
    return "; ".join(
        f"nothing can be said of {printable(arm)}: it was drawn below the floor in "
        f"{evidence.rare[arm]:,} of {many(evidence.offered(arm), 'impressions')}"
        for arm in evidence.unknown()
    )


def below_floor(evidence: ArmEstimates) -> str:
    """How many impressions say nothing, as no arm was drawn as often as the floor; else empty.

    >>> from streams.experiments.impressions import Trial
    >>> evidence = ArmEstimates()
    >>> evidence.add([Trial("popular", "", {"popular": 0.005}, {}, 1.0)] * 3)
    >>> below_floor(evidence)
    '3 impressions were drawn below the floor of .05 (GOESWITH_ARM_FLOOR): no evidence'
    """
    if not evidence.below_floor:
        return ""
    several = many(evidence.below_floor, "impressions were", "impression was")
    floor_said = f"the floor of {short(evidence.floor)} (GOESWITH_ARM_FLOOR)"
    return f"{several} drawn below {floor_said}: no evidence"


def best_json(found: BestArm) -> dict[str, Any]:
    """For programs."""
    return found._asdict()


def pending(number: int, settle_s: float, scale: RewardScale) -> str:
    """How many are not judged yet, and when they are.

    >>> pending(1, 86_400, RewardScale())[:49]
    '1 impression is pending: an impression is judged '
    """
    waiting = many(number, "impressions are pending", "impression is pending")
    return f"{waiting}: {settling(settle_s, scale)}"


def settling(settle_s: float, scale: RewardScale) -> str:
    """When an impression is judged, in words.

    >>> settling(600, RewardScale())
    'an impression is judged 10 min after it was shown, by what it brought until then; purchases
    count for 24 h: --settle 86400 waits for them'
    """
    said = f"an impression is judged {duration(settle_s)} after it was shown, by what it brought "
    said += f"until then; purchases count for {duration(scale.purchases_s)}"
    waits = settle_s < scale.purchases_s
    return said + (f": --settle {scale.purchases_s:.0f} waits for them" if waits else "")


def chance(probability: float) -> str:
    """A probability in per cent, rounded down: what is not certain is not called certain.

    >>> [chance(p) for p in (0.0, 0.4567, 0.9989, 0.9996, 1.0)]
    ['0.0%', '45.6%', '99.8%', '> 99.9%', '> 99.9%']
    """
    if probability > NEARLY_CERTAIN:
        return f"> {NEARLY_CERTAIN:.1%}"
    return f"{floor(probability * 1000) / 1000:.1%}"


def _names(arms: list[str]) -> str:
    return ", ".join(map(printable, arms))


def _earns(estimate: Interval | None, alpha: float, scale: RewardScale) -> str:
    if estimate is None:
        return "nothing known"
    return (
        f"{short(estimate.value, 3)} an impression ({1 - alpha:.0%} at any look ".replace("%", " %")
        + f"{spread(estimate)}; {scale.unit})"
    )


def spread(interval: Interval, sign: str = "") -> str:
    """Both bounds.

    >>> spread(Interval(0.386, 0.358, 0.413)), spread(Interval(0.0, -0.02, 0.3), sign="+")
    ('.358 to .413', '-.020 to +.300')
    """
    return f"{short(interval.low, 3, sign)} to {short(interval.high, 3, sign)}"


def short(number: float, digits: int | None = None, sign: str = "") -> str:
    """A fraction without the zero before the point: columns are dear.

    >>> short(0.25, 4), short(-0.25, 3, "+"), short(1.0, 3), short(0.1), short(1.0)
    ('.2500', '-.250', '1.00', '.1', '1')
    """
    if digits is None:
        said = f"{number:g}"
    else:
        said = f"{number:{sign}.{digits if abs(number) < 1 else 2}f}"
    return said.replace("0.", ".", 1) if abs(number) < 1 else said
