"""Grafana's dashboards, one for each user, written from what stands here.

`python -m streams.operations.boards deploy/grafana/dashboards` writes them anew; a test compares,
and looks each metric up in a scrape of a real worker and a real exporter.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

COLUMNS, HEIGHT = 2, 8
WIDTH = 24 // COLUMNS
"""Grafana's grid has 24 columns."""
SOURCE = {"type": "prometheus", "uid": "prometheus"}


class Panel(NamedTuple):
    """A chart of lines over time: queries by legend, unit as Grafana calls it, what it says."""

    title: str
    unit: str
    says: str
    queries: dict[str, str]


def rate(metric: str, by: str = "") -> str:
    """Of a counter, a second, over a minute.

    >>> rate("goeswith_prompts_total"), rate("goeswith_silences_total", by="reason")
    ('sum(rate(goeswith_prompts_total[1m]))', 'sum by (reason) (rate(goeswith_silences_total[1m]))')
    """
    grouped = f" by ({by}) " if by else ""
    return f"sum{grouped}(rate({metric}[1m]))"


def quantile(share: float, histogram: str, by: str = "le") -> str:
    """Of a histogram over five minutes.

    >>> quantile(0.5, "waits_seconds")
    'histogram_quantile(0.5, sum by (le) (rate(waits_seconds_bucket[5m])))'
    """
    name, brace, labels = histogram.partition("{")
    buckets = f"sum by ({by}) (rate({name}_bucket{brace}{labels}[5m]))"
    return f"histogram_quantile({share}, {buckets})"


TO_PROMPT = 'goeswith_event_to_prompt_seconds{until="acknowledged"}'
BY_PARTITION = "consumergroup, topic, partition"
LATENCY = Panel(
    "From event to prompt",
    "s",
    "From an event's append to its prompt's acknowledgement. As true as the clocks agree.",
    {"p50": quantile(0.5, TO_PROMPT), "p99": quantile(0.99, TO_PROMPT)},
)
SILENCES = Panel(
    "Silences",
    "ops",
    "Decisions to say nothing, a second, by reason: docs/architecture.md says what each means.",
    {"{{reason}}": rate("goeswith_silences_total", by="reason")},
)

