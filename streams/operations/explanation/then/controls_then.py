"""Controls as they were when an event was answered, as far as their topic still tells.

The topic is compacted: what a control was before its latest change may be gone. Then nothing is
known of it for the time before. Controls that belong to the catalogue (hidden, curated, bundles,
loyalty) are not looked at, nor is the catalogue.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import JsonValue

from streams.contract.errors import InvalidReference, NotAuthorized, TopicsWrong
from streams.contract.events.reference.bundles import PREFIX as BUNDLES
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.curated import PREFIX as CURATED
from streams.contract.settings import Settings
from streams.shop.decision.controls.controls import OF_CATALOG, Controlled, Controls
from streams.shop.decision.controls.registry import known
from streams.storefront.reference.topic_log import Kept, kept


class ControlChange(NamedTuple):
    """What a control is from a time on; None: it is set no longer."""

    at_ms: int
    """When its record was written."""
    key: str
    value: JsonValue


class ControlsThen:
    """What decisions went by at each time: by the changes of controls, in any order."""

    def __init__(
        self, settings: Settings, changes: Iterable[ControlChange] = (), *, unread: bool = False
    ) -> None:
        self.unread = unread
        """Whether nobody may read the topic: then nothing is known."""
        now = Controls(settings)
        self._times: list[int] = []
        self._stood: list[Controlled | None] = [None]
        for change in sorted(changes, key=lambda change: change.at_ms):
            if not _decides(change.key):
                continue
            try:
                now.put(change.key, change.value, size=0)
            except InvalidReference:  # workers refuse it as well
                continue
            self._times.append(change.at_ms)
            self._stood.append(now.now)

    def at(self, time_ms: int) -> Controlled | None:
        """What a decision of this time went by; None: no control is known to have been set."""
        return self._stood[bisect_right(self._times, time_ms)]


def controls_then(settings: Settings) -> ControlsThen:
    """All that the topic tells; where there is none, no control was ever set."""
    try:
        records = [*kept(settings, settings.topics.control, ControlRecord, quiet=True)]
    except TopicsWrong:
        return ControlsThen(settings)
    except NotAuthorized:
        return ControlsThen(settings, unread=True)
    return ControlsThen(settings, (_change(one) for one in records if not one.refused))


def _change(one: Kept[ControlRecord]) -> ControlChange:
    """A record as a change; a tombstone takes its control away."""
    return ControlChange(one.timestamp_ms, one.key, one.record.value if one.record else None)


def _decides(key: str) -> bool:
    """Whether decisions go by a control, and not their catalogue, or nobody."""
    return known(key) is not None and not (key in OF_CATALOG or key.startswith((CURATED, BUNDLES)))
