"""The operator's dashboard: is everything answered, and by whom?"""

from streams.operations.boards.panel import Panel, quantile, rate
from streams.operations.boards.shared_panels import LATENCY

BY_PARTITION = "consumergroup, topic, partition"
OPERATORS = (
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
            "{{instance}}": "process_resident_memory_bytes and on (instance) goeswith_worker_info",
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
)
