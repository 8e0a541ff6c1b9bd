"""The survivors that are known, each with the reason why it lives: `survivors.toml`."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")


def known(text: str) -> dict[str, str]:
    """Why each known survivor lives, by its name; raises `ValueError` if one stands twice.

    >>> known('''
    ... [[alive]]
    ... because = "it is a tuned number"
    ... mutants = ["arms new_recommenders: 0.5 -> 1.5"]
    ... ''')
    {'arms new_recommenders: 0.5 -> 1.5': 'it is a tuned number'}
    """
    reasons: dict[str, str] = {}
    for group in tomllib.loads(text).get("alive", []):
        for name in group["mutants"]:
            if name in reasons:
                raise ValueError(f"{name!r} stands twice in {FILE.name}: keep one reason")
            reasons[name] = group["because"]
    return reasons
