"""The gateway's dashboard: what comes in over HTTP, what is refused, and who listens."""

from streams.operations.boards.panel import Panel, quantile, rate

ACKNOWLEDGED = "goeswith_gateway_acknowledged_seconds"
GATEWAY = (
    Panel(
        "Events",
        "ops",
        "A second, by result: accepted ones are in Kafka, rejected ones are no events.",
        {"{{result}}": rate("goeswith_gateway_events_total", by="result")},
    ),
    Panel(
        "Events by format",
        "ops",
        "A second, those that Kafka has: our own, and what intake made of others.",
        {
            "{{format}}": 'sum by (format) (rate(goeswith_gateway_events_total{result="accepted"}'
            "[1m])) > 0"
        },
    ),
    Panel(
        "Requests",
        "ops",
        "A second, by status; a stream counts when it begins.",
        {"{{status}}": rate("goeswith_gateway_requests_total", by="status")},
    ),
    Panel(
        "Refusals",
        "ops",
        "A second, by reason: docs/gateway.md says what to do.",
        {"{{reason}}": rate("goeswith_gateway_refusals_total", by="reason")},
    ),
    Panel(
        "Until Kafka has a request's events",
        "s",
        "The most of what a sender waits for.",
        {"p50": quantile(0.5, ACKNOWLEDGED), "p99": quantile(0.99, ACKNOWLEDGED)},
    ),
    Panel(
        "Streams",
        "short",
        "Open ones, and the most that one gateway lets be.",
        {
            "{{instance}}": "goeswith_gateway_streams",
            "limit of {{instance}}": "goeswith_gateway_streams_limit",
        },
    ),
    Panel(
        "Records of prompts",
        "ops",
        "A second: handed to a session that listens here, dropped undecoded, or not read.",
        {"{{result}}": rate("goeswith_gateway_prompt_records_total", by="result")},
    ),
    Panel(
        "Sessions whose prompts are held",
        "short",
        "Those that listen, and those that said something in the last minutes.",
        {"{{instance}}": "goeswith_gateway_mailboxes"},
    ),
    Panel(
        "Ready, and without the view in Redis",
        "short",
        "Not ready: its /readyz says why. Without the view, who comes back hears less; without "
        "shared rates each gateway lets in as much as all together should.",
        {
            "ready": "sum(goeswith_gateway_ready)",
            "without the view": "sum(goeswith_gateway_view_failing)",
            "without shared rates": "sum(goeswith_gateway_rates_failing)",
        },
    ),
    Panel(
        "CPU and memory",
        "short",
        "Cores, of which a gateway uses one at the most; memory in GiB.",
        {
            "cores of {{instance}}": "rate(process_cpu_seconds_total[1m]) "
            "and on (instance) goeswith_gateway_ready",
            "GiB of {{instance}}": "process_resident_memory_bytes / 1024 ^ 3 "
            "and on (instance) goeswith_gateway_ready",
        },
    ),
)
