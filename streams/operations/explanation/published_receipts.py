"""Receipts without the secret: what was published to a session is known to be ours.

Whether a prompt was shown decides about later silences, and feedback is told by its receipt. A
receipt that stands in a prompt on the topic needs no key to be believed: the prompt says it all.
"""

from collections.abc import Iterable

from streams.contract.prompts import Prompt
from streams.contract.receipts import PREFIX, Receipt, Receipts


class PublishedReceipts(Receipts):
    """Opens what the secrets of the settings have sealed, and what was published.

    >>> from streams.contract.schemas.examples import PROMPT
    >>> PublishedReceipts("another secret", [PROMPT]).open(PROMPT.receipt, "session-7").items
    ('butter',)
    """

    def __init__(self, secrets: str, prompts: Iterable[Prompt]) -> None:
        super().__init__(secrets)
        self._published = {prompt.receipt.rstrip("="): _receipt(prompt) for prompt in prompts}

    def open(self, token: str, session_id: str) -> Receipt:
        """The receipt in a token of this session; raises `InvalidReceipt`."""
        receipt = self._published.get(token.rstrip("="))  # some shops strip the padding
        if receipt is None or receipt.session_id != session_id:
            return super().open(token, session_id)
        return receipt


def _receipt(prompt: Prompt) -> Receipt:
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
    )
