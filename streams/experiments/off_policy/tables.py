"""What another policy would have earned, for people and for programs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rich.console import Group
from rich.text import Text

from models.evaluation.off_policy import OffPolicyEstimate
from streams.cli.printable import many, printable
from streams.cli.tables import Listing, duration
from streams.experiments.arm_estimates import LEFT_OUT_MAX
from streams.experiments.evidence.conclusion import RewardScale, pending, short, spread
from streams.experiments.evidence.left_out import left_out
from streams.experiments.impressions import Trials

ESTIMATES = (
    "logged",
    "ips",
    "snips",
    "dr",
    "always_valid",
    "difference",
    "difference_always_valid",
)


class PolicyEvaluation(NamedTuple):
    """The verdict, and what it could not rest on."""

    verdict: OffPolicyEstimate
    below_floor: int
    """Trials left out, because an arm on offer had a smaller propensity than the floor."""
    unmatched: int
    """Trials in which none of the target's arms was on offer: it stays silent, and earns 0."""
    rare: Mapping[str, int] = MappingProxyType({})
    """In how many of those left out each arm had such a propensity."""

    @property
    def left_out(self) -> str:
        """How many are left out, and for which arms; empty: none.

        Those that are left out may be of other shoppers than the rest.
        """
        if not self.below_floor:
            return ""
        every = many(int(self.verdict.n) + self.below_floor, "impressions")
        arms = ", ".join(f"{printable(arm)} in {n:,}" for arm, n in sorted(self.rare.items()))
        return f"{self.below_floor:,} of {every} are left out, drawn below the floor: {arms}"

    @property
    def one_sided(self) -> bool:
        """Whether so many are left out that nothing follows."""
        return self.below_floor > LEFT_OUT_MAX * (self.verdict.n + self.below_floor)


def table(found: PolicyEvaluation, trials: Trials, scale: RewardScale) -> Group:
    """The verdict, for people: a sentence, then the estimates."""
    verdict = found.verdict
    listing = Listing(
        *("reward of an impression", "value", "se", "95 %"),
        notes=_notes(found, trials, scale),
    )
    named = {
        "logged: the policy that ran": verdict.logged,
        "IPS": verdict.ips,
        "SNIPS": verdict.snips,
        "DR": verdict.dr,
        "difference: DR less logged": verdict.difference,
    }
    for name, estimate in named.items():
        if estimate is not None:
            bounds = _wide(estimate.low, estimate.high)
            listing.add(name, f"{estimate.value:.4f}", f"{estimate.se:.4f}", bounds)
    always = {
        "DR, at every look": verdict.always_valid,
        "difference, at every look": verdict.difference_always_valid,
    }
    for name, bounded in always.items():
        if bounded is not None:
            listing.add(name, f"{bounded.value:.4f}", "", _wide(bounded.low, bounded.high))
    return Group(Text(headline(found, scale)), listing)


def headline(found: PolicyEvaluation, scale: RewardScale) -> str:
    """What follows, and of how many nothing does; no verdict, where these are many."""
    if found.one_sided:
        return f"no verdict: {found.left_out}"
    said = sentence(found.verdict, scale)
    return f"{said}; {found.left_out}" if found.left_out else said


def sentence(verdict: OffPolicyEstimate, scale: RewardScale) -> str:
    """What follows: whether this policy earns more than the one that ran."""
    more = verdict.difference_always_valid
    if more is None:
        return "no bounds hold at every look: rewards or propensities leave no floor"
    if more.low <= 0.0 <= more.high:
        what = "too early to say whether this policy earns more than the one that ran"
    else:
        what = f"this policy earns {'more' if more.low > 0.0 else 'less'} than the one that ran"
    return (
        f"{what}: {short(more.value, 4, '+')} an impression (95 % at any look "
        f"{spread(more, '+')}; {scale.unit})"
    )


def why_nothing(trials: Trials, of_files: bool) -> str:
    """Why no trial is settled: the cause first, then what was left out.

    >>> why_nothing(Trials(), of_files=False)
    'the log is empty'
    """
    lost, settle = left_out(trials), duration(trials.settle_ms / 1000)
    if trials.pending:
        waiting = many(trials.pending, "impressions are pending", "impression is pending")
        why = f"nothing is settled yet: {waiting}, each is judged "
        why += f"{settle} after it was shown (--settle)"
    elif not trials.empty:
        why = "no prompt in the log was shown, as far as its outcomes tell"
    elif trials.unreadable:
        why = "no record could be read" + (": are the files swapped?" if of_files else "")
    elif trials.impossible:
        why = "no record can be true"
    elif trials.begins_ms == 0:
        return "; ".join(lost)  # which says it
    else:
        why = "the log is empty"
    return "; ".join([why, *lost])


def _wide(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}"


def _notes(found: PolicyEvaluation, trials: Trials, scale: RewardScale) -> list[str]:
    verdict = found.verdict
    said = [
        "95 %: bounds at one look, but where every look is named",
        f"{many(verdict.n, 'impressions')}, worth {verdict.effective_n:,.0f} under this policy",
    ]
    if found.unmatched:
        said.append(f"{found.unmatched:,} of these with none of its arms on offer: counted as 0")
    return [
        *said,
        f"largest weight: {verdict.weight_max:.1f}",
        pending(trials.pending, trials.settle_ms / 1000, scale),
        *left_out(trials),
    ]


def as_values(found: PolicyEvaluation, trials: Trials) -> dict[str, Any]:
    """The verdict, for programs."""
    values = found.verdict._asdict()
    for name in ESTIMATES:
        values[name] = None if values[name] is None else values[name]._asdict()
    counts = {"below_floor": found.below_floor, "unmatched": found.unmatched}
    return (
        values
        | counts
        | {"below_floor_by_arm": dict(found.rare), "one_sided": found.one_sided}
        | trials.counts
        | {
            "settle_s": trials.settle_ms / 1000,
            "log_begins_ms": trials.begins_ms,
        }
    )
