"""Is all well? What an operator or an experimenter should look at, the most urgent first."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from streams.cli.printable import many, printable
from streams.experiments.arm_estimates import sample_ratio_alarms
from streams.operations.console.pages.rendering import Console
from streams.operations.console.pages.words import percent, rate, span
from streams.operations.console.watching.lag import LagSeen
from streams.operations.console.watching.letters import LATEST_MIN
from streams.operations.console.watching.poller import Poller
from streams.operations.lag.figures import LOOK_FIRST, GroupLag, PartitionLag

Weight = Literal["bad", "warn"]
CHECKPOINTS_MISSED = 5
"""A checkpoint that is so many intervals old is missing."""
RETENTION_SHARE_MAX = 0.5
MEANS = {
    "WARN": ("falls behind: what waits gets no less", "add a worker, or see what slows them down"),
    "STALLED": ("stands still, though a worker answers for it", "look at that worker's log"),
    "STOPPED": ("stands still, and nobody answers for it", "start a worker"),
    "REWIND": ("is answered again from an earlier offset", "see who reset the group's offsets"),
    "AHEAD": ("has commits beyond its end: it was made anew", "see `goeswith topics check`"),
    "ERROR": (
        "lost events unanswered: retention took them",
        "add workers, or keep events for longer",
    ),
}
"""Of a status of lag: what it means for a partition, and what to do."""
LEAD: dict[Weight, str] = {"bad": "Not well", "warn": "Look at this soon"}
MEND = "mend that; the page comes back by itself"
OLD_S = 10.0
"""What waits for less is under way."""
EXPERIMENTS = "/experiments"


class Concern(NamedTuple):
    """What is not well, and what to do."""

    weight: Weight
    said: str
    do: str
    href: str


class Wellness(NamedTuple):
    """The sentence, and what it is made of."""

    word: Literal["well", "warn", "bad", "unknown"]
    sentence: str
    concerns: tuple[Concern, ...]


def wellness(here: Console) -> Wellness:
    """How the shop is, by all that was read last."""
    lag = here.sources.lag.reading.value
    concerns = sorted(_concerns(here), key=lambda concern: concern.weight != "bad")
    if concerns:
        first, others = concerns[0], len(concerns) - 1
        more = f" ({many(others, 'more things', 'more thing')} below)" if others else ""
        end = "" if first.said.endswith(("?", ".")) else "."
        said = f"{LEAD[first.weight]}: {first.said}{end} Next: {first.do}{more}."
        return Wellness(first.weight, said, tuple(concerns))
    if lag is None:
        return Wellness("unknown", "Kafka has not answered yet: it is being read.", ())
    return Wellness("well", f"All is well: {', '.join(_good(lag))}.", ())


def _good(lag: LagSeen) -> Iterator[str]:
    """What there is to say where nothing is wrong."""
    members, answered = lag.lag.members, lag.answered_per_s
    if members is not None:
        yield many(len(members), "workers are there", "worker is there")
    if answered is not None:
        yield f"{rate(answered)} events a second are answered"
    waits = lag.lag.lag_events
    yield f"the oldest event waits {span(lag.lag.lag_s_max)}" if waits else "nothing waits"


def _concerns(here: Console) -> Iterator[Concern]:
    lag = here.sources.lag.reading
    if lag.trouble:
        yield Concern("bad", f"lag is not known: {lag.trouble}", MEND, "/lag")
    elif lag.value is not None:
        yield from _of_lag(lag.value.lag)
    yield from _of_reading(here)
    yield from _of_workers(here)
    yield from _of_experiments(here)
    yield from _of_letters(here)
    yield from _of_checkpoints(here)


def _of_reading(here: Console) -> Iterator[Concern]:
    """What cannot be read, or not in time, is not known to be well."""
    sources, now_s = here.sources, here.clock_s()
    pages: tuple[tuple[Poller[Any], str], ...] = (
        (sources.lag, "/lag"),
        (sources.prompts, "/prompts"),
        (sources.outcomes, EXPERIMENTS),
        (sources.letters, "/operations#dead-letters"),
        (sources.workers, "/operations"),
        (sources.checkpoints, "/operations#checkpoints"),
    )
    for poller, href in pages:
        trouble, at_s = poller.reading.trouble, poller.reading.at_s
        if trouble and poller is not sources.lag:
            yield Concern("warn", f"{poller.name} cannot be read: {trouble}", MEND, href)
        elif not trouble and at_s is not None and poller.late(now_s):
            said = f"of {poller.name} nothing is known for {span(now_s - at_s)}"
            yield Concern("warn", said, "see whether Kafka and the workers answer", href)


def _of_lag(lag: GroupLag) -> Iterator[Concern]:
    by_status: dict[str, list[PartitionLag]] = {}
    for one in lag.partitions:
        if one.status not in ("OK", None):
            by_status.setdefault(one.status or "", []).append(one)
    for status, partitions in by_status.items():
        means, do = MEANS[status]
        numbers = ", ".join(str(one.partition) for one in partitions)
        weight: Weight = "warn" if status in ("WARN", "REWIND") else "bad"
        yield Concern(weight, f"partition {numbers} {means} ({status})", do, "/lag")
    if lag.members is not None and not lag.members:
        yield Concern("bad", "no worker is there", "start one: `goeswith worker`", "/lag")
    if lag.missing is None:
        said = "Redis does not answer: views stand still, and who is missing is not known"
        yield Concern("warn", said, MEND, "/lag")
    if lag.missing:
        named = ", ".join(map(printable, lag.missing))
        said = f"missing, though seen of late: {named}"
        do = f"{LOOK_FIRST}; one that does not answer is to be started again"
        yield Concern("warn", said, do, "/lag")
    for one in lag.partitions:
        if one.retention_share > RETENTION_SHARE_MAX and (one.lag_s or 0.0) > OLD_S:
            share = percent(one.retention_share)
            said = f"{share} of what partition {one.partition} holds waits"
            yield Concern("bad", said, "add workers, or keep events for longer", "/lag")


def _of_workers(here: Console) -> Iterator[Concern]:
    for worker in here.sources.workers.reading.value or ():
        name = printable(worker.name, 60)
        if worker.trouble:
            said = f"{name} is not seen: {printable(worker.trouble)}"
            yield Concern("warn", said, "see whether it runs", "/operations")
        elif not worker.ready:
            reasons = worker.readiness.reasons if worker.readiness else ()
            why = printable("; ".join(reasons) or "it does not say why", 300)
            yield Concern("bad", f"{name} is not ready: {why}", "see its page", "/operations")


def _of_experiments(here: Console) -> Iterator[Concern]:
    outcomes = here.sources.outcomes.reading.value
    if outcomes is None:
        return
    if alarms := sample_ratio_alarms(outcomes.arms.rows):
        named = ", ".join(map(printable, alarms))
        said = f"arms are not seen as often as they were drawn: {named}"
        yield Concern("bad", said, "find where prompts get lost, or are shown twice", EXPERIMENTS)
    if outcomes.uplift.alarmed:
        said = outcomes.uplift.table.title
        yield Concern("bad", said, "trust no figure of the experiment until it is", EXPERIMENTS)


def _of_letters(here: Console) -> Iterator[Concern]:
    letters = here.sources.letters.reading.value
    if letters is not None and letters.lately:
        came = many(letters.lately, "dead letters", "dead letter")
        said = f"{came} in the last {LATEST_MIN} minutes"
        yield Concern("warn", said, "see what is wrong with them", "/operations#dead-letters")


def _of_checkpoints(here: Console) -> Iterator[Concern]:
    found = here.sources.checkpoints.reading.value
    every_s = here.settings.checkpoint_every_s
    if found is None or not found.generations or not every_s:
        return
    age_s = here.clock_s() - found.generations[0].made_at_ms / 1000
    lag = here.sources.lag.reading.value
    quiet = lag is None or not lag.arrived_per_s
    if age_s > CHECKPOINTS_MISSED * every_s and not quiet:
        said = f"the newest checkpoint is {span(age_s)} old, and one is due every {span(every_s)}"
        yield Concern("warn", said, "see the workers' logs", "/operations#checkpoints")
