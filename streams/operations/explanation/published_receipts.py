"""Receipts without the secret: what was published to a session is known to be ours.

Whether a prompt was shown decides about later silences, and feedback is told by its receipt. A
receipt that stands in a prompt on the topic needs no signature to be believed.
"""

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterable

import orjson
from pydantic import SecretStr

from streams.contract.errors import InvalidReceipt
from streams.contract.prompts import Prompt
from streams.contract.receipts import SIGNATURE_BYTES, Receipt, Receipts, receipt_of
from streams.contract.settings import Settings


def with_some_secret(settings: Settings) -> Settings:
    """The settings with a secret: a shop needs one, and ours signs nothing that is sent."""
    if settings.receipt_secret.get_secret_value():
        return settings
    return settings.model_copy(update={"receipt_secret": SecretStr(secrets.token_urlsafe(32))})


class PublishedReceipts(Receipts):
    """Opens what the secrets of the settings have signed, and what was published.

    >>> from streams.contract.schemas.examples import PROMPT
    >>> PublishedReceipts("another secret", [PROMPT]).open(PROMPT.receipt, "session-7").items
    ('butter',)
    """

    def __init__(self, secrets: str, prompts: Iterable[Prompt]) -> None:
        super().__init__(secrets)
        self._published = {prompt.receipt.rstrip("="): prompt.session_id for prompt in prompts}

    def open(self, token: str, session_id: str) -> Receipt:
        """The receipt in a token of this session; raises `InvalidReceipt`."""
        stripped = token.rstrip("=")  # some shops strip the padding
        if self._published.get(stripped) != session_id:
            return super().open(token, session_id)
        payload = urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4))[SIGNATURE_BYTES:]
        try:
            return receipt_of(orjson.loads(payload))
        except ValueError as error:
            raise InvalidReceipt("receipt_version", f"another version signed it: {error}") from None
