"""The experimenter's dashboard: what prompts come to. Estimates are `goeswith arms`' business."""

from streams.operations.boards.panel import Panel, rate
from streams.operations.boards.shared_panels import SILENCES

EXPERIMENTERS = (
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
)
