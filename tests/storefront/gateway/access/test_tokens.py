"""Session tokens: forged, ended, another's, changed on the way: none of them holds."""

import base64
import hashlib
import hmac
import json
from itertools import pairwise
from typing import Any

import jwt
import pytest

from streams.contract.errors import Misconfigured, MissingSecret, RequestRefused
from streams.storefront.gateway.access.tokens import SessionOwner, SessionTokens
from tests.storefront.gateway.shopfront import (
    KEY,
    NOON_S,
    OLD_KEY,
    Shopfront,
    add,
    bearer,
)

CLAIMS = {"aud": "goeswith", "session_id": "ann", "iat": NOON_S, "exp": NOON_S + 600}


def signed(key: str = KEY, algorithm: str = "sha256", **other: Any) -> str:
    """A token by a library of another language: HMAC-SHA-256 over base64url, no padding."""
    claims = {name: value for name, value in {**CLAIMS, **other}.items() if value != "left out"}
    parts = [
        json.dumps(part).encode() for part in ({"alg": f"HS{algorithm[3:]}", "typ": "JWT"}, claims)
    ]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mark = hmac.new(key.encode(), text, getattr(hashlib, algorithm)).digest()
    return (text + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


def tokens(*keys: str) -> SessionTokens:
    """Of a shop with these keys."""
    return SessionTokens(keys or (KEY,), "goeswith", life_s=3600)


async def test_a_token_of_any_language_holds(front: Shopfront) -> None:
    """What the docs say is all that there is to it."""
    answer = await front.post(add(), signed(shopper_id="ann-1"))

    assert 200 == answer.status_code
    assert ("ann", "ann-1") == (front.bus.events[0].session_id, front.bus.events[0].shopper_id)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (signed("another key, though it is long enough, too"), "token_invalid"),
        (signed(aud="another-shop"), "token_invalid"),
        (signed(aud="left out"), "token_invalid"),
        (signed(aud=7), "token_invalid"),
        (signed()[:-2], "token_invalid"),
        (signed() + "x", "token_invalid"),
        (signed().replace(".", ".e30.", 1), "token_invalid"),
        (jwt.encode(CLAIMS, "", algorithm="none"), "token_invalid"),
        (signed(algorithm="sha384"), "token_invalid"),
        ("x" * 5000, "token_invalid"),
        ("..", "token_invalid"),
        ("\u00e9.\u00e9.\u00e9", "token_invalid"),
        (signed(exp=NOON_S), "token_expired"),
        (signed(iat=NOON_S + 61, exp=NOON_S + 600), "token_early"),
        (signed(nbf=NOON_S + 61), "token_early"),
        (signed(nbf="soon"), "token_claims"),
        (signed(exp=NOON_S + 3601), "token_lives_too_long"),
        (signed(exp="left out"), "token_claims"),
        (signed(iat="left out"), "token_claims"),
        (signed(exp=str(NOON_S + 60)), "token_claims"),
        (signed(exp=1e300), "token_claims"),
        (signed(session_id="left out"), "token_claims"),
        (signed(session_id=""), "token_claims"),
        (signed(session_id="x" * 129), "token_claims"),
        (signed(session_id="\ud800"), "token_claims"),
        (signed(session_id=None), "token_claims"),
        (signed(visitor_id=["bob"]), "token_claims"),
        (signed(exp=NOON_S + 0.5, iat=NOON_S - 9.5), "token_expired"),
        (signed(iat=NOON_S * 1000, exp=NOON_S * 1000 + 600), "token_early"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused(
    front: Shopfront, token: str, reason: str
) -> None:
    """Everywhere, and nothing is sent; who made one up learns only that."""
    with pytest.raises(RequestRefused) as refused:
        tokens().read(token, NOON_S)
    assert (401, reason) == (refused.value.status, refused.value.reason)
    for method, path in (
        ("POST", "/v1/events"),
        ("GET", "/v1/prompts"),
        ("GET", "/v1/prompts/stream"),
    ):
        answer = await front.http.request(method, path, params={"token": token})
        assert (401, reason) == (answer.status_code, answer.json()["reason"])
        assert "Bearer" == answer.headers["www-authenticate"]
    assert [] == front.bus.records


def test_a_token_that_was_read_before_ends_all_the_same() -> None:
    """What it says is kept, and read but once; whether it holds is looked at each time."""
    ours, token = tokens(), signed(exp=NOON_S + 600)
    first = ours.read(token, NOON_S)

    assert first is ours.read(token, NOON_S + 599)
    for now_s, reason in ((NOON_S + 600, "token_expired"), (NOON_S - 61, "token_early")):
        with pytest.raises(RequestRefused) as refused:
            ours.read(token, now_s)
        assert reason == refused.value.reason
    with pytest.raises(RequestRefused):
        ours.read(token[:-2] + "xx", NOON_S)


def test_what_tokens_say_is_kept_of_so_many() -> None:
    """Whoever was read first is read again; a token that does not hold takes nobody's place."""
    ours = SessionTokens((KEY,), "goeswith", life_s=3600, kept_max=2)
    ann, bob, eve = (signed(session_id=name) for name in ("ann", "bob", "eve"))
    first, second = ours.read(ann, NOON_S), ours.read(bob, NOON_S)
    for forged in (signed(aud="another-shop"), signed(session_id="")):
        with pytest.raises(RequestRefused):
            ours.read(forged, NOON_S)

    assert first is ours.read(ann, NOON_S)
    assert second is ours.read(bob, NOON_S)
    third = ours.read(eve, NOON_S)
    assert (second, third) == (ours.read(bob, NOON_S), ours.read(eve, NOON_S))
    assert second is ours.read(bob, NOON_S)
    assert first is not ours.read(ann, NOON_S)


async def test_who_says_nothing_is_refused(front: Shopfront) -> None:
    """By the word for it."""
    for headers in ({}, {"authorization": "Basic YW5uOmFubg=="}, {"authorization": "Bearer"}):
        answer = await front.http.get("/v1/prompts", headers=headers)
        assert (401, "token_missing") == (answer.status_code, answer.json()["reason"])


async def test_a_key_is_taken_from_the_header_alone(front: Shopfront) -> None:
    """Addresses are logged on the way."""
    assert 401 == (await front.http.get(f"/v1/prompts?token={KEY}&session_id=a")).status_code


async def test_tokens_are_minted_for_the_shops_server_alone(front: Shopfront) -> None:
    """A token makes no token; nor does a key that is almost one."""
    token = await front.token("ann")
    assert 403 == (await front.http.post("/v1/sessions", headers=bearer(token))).status_code
    for key in (KEY[:-1], KEY + "x", KEY.upper(), ""):
        answer = await front.http.post("/v1/sessions", headers=bearer(key))
        assert 401 == answer.status_code


async def test_a_minted_token_names_whom_the_shop_named(front: Shopfront) -> None:
    """Or somebody new; and says for how long it holds."""
    said = {"session_id": "ann", "visitor_id": "anns", "shopper_id": None}
    answer = (await front.http.post("/v1/sessions", json=said, headers=bearer(KEY))).json()
    claims = tokens().read(answer["token"], NOON_S)

    assert ("ann", "anns", None, True) == (
        claims.session_id,
        claims.visitor_id,
        claims.shopper_id,
        claims.says_who,
    )
    assert (3600, (NOON_S + 3600) * 1000) == (answer["expires_in_s"], answer["expires_at_ms"])
    new = [(await front.http.post("/v1/sessions", headers=bearer(KEY))).json() for _ in range(2)]
    assert new[0]["session_id"] != new[1]["session_id"]
    assert not tokens().read(new[0]["token"], NOON_S).says_who


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 422),
        (b"{", 400),
        (b'{"session_id": ""}', 422),
        (b'{"session_id": 7}', 422),
        (b'{"visitor_id": "%s"}' % (b"x" * 129), 422),
        (b'"%s"' % (b"x" * 5000), 413),
    ],
)
async def test_a_visit_that_is_none_gets_no_token(
    front: Shopfront, body: bytes, status: int
) -> None:
    """With the reason."""
    answer = await front.http.post("/v1/sessions", content=body, headers=bearer(KEY))
    assert status == answer.status_code
    assert answer.json()["message"]


