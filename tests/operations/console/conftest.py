"""A console with something to show."""

import pytest

from tests.operations.console.eyes import Eyes


@pytest.fixture
def eyes() -> Eyes:
    """Nothing has been read yet."""
    return Eyes()
