"""What is told of receipts that are refused, and which fields none may have."""

import pytest

from streams.contract.errors import InvalidReceipt
from streams.contract.receipts import Receipts, receipt_of

AT_MS = 1_767_225_600_000
FIELDS = ["p1", "s1", "popular", "basket/new", 0.25, 0.05, ["butter"], AT_MS]


def test_a_receipt_of_another_version_is_told_by_its_number() -> None:
    """An operator who rolled back reads which one it was."""
    with pytest.raises(InvalidReceipt, match="is of version 12, 2 is the latest"):
        Receipts("secret").open("12.abc", "s1")


@pytest.mark.parametrize("until", [AT_MS + 0.5, "soon", AT_MS - 1])
def test_a_receipt_expires_at_a_whole_millisecond_after_its_prompt(until: object) -> None:
    """As every time in an event is one; whatever else stands there is no receipt."""
    with pytest.raises(ValueError, match="expired before its prompt"):
        receipt_of([*FIELDS, until])
    assert AT_MS == receipt_of([*FIELDS, AT_MS]).expires_at_ms
