"""The storefront's dashboard: what it is sent, and what it sends that cannot be used."""

from streams.operations.boards.panel import Panel, rate
from streams.operations.boards.shared_panels import LATENCY, SILENCES

STOREFRONT = (
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
)
