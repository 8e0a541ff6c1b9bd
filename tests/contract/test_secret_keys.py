"""Keys from secrets: dear to guess, and ready before the first event."""

from streams.contract.receipts import Receipts
from streams.contract.secrets.secret_keys import stretch, stretched


def test_what_was_stretched_ahead_is_not_stretched_when_events_come() -> None:
    """Every one of the secrets: tens of milliseconds each, which no shopper has to wait for."""
    stretch("ahead of the first, ahead of the second")
    before = stretched.cache_info().misses
    assert 2 == len(Receipts("ahead of the first, ahead of the second").key_ids)

    assert before == stretched.cache_info().misses
