"""Who looks at the demo's shop: a visit is a cookie, and its session token is signed as any shop's.

A visit's id is 128 random bits: nobody can guess another one, and so nobody reads another's story.
It is chosen so that the experiment does not hold the visitor out: one in twenty would else see no
prompt at all, and think that nothing works. The simulated shoppers are held out as they are drawn.
"""

import re
import secrets

from streams.contract.settings import Settings
from streams.shop.people.assignment import Experiment
from streams.storefront.gateway.access.tokens import SessionOwner, SessionTokens

COOKIE = "goeswith-demo-visit"
VISIT = re.compile(r"visitor-[0-9a-f]{32}")
TOKEN_S = 900
TRIES_MAX = 1000
"""Where all are held out, one who is has to do."""


class Visits:
    """Begins visits and signs their tokens.

    >>> visits = Visits(Settings(gateway_keys="no secret at all and long enough for one"))
    >>> first, other = visits.begin(), visits.begin()
    >>> visits.known(first), visits.known("visit-17"), visits.known(None), first == other
    (True, False, False, False)
    """

    def __init__(self, settings: Settings) -> None:
        self._tokens = SessionTokens(settings.shop_keys, settings.topic_prefix, TOKEN_S)
        self._experiment = Experiment.of(settings)

    def begin(self) -> str:
        """The id of a new visit; also its session id."""
        for _ in range(TRIES_MAX):
            made = f"visitor-{secrets.token_hex(16)}"
            if self._experiment is None or not self._experiment.draw(made)[0]:
                break
        return made

    def known(self, cookie: str | None) -> bool:
        """Whether a cookie may be one of ours."""
        return cookie is not None and VISIT.fullmatch(cookie) is not None

    def token(self, visit: str, now_s: float) -> str:
        """A session token of this visit."""
        return self._tokens.mint(SessionOwner(session_id=visit), int(now_s))
