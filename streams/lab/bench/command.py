"""`goeswith bench`: what goeswith costs and what it is worth, measured beside its peers."""

import click

from streams.cli.lazy import Lazy, LazyGroup

BENCHMARKS = {
    "pipeline": Lazy(
        "streams.lab.bench.pipeline.pipeline_report:pipeline",
        "CPU time and latency of an event, beside stock Faust agents.",
        "demo",
    ),
    "gateway": Lazy(
        "streams.lab.bench.gateway.gateway_report:gateway",
        "Streams, posts and waiting posts of the gateway, beside a bare stream.",
        "gateway",
    ),
    "regret": Lazy(
        "streams.lab.bench.regret.regret_report:regret",
        "What the policy does not earn, beside its peers.",
    ),
    "models": Lazy(
        "streams.lab.bench.recommenders.models_report:models",
        "Recommenders beside session kNN, on the same log.",
    ),
    "relations": Lazy(
        "streams.lab.bench.recommenders.relations_report:relations",
        "Substitutes on real baskets: how well they are known, and kept out of prompts.",
    ),
    "unsuitable": Lazy(
        "streams.lab.bench.recommenders.unsuitable_report:unsuitable",
        "A shop that changes all the time: is anything offered that must not be?",
    ),
    "inference": Lazy(
        "streams.lab.bench.inference.inference_report:inference",
        "False alarms, bias and coverage of what is said of arms, under peeking.",
    ),
    "uplift": Lazy(
        "streams.lab.bench.inference.uplift_report:uplift",
        "Customers whose orders a prompt raises: do the bounds hold the truth?",
    ),
    "aa-tests": Lazy(
        "streams.lab.bench.inference.aa_report:aa_tests",
        "Shops in which prompts are worth nothing: how often is an effect found?",
    ),
    "net-reward": Lazy(
        "streams.lab.bench.inference.net_reward.net_reward_report:net_reward",
        "Prompts that sell what comes back: are other policies judged by what is kept?",
    ),
    "watched": Lazy(
        "streams.lab.bench.console.watched_report:watched_command",
        "A/A tests on the console, watched: how often is there a winner?",
        "console",
    ),
    "pages": Lazy(
        "streams.lab.bench.console.pages_report:pages",
        "How long each page of the console takes beside 90 days of outcomes.",
        "console",
    ),
    "profit": Lazy(
        "streams.lab.bench.regret.profit.profit_report:profit",
        "Shops with a known truth: what do decided numbers of items earn?",
    ),
    "restart": Lazy(
        "streams.lab.bench.size.restart_report:restart",
        "A large shop that answers again, and checkpoints.",
    ),
    "outlive": Lazy(
        "streams.lab.bench.size.outlive_report:outlive",
        "What is known when all but Kafka is gone, and the log is a week.",
    ),
    "scale": Lazy(
        "streams.lab.bench.size.scale_report:scale", "What more workers cost, and bring."
    ),
    "takeover": Lazy(
        "streams.lab.chaos.endurance.takeover_report:takeover",
        "Time without an answer when workers come and go.",
        "demo",
    ),
    "outage": Lazy(
        "streams.lab.chaos.endurance.outage_report:outage",
        "What it costs when Redis or the broker is away for a while.",
        "demo",
    ),
    "soak": Lazy(
        "streams.lab.chaos.endurance.soak_report:soak",
        "Memory and lag of a worker that is kept busy for an hour.",
        "demo",
    ),
}
"""Each benchmark has a report that prints its figures and, asked to, writes them to RESULTS.md."""


@click.group(cls=LazyGroup, lazily=BENCHMARKS)
def bench() -> None:
    """Measure what goeswith costs, and how good it is, beside its peers."""
