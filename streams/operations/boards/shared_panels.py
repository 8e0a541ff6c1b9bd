"""What more than one dashboard shows."""

from streams.operations.boards.panel import Panel, quantile, rate

TO_PROMPT = 'goeswith_event_to_prompt_seconds{until="acknowledged"}'
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
