"""Session tokens: who a browser is, in the shop's word.

A token is a JSON Web Token (RFC 7519), signed with HMAC-SHA-256 (`HS256`) by one of the shop's
keys: any language makes one, or `POST /v1/sessions` does. It lives for minutes and is worth no more
than the session that it names. Its claims:

```
aud         the prefix of our topics (`goeswith`): a token of another installation is none here
iat, exp    when it was made and when it ends, in seconds since 1970; not further apart than
            `gateway_token_s`
nbf         optional: it does not hold before then
session_id  whose it is: the key of its events and prompts
visitor_id  optional: the browser or device
shopper_id  optional: who is signed in; null: nobody; left out: the token does not say
segment     optional: the merchant's segment of this shopper
points_balance  optional: how many loyalty points they have by now
```

Of several keys the first signs and all are taken, so a key is changed without a pause:
`old` → `old,new` → `new,old` → `new`. What is wrong with a token is told only to whom had it signed
by us: whoever makes one up learns nothing but that.

A browser shows the same token with whatever it sends. So what one says is kept, once it was found
to be signed and whole; whether it holds now is looked at each time.
"""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Any

import jwt
from jwt.types import Options
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from streams.contract.errors import Misconfigured, MissingSecret, RequestRefused
from streams.contract.events.fields import Balance, Id, TrimmedId, as_balance

ALGORITHM = "HS256"
KEY_BYTES_MIN = 32
"""As long as the hash that it keys (RFC 7518, section 3.2)."""
TOKEN_CHARS_MAX = 4096
TOKENS_KEPT_MAX = 10_000
"""Of which is known what they say: some 15 MB at most of tokens as shops make them."""
SKEW_S = 60
"""So much may the shop's clock be ahead of ours."""
EXACT = 2**53
"""Up to here a float is a number of seconds."""
UNCHECKED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
"""Times are looked at here, by a clock that is an argument."""


def _said(value: Any) -> Any:
    """What a template has put in, where it had something: an empty text is none, as in events."""
    return None if isinstance(value, str) and not value.strip() else value


def _seconds(value: Any) -> Any:
    """A time of RFC 7519, which may have parts of a second, without these."""
    return int(value) if isinstance(value, float) and abs(value) < EXACT else value


OrNothing = BeforeValidator(_said)
NumericDate = Annotated[int, BeforeValidator(_seconds), Field(ge=0)]


class SessionOwner(BaseModel):
    """Whose a session is: what `POST /v1/sessions` is asked with, and what a token says."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True
    )

    session_id: Id
    """The visit: the key of its events and prompts."""
    visitor_id: Annotated[TrimmedId | None, OrNothing] = None
    """The browser or device: a first-party id that outlives visits."""
    shopper_id: Annotated[TrimmedId | None, OrNothing] = None
    """Who is signed in: a pseudonym; null, or empty: nobody; left out: not said, as it was."""
    segment: Annotated[Annotated[str, Field(min_length=1, max_length=32)] | None, OrNothing] = None
    """The merchant's segment of this shopper."""
    points_balance: Annotated[Balance | None, BeforeValidator(as_balance)] = None
    """How many loyalty points they have by now; what is no number of points is not told."""

    @property
    def says_who(self) -> bool:
        """Whether it says who is signed in, or that nobody is."""
        return "shopper_id" in self.model_fields_set


class Claims(SessionOwner):
    """All that a token says."""

    iat: NumericDate
    """When it was made, in seconds since 1970."""
    exp: NumericDate
    """From when on it holds no more."""
    nbf: NumericDate = 0
    """Before then it does not hold yet; it may be left out."""


class SessionTokens:
    """Makes and reads session tokens.

    Parameters
    ----------
    keys
        The shop's: the first one signs, all are taken. Raises `MissingSecret` for none, and
        `Misconfigured` for one that is short.
    audience
        The prefix of our topics.
    life_s
        How long a token lives, and may live at most.
    kept_max
        Of so many tokens it is kept what they say; what was read first is let go first.

    Examples
    --------
    >>> tokens = SessionTokens(["not a secret, and long enough for it"], "goeswith", life_s=3600)
    >>> token = tokens.mint(SessionOwner(session_id="session-7"), now_s=1_767_225_600)
    >>> tokens.read(token, now_s=1_767_225_601).session_id
    'session-7'
    """

    def __init__(
        self,
        keys: Sequence[str],
        audience: str,
        life_s: float,
        kept_max: int = TOKENS_KEPT_MAX,
    ) -> None:
        if not keys:
            raise MissingSecret(
                "the gateway has no key to sign session tokens with: set GOESWITH_GATEWAY_KEYS, "
                "for example to the output of `python3 -c 'import secrets; "
                "print(secrets.token_urlsafe(32))'`"
            )
        self._keys = [key.encode() for key in keys]
        if any(len(key) < KEY_BYTES_MIN for key in self._keys):
            raise Misconfigured(
                f"a key in GOESWITH_GATEWAY_KEYS is shorter than {KEY_BYTES_MIN} characters: who "
                "has seen a token could find it by trying"
            )
        self.audience = audience
        self.life_s = int(life_s)
        self.kept_max = kept_max
        self._kept: OrderedDict[str, Claims] = OrderedDict()

    def mint(self, visit: SessionOwner, now_s: int) -> str:
        """A token for this visit, from now on."""
        said = visit.model_dump(exclude_unset=True)
        times = {"aud": self.audience, "iat": now_s, "exp": now_s + self.life_s}
        return jwt.encode({**said, **times}, self._keys[0], algorithm=ALGORITHM)

    def read(self, token: str, now_s: float) -> Claims:
        """What a token says; raises `RequestRefused`, 401, for one that does not hold."""
        claims = self._kept.get(token) or self._read(token)
        if claims.exp <= now_s:
            raise RequestRefused(401, "token_expired", "the session token has ended: get another")
        if max(claims.iat, claims.nbf) > now_s + SKEW_S:
            wrong = "the session token is of the future: iat and nbf are seconds since 1970"
            raise RequestRefused(401, "token_early", wrong)
        if claims.exp - claims.iat > self.life_s:
            raise RequestRefused(
                401, "token_lives_too_long", f"a session token lives for {self.life_s} s at most"
            )
        return claims

    def _read(self, token: str) -> Claims:
        """What one says that was not seen before; raises `RequestRefused`, 401."""
        said = self._signed(token)
        if said is None:
            raise RequestRefused(401, "token_invalid", "the session token is none of ours")
        try:
            claims = self._kept[token] = Claims.model_validate(said)
        except ValidationError as wrong:
            what = ", ".join(".".join(map(str, e["loc"])) for e in wrong.errors(include_url=False))
            raise RequestRefused(
                401, "token_claims", f"claims of the session token are missing or wrong: {what}"
            ) from None
        if len(self._kept) > self.kept_max:
            self._kept.popitem(last=False)
        return claims

    def is_key(self, given: str) -> bool:
        """Whether this is one of the shop's keys: each is compared, and takes as long."""
        said = given.encode("utf-8", "surrogatepass")
        return sum(hmac.compare_digest(said, key) for key in self._keys) > 0

    def _signed(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that one of our keys has signed, for us; else None."""
        if len(token) > TOKEN_CHARS_MAX:
            return None
        for key in self._keys:
            try:
                said: dict[str, Any] = jwt.decode(
                    token, key, [ALGORITHM], audience=self.audience, options=UNCHECKED
                )
            except (jwt.InvalidTokenError, ValueError):
                continue
            return said
        return None
