"""Telemetry and offsets as metric families, by Prometheus' conventions: base units, `_total`.

Offsets and lag have the names that dashboards and alerts know from kafka_exporter
(`kafka_consumergroup_lag` and others); all else begins with `goeswith_`. No label holds what a
sender names (sessions, items, segments): their number has no bound, and they may name a shopper.
What Telemetry counts by such names is summed up here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple, get_args

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.utils import floatToGoString

from models.recommenders.recommender import TableSize
from streams.clients.connection.topics.findings import KINDS
from streams.contract.dead_letters import REASONS
from streams.contract.events.reference.codec import REASONS as REFUSALS
from streams.contract.published.outcomes import Outcome
from streams.contract.wire.shop.withdrawals import CatalogReason
from streams.shop.decision.catalog.catalog import FULL, Withholding
from streams.shop.memory.answer import SilenceReason
from streams.worker.telemetry import Histogram, Telemetry

COUNTED = {
    "rounds": ("goeswith_rounds", "Rounds handed to the agent."),
    "answered": ("goeswith_events_answered", "Events answered, with a prompt or without."),
    "folded": ("goeswith_events_folded", "Events folded, dead letters included."),
    "repeats": (
        "goeswith_events_repeated",
        "Records that this worker came to answer and had folded before, as it follows all of them.",
    ),
    "clocks_ahead": (
        "goeswith_events_clock_ahead",
        "Events whose sender's clock was ahead of the broker's.",
    ),
    "holes": ("goeswith_holes", "Holes in what was handed over, asked for again."),
    "gaps": ("goeswith_gap_offsets", "Offsets that the log does not hold, stepped over."),
    "gap_waits": ("goeswith_gap_waits", "Times that the agent waited for the follower."),
    "group_errors": ("goeswith_group_errors", "Errors of the consumer group, joined again after."),
    "prompts": ("goeswith_prompts", "Prompts handed to the producer."),
    "withdrawals": ("goeswith_withdrawals", "Prompts withdrawn."),
    "withdrawals_put_off": (
        "goeswith_withdrawals_put_off",
        "Times that withdrawals by catalogue or controls had to wait for their turn.",
    ),
    "living_left_out": (
        "goeswith_living_prompts_left_out",
        "Living prompts that left for want of room, and are not taken back by the catalogue.",
    ),
    "inheritances_failed": (
        "goeswith_inheritances_failed",
        "Times that the living prompts of a partition that was taken over could not be read.",
    ),
    "checkpoints": ("goeswith_checkpoints_written", "Checkpoints that this worker wrote."),
    "checkpoints_failed": ("goeswith_checkpoints_failed", "Checkpoints that were not written."),
    "checkpoints_refused": (
        "goeswith_checkpoints_refused",
        "Checkpoints found at the start that could not be used.",
    ),
    "checkpoints_adopted": (
        "goeswith_checkpoints_adopted",
        "Checkpoints of other settings, used at the start as far as they fit.",
    ),
    "reference_records": (
        "goeswith_reference_records",
        "Records of catalogue and controls that were read.",
    ),
    "unlisted_segments": (
        "goeswith_events_unlisted_segment",
        "Events whose segment is in no list; the names are at /state.",
    ),
    "languages_without_texts": (
        "goeswith_events_language_without_texts",
        "Events whose locale has no texts; the languages are at /state.",
    ),
}
"""Fields of `Telemetry` that only grow: name without `_total`, and what it is."""

LABELLED: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "dead_letters": (
        "goeswith_dead_letters",
        "Records that could not be used, by reason.",
        "reason",
        tuple(REASONS),
    ),
    "topic_findings": (
        "goeswith_topic_findings",
        "What was found wrong with the topics, by kind.",
        "kind",
        KINDS,
    ),
    "silences": (
        "goeswith_silences",
        "Decisions to say nothing, by reason.",
        "reason",
        get_args(SilenceReason),
    ),
    "withheld": (
        "goeswith_items_withheld",
        "Items that would have been offered but for the catalogue, by reason.",
        "reason",
        get_args(Withholding),
    ),
    "catalogue_withdrawals": (
        "goeswith_catalogue_withdrawals",
        "Prompts that catalogue or controls have taken back, by reason.",
        "reason",
        get_args(CatalogReason),
    ),
    "shadows": (
        "goeswith_shadow_offers",
        "What arms in shadow would have offered beside what was shown.",
        "arm/found",
        (),
    ),
    "reference_refused": (
        "goeswith_reference_refused",
        "Records of catalogue and controls that could not be used, by reason.",
        "reason",
        (*REFUSALS, FULL),
    ),
    "feedback": (
        "goeswith_outcomes",
        "Stages that prompts reached, as published.",
        "stage",
        get_args(Outcome.model_fields["stage"].annotation),
    ),
}
"""Those counted by a word of ours: name, what it is, label, and its values, which begin at 0.
Two labels have a slash between, as their values have."""

STAGES = ("ingest", "fold", "decide", "deliver")
MEASURED: Mapping[str, tuple[str, str, float]] = {
    "restored": ("goeswith_restored_offsets", "Offsets that its first checkpoint covers.", 1),
    "restored_made_ms": (
        "goeswith_restored_checkpoint_timestamp_seconds",
        "When that checkpoint was made; 0: there was none.",
        1e-3,
    ),
    "checkpoints_missing": (
        "goeswith_checkpoints_missing",
        "1 where the start found no checkpoint, and one was to be expected.",
        1,
    ),
    "checkpoint_stall_ms_max": (
        "goeswith_checkpoint_stall_max_seconds",
        "The longest that a checkpoint held the event loop.",
        1e-3,
    ),
    "follow_cpu_s": ("goeswith_follow_cpu_seconds", "CPU time used before it followed.", 1),
    "caught_up_cpu_s": ("goeswith_caught_up_cpu_seconds", "CPU time used until caught up.", 1),
}
"""Those that are no counters: name, what it is, factor to the base unit."""


def telemetry_families(telemetry: Telemetry) -> Iterator[Metric]:
    """All that a worker counts. A field that is not named above is told under its own name."""
    for field, value in vars(telemetry).items():
        if isinstance(value, Histogram):
            continue
        if isinstance(value, Counter) and field in LABELLED:
            yield _by_word(value, *LABELLED[field])
            continue
        number = value.total() if isinstance(value, Counter) else value
        if field in COUNTED:
            yield CounterMetricFamily(*COUNTED[field], value=number)
        elif field in MEASURED:
            name, said, factor = MEASURED[field]
            yield GaugeMetricFamily(name, said, value=number * factor)
        else:
            yield UnknownMetricFamily(f"goeswith_{field}", "See /state.", value=number)
    yield _histogram(
        "goeswith_event_to_prompt_seconds",
        "From an event's append to its prompt, handed to the producer or acknowledged.",
        "until",
        {"handed": telemetry.handed_ms, "acknowledged": telemetry.delivered_ms},
    )
    yield _histogram(
        "goeswith_stage_seconds",
        "Time in a stage, of a sample of events; deliver: of each round.",
        "stage",
        {stage: getattr(telemetry, f"{stage}_ms") for stage in STAGES},
    )


class Offsets(NamedTuple):
    """Next offsets by partition; a partition that nobody knows about is in none."""

    group: str
    topic: str
    ends: Mapping[int, int]
    """Where the log ends, as the broker said within the last second."""
    folded: Mapping[int, int]
    answered: Mapping[int, int]
    """Of the partitions that this worker answers for."""


def offset_families(offsets: Offsets) -> Iterator[Metric]:
    """Lag of what this worker answers for, and of what it folds."""
    group, topic, ends = offsets.group, offsets.topic, offsets.ends
    by_group, by_topic = ("consumergroup", "topic", "partition"), ("topic", "partition")
    end = GaugeMetricFamily(
        "kafka_topic_partition_current_offset", "Where the partition ends.", labels=by_topic
    )
    folding = GaugeMetricFamily(
        "goeswith_fold_lag_events", "Events in the log that are not folded.", labels=by_topic
    )
    for number, offset in sorted(ends.items()):
        end.add_metric([topic, str(number)], offset)
        folding.add_metric([topic, str(number)], max(0, offset - offsets.folded.get(number, 0)))
    answered = GaugeMetricFamily(
        "kafka_consumergroup_current_offset",
        "The next offset to answer; what is committed follows within a second.",
        labels=by_group,
    )
    lag = GaugeMetricFamily(
        "kafka_consumergroup_lag",
        "Events that wait, on the partitions that this worker answers for.",
        labels=by_group,
    )
    for number, offset in sorted(offsets.answered.items()):
        answered.add_metric([group, topic, str(number)], offset)
        if number in ends:
            lag.add_metric([group, topic, str(number)], max(0, ends[number] - offset))
    return iter((end, folding, answered, lag))


def table_families(tables: Mapping[str, TableSize]) -> Iterator[Metric]:
    """How full each table is."""
    held = GaugeMetricFamily(
        "goeswith_table_entries",
        "Entries of a table; of sessions those of the fullest partition.",
        labels=["table"],
    )
    most = GaugeMetricFamily(
        "goeswith_table_entries_limit", "The most that a table holds.", labels=["table"]
    )
    for name, size in tables.items():
        held.add_metric([name], size.held)
        most.add_metric([name], size.at_most)
    return iter((held, most))


def _by_word(
    counts: Counter[str], name: str, said: str, label: str, words: tuple[str, ...]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, said, labels=label.split("/"))
    for word in dict.fromkeys((*words, *sorted(counts))):
        family.add_metric(word.split("/") if "/" in label else [word], counts[word])
    return family


def _histogram(
    name: str, said: str, label: str, by_word: Mapping[str, Histogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, said, labels=[label])
    for word, histogram in by_word.items():
        seconds = (round(ms / 1000, 9) for ms in histogram.bounds_ms)
        bounds = [*map(floatToGoString, seconds), "+Inf"]
        below = accumulate(histogram.counts)
        family.add_metric([word], list(zip(bounds, below, strict=True)), histogram.sum_ms / 1000)
    return family


def clipped_family(clipped: Mapping[str, int]) -> Metric:
    """Prompts that came to earn more, or less, than net reward can say; sales without a rate."""
    family = CounterMetricFamily(
        "goeswith_rewards_clipped",
        "Prompts whose net reward was clipped: above the scale, or below a dismissal's cost; sales "
        "that earned nothing, as their currency has no rate (unrated).",
        labels=["side"],
    )
    for side in ("above", "below", "unrated"):
        family.add_metric([side], clipped.get(side, 0))
    return family