def test_a_key_is_changed_without_a_pause() -> None:
    """old; old,new; new,old; new: at each step what the one before signed is taken."""
    visit = SessionOwner(session_id="ann")
    steps = [tokens(OLD_KEY), tokens(OLD_KEY, KEY), tokens(KEY, OLD_KEY), tokens(KEY)]
    for before, after in pairwise(steps):
        assert "ann" == after.read(before.mint(visit, NOON_S), NOON_S + 1).session_id
        assert "ann" == before.read(after.mint(visit, NOON_S), NOON_S + 1).session_id
    assert steps[2].is_key(OLD_KEY)
    with pytest.raises(RequestRefused):
        steps[3].read(steps[0].mint(visit, NOON_S), NOON_S + 1)
    assert not steps[3].is_key(OLD_KEY)


def test_without_a_key_there_is_no_gateway() -> None:
    """It would believe everybody, or nobody."""
    with pytest.raises(MissingSecret, match="GOESWITH_GATEWAY_KEYS"):
        Shopfront(lambda _: (), gateway_keys=" , ")


def test_a_key_that_could_be_guessed_is_none() -> None:
    """A token shows what a key makes of it: a short one is found by trying."""
    with pytest.raises(Misconfigured, match="shorter than 32"):
        Shopfront(lambda _: (), gateway_keys=f"{KEY},{KEY[:31]}")


