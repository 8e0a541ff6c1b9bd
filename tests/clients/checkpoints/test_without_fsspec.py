"""Who has not installed what object stores need is told the command that installs it."""

import sys

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith


@pytest.mark.parametrize(
    ("url", "driver"),
    [("s3://bread/butter", " s3fs"), ("gs://b", " gcsfs"), ("sftp://b/c", "")],
)
def test_what_is_missing_is_named_with_the_way_on(
    url: str, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with exit code 2, and before anything else is done."""
    monkeypatch.setitem(sys.modules, "fsspec", None)  # as where it is not installed
    told = CliRunner().invoke(
        goeswith, ["checkpoint", "inspect"], env={"GOESWITH_CHECKPOINT_URL": url}
    )

    assert 2 == told.exit_code
    assert f"pip install 'goeswith[object-store]'{driver}\n" in told.stderr
    assert 1 == len(told.stderr.splitlines())
