"""Looks at the log, stops the arms that break a guardrail, and says so: once, and again."""

import json
import time
from collections.abc import Iterable
from typing import Any

import click

from streams.cli.printable import many, printable
from streams.clients.log_reader import LogReader, Offsets, RawRecord
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.experiments.arms import BoardReader
from streams.experiments.evidence.log_beginning import forgotten
from streams.storefront.reference.guardrails.first_impressions import FirstImpressions
from streams.storefront.reference.guardrails.first_sales import FirstSales
from streams.storefront.reference.guardrails.firsts_board import FirstsBoard
from streams.storefront.reference.guardrails.judged import (
    REASON_CHARS_MAX,
    STOPPABLE,
    Guardrails,
    Lately,
    breaches,
    stops,
)
from streams.storefront.reference.guardrails.lately_estimates import LatelyEstimates
from streams.storefront.reference.topic_log import latest, send


class FirstsReader(BoardReader):
    """Reads the outcomes topic, and counts first impressions and first sales beside."""

    def __init__(self, settings: Settings, reader: LogReader, *args: Any, **more: Any) -> None:
        super().__init__(settings, reader, *args, **more)
        self.firsts = FirstImpressions()
        self.sales = FirstSales(self.firsts)
        self.board = FirstsBoard(self.firsts)
        self.evidence = self.lately = LatelyEstimates(self.evidence.floor, self.evidence.against)

    def _read(self, begins: Offsets, ends: Offsets) -> Iterable[RawRecord]:
        for record in super()._read(begins, ends):
            self.firsts.read(record.value)
            self.sales.read(record.value)
            yield record


class Guard:
    """Stops arms by what the log says of them; a broker that fails fails a look, and no more."""

    def __init__(
        self,
        settings: Settings,
        log: FirstsReader,
        allowed: Guardrails,
        *,
        dry_run: bool = False,
        as_json: bool = False,
    ) -> None:
        self.settings = settings
        self.log = log
        self.allowed = allowed
        self.dry_run = dry_run
        self.as_json = as_json
        self._told: set[str] = set()

    def look(self) -> str:
        """Read what has come, stop what is to be stopped, and return that in lines.

        What is not stopped, as no control can or as this is a dry run, is said once; how much is
        not counted, each time that it has doubled.
        """
        self.log.catch_up()
        log = self.log
        for said in forgotten(log.trials.begins_ms):
            if self._is_news("the log has forgotten"):
                click.echo(f"goeswith: {said}", err=True)
        left_out = log.firsts.left_out
        if left_out and self._is_news(f"left out {left_out.bit_length()}"):
            what = "outcomes not counted: too many sessions to know whose they are"
            click.echo(f"goeswith: {many(left_out, what)}", err=True)
        lately = Lately(log.firsts.lately, log.sales.lately, log.lately.lately)
        broken = breaches(log.firsts.by_arm, log.evidence, self.allowed, log.sales.by_arm, lately)
        if not broken:
            return ""
        for one in broken:
            if one.arm not in STOPPABLE and self._is_news(one.arm):
                said = f"{printable(one.arm)} breaks a guardrail, and no control stops it"
                why = printable(one.reason, REASON_CHARS_MAX)
                click.echo(f"goeswith: {said}: {why}", err=True)
        topic = self.settings.topics.control
        standing = latest(self.settings, topic, ControlRecord, quiet=True)
        found = stops(broken, standing, int(time.time() * 1000))
        if self.dry_run:
            found = [one for one in found if self._is_news(one.key)]
        elif found:
            send(self.settings, topic, found)
        return "\n".join(map(self._line, found))

    def _is_news(self, what: str) -> bool:
        """Whether it has not been said yet; from now on it has."""
        if what in self._told:
            return False
        self._told.add(what)
        return True

    def _line(self, record: ControlRecord) -> str:
        if self.as_json:
            return json.dumps(record.model_dump())
        state = "would be off" if self.dry_run else "is off"
        return f"{printable(record.key)} {state}: {printable(record.reason, REASON_CHARS_MAX)}"
