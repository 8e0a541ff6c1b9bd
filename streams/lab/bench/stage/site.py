"""The site of a benchmark: one broker, and topics that nobody else has."""

import secrets
from typing import Any

from pydantic import SecretStr

from streams.cli.options import self_contained
from streams.contract.settings import Settings
from streams.lab.bench.stage import assortment, tape
from streams.lab.bench.stage.stock import Job

PARTITIONS = 8
APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
"""Outputs are stamped by the broker when it has them, not by who sends them."""
OPEN: dict[str, Any] = {
    "holdout_share": 0.0,
    "cool_down_s": 0.0,
    "prompts_per_session_max": 1_000_000,
    "clock_skew_s_max": 100 * 365 * 86_400.0,
    "prompt_ttl_s": 86_400.0,
}
"""So that every view and every add is decided on, and answered with a prompt."""


class Site:
    """Names, settings and topics of one benchmark; all topics begin with one prefix.

    `best_fit`: whether the learned ranker is one of the arms. With a `catalog` of so many items
    every arm has something to say.
    """

    def __init__(self, bootstrap: str, *, best_fit: bool = False, catalog: int = 0) -> None:
        self.bootstrap = bootstrap
        self.best_fit = best_fit
        self.catalog = catalog
        self.prefix = f"bench-{secrets.token_hex(4)}"
        self._secret = SecretStr(secrets.token_urlsafe(32))

    def settings(self, log: str, **more: Any) -> Settings:
        """A worker's settings on one of this site's logs: default, but for what silences it.

        What is set in the environment does not count: figures must be comparable.
        """
        ours = {
            "kafka_bootstrap": self.bootstrap,
            "topic_prefix": f"{self.prefix}-{log}",
            "group_id": f"{self.prefix}-{log}",
            "worker_name": f"{self.prefix}-{log}",
            "partitions": PARTITIONS,
            "receipt_secret": self._secret,
            "best_fit": self.best_fit,
            "checkpoint_url": "none",  # a worker that starts folds what it is measured by
        }
        wide = assortment.SETTINGS if self.catalog else {}
        return self_contained(inherited=(), **(OPEN | ours | wide | more))

    def job(self, variant: str, log: str, events: int) -> Job:
        """The job of a stock agent on one of this site's logs."""
        source = self.settings(log).topics.events
        out = f"{self.prefix}-{variant}-{log}"
        return Job(variant, self.bootstrap, PARTITIONS, events, source, out, directory="")

    async def make_log(self, log: str) -> Settings:
        """The topics of one log, and a worker's settings on it."""
        settings = self.settings(log)
        topics = {name: topic.config for name, topic in settings.topics.declared().items()}
        topics[settings.topics.prompts] |= APPEND_TIME
        topic, reference = settings.topics.catalog, settings.topics.reference()
        if self.catalog:
            await tape.make_topics(self.bootstrap, 1, {topic: reference[topic].config})
        await tape.make_topics(self.bootstrap, PARTITIONS, topics)
        if self.catalog:
            items = assortment.taped_assortment(self.catalog)
            await tape.record(self.bootstrap, topic, items)
        return settings

    async def make_output(self, job: Job) -> None:
        """The topic that a stock agent writes."""
        await tape.make_topics(self.bootstrap, PARTITIONS, {job.out: APPEND_TIME})

    async def clear(self) -> None:
        """Delete every topic of this site."""
        await tape.drop_topics(self.bootstrap, self.prefix)