BOARDS: dict[str, tuple[Panel, ...]] = {
    "operators": (
        Panel(
            "Lag",
            "s",
            "Age of the event that has waited longest. Not drawn: it is not known.",
            {
                "{{consumergroup}} {{partition}}": f"max by ({BY_PARTITION}) "
                "(goeswith_consumergroup_lag_seconds)"
            },
        ),
        Panel(
            "Status other than OK",
            "short",
            "What goeswith lag says of a partition; empty is well.",
            {
                "{{status}} {{consumergroup}} {{partition}}": f"max by ({BY_PARTITION}, status) "
                '(goeswith_consumergroup_status{status!="OK"}) == 1'
            },
        ),
        Panel(
            "Events",
            "ops",
            "A second: what arrives, what is answered, and what is folded by all workers.",
            {
                "arrive": "sum(max by (topic, partition) "
                "(deriv(kafka_topic_partition_current_offset[1m])))",
                "answered": rate("goeswith_events_answered_total"),
                "folded": rate("goeswith_events_folded_total"),
            },
        ),
        Panel(
            "Events that wait",
            "short",
            "Without a commit: all that the log holds.",
            {
                "{{consumergroup}}": "sum by (consumergroup) (max by "
                f"({BY_PARTITION}) (goeswith_consumergroup_waiting_events))",
                "to fold, {{instance}}": "sum by (instance) (goeswith_fold_lag_events)",
            },
        ),
        LATENCY,
        Panel(
            "p99 by stage",
            "s",
            "Of a sample of events: ingest ends with the agent, deliver with the broker.",
            {"{{stage}}": quantile(0.99, "goeswith_stage_seconds", by="le, stage")},
        ),
        Panel(
            "Share of retention that waits",
            "percentunit",
            "At 1 retention takes unanswered events next.",
            {
                "{{consumergroup}} {{partition}}": f"max by ({BY_PARTITION}) "
                "(goeswith_consumergroup_retention_ratio)"
            },
        ),
        Panel(
            "Workers",
            "short",
            "Ready, in the group, and partitions that nobody answers for.",
            {
                "ready": "sum(goeswith_worker_ready)",
                "in {{consumergroup}}": "max by (consumergroup) (kafka_consumergroup_members)",
                "unowned": "count(goeswith_consumergroup_partition_owned == 0)",
            },
        ),
        Panel(
            "Memory",
            "bytes",
            "Resident; the limit is that of the container, if there is one.",
            {
                "{{instance}}": "process_resident_memory_bytes "
                "and on (instance) goeswith_worker_info",
                "limit of {{instance}}": "goeswith_memory_limit_bytes",
            },
        ),
        Panel(
            "CPU",
            "percentunit",
            "1 is a core. A worker uses one at the most.",
            {
                "{{instance}}": "rate(process_cpu_seconds_total[1m]) "
                "and on (instance) goeswith_worker_info"
            },
        ),
        Panel(
            "Tables",
            "percentunit",
            "How full each is; one that is full forgets what counts least.",
            {"{{table}}": "max by (table) (goeswith_table_entries / goeswith_table_entries_limit)"},
        ),
        Panel(
            "Troubles",
            "ops",
            "A second: errors of the group, holes, waits for gaps, checkpoints not written.",
            {
                "group errors": rate("goeswith_group_errors_total"),
                "holes": rate("goeswith_holes_total"),
                "gap waits": rate("goeswith_gap_waits_total"),
                "checkpoints failed": rate("goeswith_checkpoints_failed_total"),
            },
        ),
    ),
    "experimenters": (
        Panel(
            "Stages that prompts reach",
            "ops",
            "A second; arms and what they earn, with bounds: goeswith arms and uplift.",
            {"{{stage}}": rate("goeswith_outcomes_total", by="stage")},
        ),
        Panel(
            "Shown, of those sent",
            "percentunit",
            "Over ten minutes.",
            {
                "shown": 'sum(rate(goeswith_outcomes_total{stage="shown"}[10m])) '
                "/ sum(rate(goeswith_prompts_total[10m]))"
            },
        ),
        Panel(
            "Of those shown",
            "percentunit",
            "Over an hour. Later stages come later: this is no estimate of what an arm earns.",
            {
                "{{stage}}": 'sum by (stage) (rate(goeswith_outcomes_total{stage!="shown"}[1h])) '
                "/ ignoring (stage) group_left "
                'sum(rate(goeswith_outcomes_total{stage="shown"}[1h]))'
            },
        ),
        Panel(
            "Held out, of those that ask",
            "percentunit",
            "Events of visitors in the holdout; the share of visitors is in goeswith uplift.",
            {
                "holdout": 'sum(rate(goeswith_silences_total{reason="holdout"}[10m])) / '
                "(sum(rate(goeswith_silences_total[10m])) + sum(rate(goeswith_prompts_total[10m])))"
            },
        ),
        SILENCES,
        Panel(
            "Receipts that were not read",
            "ops",
            "Rewards that are lost, for lack of a secret.",
            {"unread": rate("goeswith_receipts_unknown_key_total")},
        ),
    ),
    "storefront": (
        Panel(
            "Prompts",
            "ops",
            "A second: sent, and withdrawn before they were shown.",
            {
                "sent": rate("goeswith_prompts_total"),
                "withdrawn": rate("goeswith_withdrawals_total"),
            },
        ),
        LATENCY,
        Panel(
            "Dead letters",
            "ops",
            "Records that could not be used, by reason: docs/events.md says what to do.",
            {"{{reason}}": rate("goeswith_dead_letters_total", by="reason") + " > 0"},
        ),
        SILENCES,
        Panel(
            "Feedback",
            "ops",
            "Shown, clicked, added, bought, as your storefront tells it.",
            {"{{stage}}": rate("goeswith_outcomes_total", by="stage")},
        ),
        Panel(
            "Events that say what nobody uses",
            "ops",
            "Clocks ahead of the broker's, segments in no list, languages without texts.",
            {
                "clock ahead": rate("goeswith_events_clock_ahead_total"),
                "segment": rate("goeswith_events_unlisted_segment_total"),
                "language": rate("goeswith_events_language_without_texts_total"),
            },
        ),
    ),
}


def board(name: str) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    return {
        "uid": f"goeswith-{name}",
        "title": f"goeswith: {name}",
        "tags": ["goeswith"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "panels": [_panel(number, panel) for number, panel in enumerate(BOARDS[name])],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": query, "legendFormat": legend}
            for at, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def files() -> dict[str, str]:
    """The dashboards by the name of their file."""
    return {f"{name}.json": json.dumps(board(name), indent=1) + "\n" for name in BOARDS}


if __name__ == "__main__":
    for _name, _text in files().items():
        (Path(sys.argv[1]) / _name).write_text(_text)
