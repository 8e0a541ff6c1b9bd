"""What was compiled is used again, as long as the sources are the same: all of them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = {
    "__init__": "",
    "prices": "RATE = 2",
    "tills/__init__": "",
    "tills/inner": """
from models.compiled import compiled
from shop.prices import RATE

@compiled
def price(basket, place):
    return RATE * basket[place]
""",
    "outer": """
from models.compiled import compiled
from shop.tills.inner import price

@compiled
def bill(basket, place):
    return price(basket, place) + 1
""",
}
ASKED = """
import numpy as np
from shop.outer import bill

print(bill(np.array([10]), {place}), "kept" if bill.stats.cache_hits else "compiled")
"""
"""Prints the bill of one item, and where the code came from."""
BECOME_NOBODY = """
import os, numba, numpy as np, models.compiled

numba.njit(lambda numbers: numbers[0])(np.array([1]))  # imports all that it is in want of
os.setgid(65534)
os.setuid(65534)
"""


def written(package: Path) -> Path:
    """A tiny package with a loop that calls one in another room, which reads a third file."""
    (package / "tills").mkdir(parents=True)
    for name, text in PACKAGE.items():
        (package / f"{name}.py").write_text(text)
    return package


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The package, for this test alone."""
    return written(tmp_path / "top" / "shop")


def started(
    shop: Path, *, place: int = 0, before: str = "", **environment: str
) -> "subprocess.Popen[str]":
    """A process of its own that asks for the bill."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = shop.parent.parent / "home"
    paths = os.pathsep.join([str(shop.parent), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-c", before + ASKED.format(place=place)],
        env={**kept, "PYTHONPATH": paths, "HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answered(process: "subprocess.Popen[str]") -> str:
    """What it says."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out.strip()


def editions(shop: Path) -> list[Path]:
    """The directories in which code is kept beside the sources."""
    return sorted((shop / "__pycache__").glob("compiled-*"))


def test_an_edited_callee_in_another_file_is_compiled_anew(shop: Path) -> None:
    """And a constant that it reads; what was kept of the edition before is removed."""
    assert "21 compiled" == answered(started(shop))
    assert "21 kept" == answered(started(shop))
    before = editions(shop)

    (shop / "tills" / "inner.py").write_text(
        PACKAGE["tills/inner"].replace("RATE *", "100 + RATE *")
    )
    assert "121 compiled" == answered(started(shop))
    assert 1 == len(editions(shop)) == len(set(editions(shop)) - set(before))

    (shop / "prices.py").write_text("RATE = 3")
    assert "131 compiled" == answered(started(shop))


def test_code_that_checks_its_bounds_is_kept_apart_from_code_that_does_not(shop: Path) -> None:
    """Otherwise the one that was compiled first would be used for both."""
    answered(started(shop))
    process = started(shop, place=5, NUMBA_BOUNDSCHECK="1")
    _, err = process.communicate(timeout=200)

    assert "IndexError" in err
    assert "21 kept" == answered(started(shop, NUMBA_BOUNDSCHECK="1"))
    assert "21 kept" == answered(started(shop))
    assert 2 == len(editions(shop))


def test_processes_that_start_at_once_all_have_the_right_code(shop: Path) -> None:
    """They take turns to write, and leave something that the next one can use."""
    processes = [started(shop) for _ in range(4)]

    assert {"21"} == {answered(process).split()[0] for process in processes}
    assert "21 kept" == answered(started(shop))


def test_code_is_kept_where_python_keeps_none_of_its_own(shop: Path) -> None:
    """`PYTHONDONTWRITEBYTECODE` is about bytecode."""
    answered(started(shop, PYTHONDONTWRITEBYTECODE="1"))

    assert "21 kept" == answered(started(shop, PYTHONDONTWRITEBYTECODE="1"))


def test_code_is_kept_where_it_is_told_to_be(shop: Path, tmp_path: Path) -> None:
    """`NUMBA_CACHE_DIR` comes first; editions are removed there, too."""
    elsewhere = str(tmp_path / "elsewhere")
    answered(started(shop, NUMBA_CACHE_DIR=elsewhere))

    assert "21 kept" == answered(started(shop, NUMBA_CACHE_DIR=elsewhere))
    assert [] == editions(shop)

    (shop / "prices.py").write_text("RATE = 3")
    assert "31 compiled" == answered(started(shop, NUMBA_CACHE_DIR=elsewhere))
    assert 2 == len(list(Path(elsewhere).rglob("compiled-*")))  # one a room


def test_where_sources_cannot_be_written_to_the_users_directory_serves(shop: Path) -> None:
    """A file in the place of the directory is as good as no permission."""
    (shop / "__pycache__").write_text("")
    answered(started(shop))

    assert "21 kept" == answered(started(shop))


def test_where_nothing_can_be_written_each_process_compiles(shop: Path, tmp_path: Path) -> None:
    """Slower, and right."""
    (shop / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")

    assert ["21 compiled"] * 2 == [answered(started(shop)) for _ in range(2)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_a_package_that_may_only_be_read_is_still_read() -> None:
    """An image that was warmed when it was made starts warm, whoever it runs as."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        shop = written(Path(top, "top", "shop"))
        answered(started(shop))

        assert "21 kept" == answered(started(shop, before=BECOME_NOBODY, HOME="/nowhere"))
