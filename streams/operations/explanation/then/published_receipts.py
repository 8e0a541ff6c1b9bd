"""Receipts without the secret: what was published to a session is known to be ours.

Whether a prompt was shown decides about later silences, and feedback is told by its receipt. A
receipt that stands in a prompt on the topic needs no key to be believed: the prompt says it all.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Self

from models import Candidate
from streams.contract.errors import InvalidReceipt
from streams.contract.published.prompts import Prompt, PromptItem
from streams.contract.receipts import PREFIX, Receipt, Receipts
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import BEST_WORTH
from streams.shop.decision.policy.item_values import fit


class PublishedReceipts(Receipts):
    """Opens what the secrets of the settings have sealed, and what was published.

    Where prompts earn money, `in_money`, a prompt says how much spoke for each item; what an item
    would earn it does not say, nor by which pair it was judged: for the arm that is judged by pairs
    the receipt itself is opened where the secret is there. So how often offers were sold is counted
    as the worker counted it; without the secret its prompts are known all the same.

    >>> from streams.contract.schemas.examples import PROMPT
    >>> PublishedReceipts("another secret", [PROMPT]).open(PROMPT.receipt, "session-7").items
    ('butter',)
    """

    def __init__(self, secrets: str, prompts: Iterable[Prompt], *, in_money: bool = False) -> None:
        super().__init__(secrets)
        self._published = {
            prompt.receipt.rstrip("="): _receipt(prompt, in_money=in_money) for prompt in prompts
        }

    @classmethod
    def of(cls, settings: Settings, prompts: Iterable[Prompt]) -> Self:
        """Those that a shop of these settings opens."""
        secrets = settings.receipt_secret.get_secret_value()
        return cls(secrets, prompts, in_money=settings.reward == "net")

    def open(self, token: str, session_id: str) -> Receipt:
        """The receipt in a token of this session; raises `InvalidReceipt`."""
        receipt = self._published.get(token.rstrip("="))  # some shops strip the padding
        if receipt is None or receipt.session_id != session_id:
            return super().open(token, session_id)
        if receipt.arm == BEST_WORTH:
            with suppress(InvalidReceipt):
                return super().open(token, session_id)
        return receipt


def _receipt(prompt: Prompt, *, in_money: bool) -> Receipt:
    """What a prompt's receipt says, as the prompt itself says it."""
    return Receipt(
        prompt.prompt_id,
        prompt.session_id,
        prompt.arm,
        prompt.context,
        prompt.propensity,
        (prompt.estimates or {}).get(prompt.arm, 0.0),
        tuple(item.item_id for item in prompt.items),
        prompt.occurred_at_ms,
        prompt.expires_at_ms if prompt.receipt.startswith(PREFIX) else None,
        worths=tuple(map(_worth, prompt.items)) if in_money else (),
    )


def _worth(item: PromptItem) -> ItemWorth:
    """How much spoke for an offered item."""
    said = item.evidence
    return ItemWorth(fit=fit(Candidate(item.item_id, item.score, said.together, said.of, "")))
