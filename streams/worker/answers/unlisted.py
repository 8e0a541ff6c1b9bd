"""Words of events that are ignored in silence: segments nobody listed, languages without texts.

Each is said once in the log and counted in the telemetry, by the worker that answers the event.
Names come from senders, so only so many are told apart.
"""

import logging
from collections import Counter

from streams.contract.events import Event, segment_names
from streams.contract.settings import BUILT_IN_SEGMENTS, Settings
from streams.shop.decision.languages.messages import TEXTS, language
from streams.worker.telemetry import Telemetry

logger = logging.getLogger(__name__)

NAMES_MAX = 50
OTHERS = "(others)"
"""What names beyond `NAMES_MAX` are counted under."""
LOCALES_MAX = 1000
"""Spellings of locales that are known to have texts."""


class Unlisted:
    """Notes what events say that nobody uses.

    >>> from streams.contract.schemas.examples import ITEM_VIEWED
    >>> telemetry = Telemetry()
    >>> Unlisted(Settings(segments="trade"), telemetry).note(ITEM_VIEWED)
    >>> telemetry.unlisted_segments, telemetry.languages_without_texts
    (Counter({'club': 1}), Counter())
    """

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._segments = segment_names(settings)
        self._locales: set[str] = set()

    def note(self, event: Event) -> None:
        """Count what an event says in vain; cheap where it does not."""
        segment, locale = event.segment, event.locale
        if segment is not None and segment not in self._segments:
            self._note_segment(segment)
        if locale is not None and locale not in self._locales:
            self._note_locale(locale)

    def _note_segment(self, segment: str) -> None:
        if not _counted(self._telemetry.unlisted_segments, segment):
            return
        if segment in BUILT_IN_SEGMENTS:
            logger.warning("segment %r is a built-in word, and ignored in events", segment)
        else:
            logger.warning(
                "segment %r is not listed in GOESWITH_SEGMENTS: its shoppers count as known or new",
                segment,
            )

    def _note_locale(self, locale: str) -> None:
        spoken = language(locale)
        if spoken in TEXTS:
            if len(self._locales) < LOCALES_MAX:
                self._locales.add(locale)
        elif _counted(self._telemetry.languages_without_texts, spoken):
            known = ", ".join(TEXTS)
            logger.warning("no texts in language %r: it gets English (there are %s)", spoken, known)


def _counted(counts: Counter[str], name: str) -> bool:
    """Count a name; whether it is a new one."""
    new = name not in counts
    if new and len(counts) >= NAMES_MAX:
        counts[OTHERS] += 1
        return False
    counts[name] += 1
    return new
