"""A board of arms that counts first impressions beside what it shows."""

from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.shop.memory.answer import OutgoingPrompt
from streams.storefront.reference.guardrails.first_impressions import FirstImpressions
from streams.views.arm_board import ArmBoard


class FirstsBoard(ArmBoard):
    """Counts of news alone, which can be true."""

    def __init__(self, firsts: FirstImpressions) -> None:
        super().__init__()
        self.firsts = firsts

    def count(self, published: Prompt | OutgoingPrompt | Outcome) -> None:
        """Count what is known to be no repeat."""
        super().count(published)
        if not isinstance(published, Outcome):
            return
        if published.stage == "shown":
            who, at_ms = published.session_id, published.occurred_at_ms
            self.firsts.shown(published.arm, who, published.prompt_id, at_ms)
        elif published.stage == "dismissed":
            self.firsts.dismissed(published.prompt_id)
