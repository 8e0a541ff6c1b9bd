"""What is sold out is taken back on a real Kafka, by whoever answers for the session by then."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.operations.topics import create_topics
from streams.storefront.reference.topic_log import send
from tests.integration.workers import Staff
from tests.integration.workers import send as send_events
from tests.stories import Story

SESSIONS = 12


class Mall:
    """A shop of two partitions that has learned what goes with bread, and with tea."""

    def __init__(self, staff: Staff) -> None:
        self.staff, self.settings = staff, staff.settings
        self.topics = staff.settings.topics

    def open(self) -> None:
        """Ann works alone, and learns."""
        self.staff.start("ann")
        self.staff.until_at_work("ann")
        now_ms = int(time.time() * 1000) - 60_000
        pasts = [Story(f"past-{number}", start_ms=now_ms) for number in range(5)]
        for first, second in (("bread", "butter"), ("tea", "honey")):
            learned = (
                event
                for past in pasts
                for event in (past.add(first), past.add(second), past.order(first))
            )
            send_events(self.settings, learned)
        self.staff.until_answered()

    def offer(self, looked_at: str, hour: str) -> set[str]:
        """Sessions on both partitions look at an item; the ids of their prompts."""
        now_ms = int(time.time() * 1000)
        stories = [Story(f"{hour}-{number}", start_ms=now_ms) for number in range(SESSIONS)]
        asked = [story.view(looked_at) for story in stories]
        send_events(self.settings, asked)
        self.staff.until_answered()
        causes = {event.event_id for event in asked}
        return {one.prompt_id for one in self.staff.prompts() if one.caused_by in causes}

    def sell_out(self, item_id: str) -> None:
        """The catalogue says so."""
        send(self.settings, self.topics.catalog, [CatalogItem(item_id=item_id, in_stock=False)])

    def until_taken_back(self, prompts: set[str]) -> list[PromptWithdrawn]:
        """Wait until all of these are; what else was taken back fails the test."""
        self.staff.until(lambda: {gone.prompt_id for gone in self.gone()} >= prompts, "taken back")
        return [gone for gone in self.gone() if gone.prompt_id in prompts]

    def gone(self) -> list[PromptWithdrawn]:
        """What was taken back so far; each behind its prompt, on its partition."""
        found, seen = [], set()
        for record in self.staff.read(self.topics.prompts):
            said = ANY_PUBLISHED.validate_json(record.value or b"")
            assert record.key == said.session_id.encode()
            if isinstance(said, Prompt):
                seen.add((record.at.number, said.prompt_id))
            else:
                assert (record.at.number, said.prompt_id) in seen
                found.append(said)
        return found


@pytest.fixture
def mall(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Mall]:
    """The mall, not open yet."""
    staff = Staff(kafka, topic_prefix, tmp_path, partitions=2)
    create_topics(staff.settings)
    try:
        yield Mall(staff)
    finally:
        staff.go_home()


def test_prompts_that_somebody_else_published_are_taken_back_after_each_rebalance(
    mall: Mall,
) -> None:
    """Ann publishes; Bob joins and takes a partition; Ann is killed, and Bob has both.

    Each time what is sold out is taken back everywhere, once, and answering goes on.
    """
    mall.open()
    morning = mall.offer("bread", "morning")
    assert SESSIONS == len(morning)
    mall.staff.start("bob")
    mall.staff.until_at_work("ann", "bob")
    mall.staff.until(lambda: 1 == len(mall.staff.state("ann").get("assigned", ())), "dealt")
    mall.sell_out("butter")
    first = mall.until_taken_back(morning)
    assert {("sold_out", "butter", "")} == {(g.because, g.item_id, g.caused_by) for g in first}
    assert SESSIONS == len(first)
    assert {"ann", "bob"} == {
        name
        for name in ("ann", "bob")
        if mall.staff.state(name)["telemetry"]["catalogue_withdrawals"] == {"sold_out": len(first)}
        or mall.staff.state(name)["telemetry"]["withdrawals"]
    }

    noon = mall.offer("tea", "noon")
    assert SESSIONS == len(noon)
    mall.staff.workers.pop("ann").kill()
    mall.staff.until(lambda: 2 == len(mall.staff.state("bob").get("assigned", ())), "taken over")
    mall.sell_out("honey")
    assert SESSIONS == len(mall.until_taken_back(noon))
    evening = mall.offer("bread", "evening")
    assert SESSIONS == len(evening) + sum(
        mall.staff.state("bob")["telemetry"]["silences"].get(why, 0)
        for why in ("withheld", "no_candidate")
    )
    telemetry = mall.staff.state("bob")["telemetry"]
    assert 0 == telemetry["inheritances_failed"]
