"""Counts of what became of foreign records, in words and as JSON."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from streams.cli.printable import printable
from streams.storefront.intake.drafts import Intake

NAMES_MAX = 20
"""So many kinds of what was ignored are told apart: their names are the sender's."""
OTHERS = "(others)"


@dataclass
class Counts:
    """Counts of what was read."""

    records: int = 0
    events: Counter[str] = field(default_factory=Counter)
    """By type."""
    rejections: Counter[str] = field(default_factory=Counter)
    """By reason."""
    ignored: Counter[str] = field(default_factory=Counter)
    """By the source's own name."""

    def count(self, became: Intake) -> None:
        """One record more."""
        self.records += 1
        self.events.update(event.type for event in became.events)
        self.rejections.update(one.reason for one in became.rejections)
        for name, times in became.ignored.items():
            known = name in self.ignored or len(self.ignored) < NAMES_MAX
            self.ignored[name if known else OTHERS] += times

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {name: dict(n) if isinstance(n, Counter) else n for name, n in vars(self).items()}

    def in_words(self) -> str:
        """The counts, a line each.

        >>> print(Counts(records=2).in_words())
        2 records: 0 events, 0 rejections
        """
        made, refused = sum(self.events.values()), sum(self.rejections.values())
        said = [f"{self.records:,} records: {made:,} events, {refused:,} rejections"]
        for title in ("events", "rejections", "ignored"):
            if counts := getattr(self, title):
                told = ", ".join(f"{n:,} {printable(name)}" for name, n in counts.most_common())
                said.append(f"  {title}: {told}")
        if made == 0 and refused == self.rejections["invalid_json"] > 0:
            said.append("  hint: one record a line; `jq -c . FILE` makes lines of JSON")
        return "\n".join(said)
