"""Robots that say who they are: the crawlers of search engines, monitors, headless browsers."""

import re
from typing import Any

_ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|headless|lighthouse|pingdom|facebookexternalhit|"
    r"mediapartners|phantomjs|scrapy",
    re.IGNORECASE,
)  # a Cubot is a telephone
AGENT_CHARS_MAX = 1000


def is_robot(user_agent: Any) -> bool:
    """Whether a user agent is a robot's, by its own word.

    >>> is_robot("Mozilla/5.0 (compatible; Googlebot/2.1)"), is_robot("Mozilla/5.0 CUBOT X30")
    (True, False)
    """
    return isinstance(user_agent, str) and bool(_ROBOT.search(user_agent[:AGENT_CHARS_MAX]))
