"""What `goeswith catalog import` says of a file before anything is sent."""

import json
from pathlib import Path

from click.testing import CliRunner

from streams.cli.root import goeswith

FILE = """item_id,price,currency,cost,in_stock
jam,4.00,EUR,3.90,yes
tea,4.00,EUR,1.00,yes
"""


def test_an_import_counts_what_the_margin_floor_withholds(tmp_path: Path) -> None:
    """As the workers will: by the floor that they have; and by none where none is set."""
    file = tmp_path / "feed.csv"
    file.write_text(FILE)
    typed = ["catalog", "import", str(file), "--dry-run"]
    floor = {"GOESWITH_MARGIN_RATIO_MIN": "0.2"}
    told = CliRunner().invoke(goeswith, [*typed, "--json"], env=floor, catch_exceptions=False)
    words = CliRunner().invoke(goeswith, typed, env=floor, catch_exceptions=False).output
    without = CliRunner().invoke(goeswith, typed, catch_exceptions=False).output

    assert 1 == json.loads(told.output.splitlines()[-1])["margin"]
    assert "2 items (1 below the margin floor)" in words
    assert "margin" not in without


def test_a_currency_of_the_command_that_is_none_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    """Each line would be wrong, for one word that is."""
    file = tmp_path / "feed.csv"
    file.write_text(FILE)
    typed = ["catalog", "import", str(file), "--dry-run", "--currency", "EURO"]
    done = CliRunner().invoke(goeswith, typed)

    assert 2 == done.exit_code
    assert "'EURO' is no code of ISO 4217, such as EUR" in done.output
