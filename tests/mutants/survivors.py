"""The survivors that are known, each with a reason: `survivors.toml`."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")


def known() -> dict[str, str]:
    """Why each known survivor lives, by the module's name and the mutant's."""
    groups = tomllib.loads(FILE.read_text()).get("because", [])
    return {name: group["reason"] for group in groups for name in group["survivors"]}