@pytest.mark.parametrize("session_id", ["0", "undefined", " Guest ", "", "{{ session }}"])
async def test_no_token_is_signed_for_a_session_of_nobody(
    front: Shopfront, session_id: str
) -> None:
    """Every event of it would be refused: better here, and once."""
    asked = {"session_id": session_id}
    answer = await front.http.post("/v1/sessions", json=asked, headers=bearer(KEY))

    assert 422 == answer.status_code
    assert "session_id" in answer.json()["message"]


@pytest.mark.parametrize("session_id", ["0", " undefined", "{{ session }}"])
async def test_a_token_of_a_session_of_nobody_holds_nowhere(
    front: Shopfront, session_id: str
) -> None:
    """Whoever signs it: all who bear it would be one."""
    answer = await front.post(add(), signed(session_id=session_id))

    assert (401, "token_claims") == (answer.status_code, answer.json()["reason"])
    assert "session_id means nobody" in answer.json()["message"]


async def test_a_time_of_a_token_may_have_parts_of_a_second(front: Shopfront) -> None:
    """As RFC 7519 allows: who divides milliseconds by a thousand sends them."""
    times: dict[str, Any] = {"iat": NOON_S - 0.75, "nbf": NOON_S - 0.75, "exp": NOON_S + 600.25}
    claims = tokens().read(signed(**times), NOON_S)

    assert (NOON_S - 1, NOON_S + 600) == (claims.iat, claims.exp)
    assert 200 == (await front.post(add(), signed(**times))).status_code


@pytest.mark.parametrize("body", [b'{"session_id": null}', b'\xef\xbb\xbf{"session_id": null}'])
async def test_a_session_that_is_null_is_left_out(front: Shopfront, body: bytes) -> None:
    """A new one is made, whatever mark some editors put before the JSON."""
    answer = await front.http.post("/v1/sessions", content=body, headers=bearer(KEY))

    assert 201 == answer.status_code
    assert 32 == len(answer.json()["session_id"])


@pytest.mark.parametrize("nobody", ["", " ", "guest", "undefined", " 0 ", "{{ id }}", None])
async def test_a_guest_of_a_template_is_nobody(front: Shopfront, nobody: str | None) -> None:
    """Signed out, as in events; and a browser without an id has none."""
    token = await front.token("ann", shopper_id=nobody, visitor_id=nobody, segment="")
    answer = await front.post(add(), token)

    assert 200 == answer.status_code
    (event,) = front.bus.events
    assert (None, None, None) == (event.shopper_id, event.visitor_id, event.segment)
    assert event.says_who


async def test_a_token_of_the_shops_own_may_have_empty_ids_too(front: Shopfront) -> None:
    """Whoever signs it."""
    answer = await front.post(add(), signed(shopper_id="", visitor_id="", segment=""))

    assert 200 == answer.status_code
    assert front.bus.events[0].shopper_id is None
    assert front.bus.events[0].says_who
