"""What would become of an event is what becomes of it; and what its sender may have meant."""

import codecs
import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.events import decode
from streams.contract.receipts import Receipts
from streams.contract.schemas.examples import EVENT_EXAMPLES, NEW_YEAR_MS, SECRET
from streams.contract.schemas.schemas import example
from streams.contract.settings import Settings
from streams.storefront.event_lines import Line
from streams.storefront.validation import Judged, Remark, Validator

DAY_MS = 86_400_000
SETTINGS = Settings(segments="club", receipt_secret=SECRET)
AT_MS = NEW_YEAR_MS + 2 * DAY_MS
NAMES = ["session_id", "receipt", "quantity", "colour"]
VALUES = ["item_viewed", "prompt_shown", "another", 7, 2.5, None, NEW_YEAR_MS, [], 10**400]
NUMBERS = ["occurred_at_ms", "price_minor", "quantity", "schema_version", "colour"]
ENDLESS: st.SearchStrategy[float] = st.sampled_from(
    [10**digits for digits in (0, 9, 12, 15, 18, 19, 308, 400)]
) | st.floats(allow_nan=False)


def judged(said: Any, settings: Settings = SETTINGS, **around: Any) -> Judged:
    """What would become of this JSON, the day after the story of the examples."""
    text = json.dumps({**around, "value": said} if around else said).encode()
    return Validator(settings, AT_MS).judge(Line(1, text, cut=False))


def foretold(line: str) -> tuple[str | None, bool]:
    """The reason of the dead letter, and whether the event is taken, of a line."""
    found = Validator(SETTINGS, AT_MS).judge(Line(1, line.encode(), cut=False))
    return found.reason, found.taken


def warned(**fields: Any) -> list[Remark]:
    """The warnings of an add that has these fields, too."""
    return [*judged(example("item_added") | fields).warnings]


def test_the_examples_of_the_contract_pass_without_a_word() -> None:
    """Their receipts are opened, their segment is listed."""
    found = [judged(example(event.type)) for event in EVENT_EXAMPLES]

    assert [(True, None, (), ())] * len(found) == [
        (one.taken, one.reason, one.hints, one.warnings) for one in found
    ]


def changed(chance: random.Random) -> dict[str, Any]:
    """An example of the contract, of which up to three fields are others or gone."""
    said = example(chance.choice(EVENT_EXAMPLES).type)
    for _ in range(chance.randint(0, 3)):
        name = chance.choice([*said, *NAMES])
        if chance.random() < 0.2:
            said.pop(name, None)
        else:
            fitting = [value for value in VALUES if type(value) is type(said.get(name))]
            said[name] = chance.choice(fitting if fitting and chance.random() < 0.7 else VALUES)
    return said


def happens(key: str | None, text: str, time_ms: int) -> tuple[str | None, bool]:
    """The reason of the dead letter, and whether the event is taken: as workers go about it."""
    sent_as = None if key is None else key.encode()
    try:
        event = decode(sent_as, text.encode(), timestamp_ms=time_ms, settings=SETTINGS)
        if token := getattr(event, "receipt", None):
            Receipts(SECRET).open(token, event.session_id)
    except BadInput as bad:
        return bad.reason, not isinstance(bad, InvalidEvent)
    return None, True


def test_what_is_foretold_is_what_happens() -> None:
    """By 4,000 records that are nearly right, under right and wrong keys: all that can happen does.

    As an object within a record, as its text, and as a line without a key.
    """
    chance, became = random.Random(2026), Counter[str | None]()
    for _ in range(4_000):
        said = changed(chance)
        text = json.dumps(said)[: chance.choice([-1, *9 * [None]])]
        own = said["session_id"] if isinstance(said.get("session_id"), str) else ""
        key = own if chance.random() < 0.8 else chance.choice(["another", "", None])
        time_ms = NEW_YEAR_MS + chance.choice([-DAY_MS, *4 * [DAY_MS]])
        true = happens(key, text, time_ms)
        became[true[0]] += 1

        assert happens(own, text, AT_MS) == foretold(text)
        assert true == foretold(json.dumps({"key": key, "ts": time_ms, "payload": text}))
        if true[0] != "invalid_json":
            assert true == foretold(json.dumps({"key": key, "ts": time_ms, "value": said}))

    assert {None, "invalid_json", "invalid_event", "wrong_key"} <= became.keys()
    assert {"receipt_forged"} <= became.keys()
    assert 20 < min(became.values())


@given(st.binary(max_size=60))
def test_no_line_stops_the_validator(text: bytes) -> None:
    """It says of each what becomes of it."""
    found = Validator(SETTINGS, NEW_YEAR_MS).judge(Line(1, text, cut=False))

    assert (found.reason, found.taken) in [("invalid_json", False), ("invalid_event", False)]


@given(st.sampled_from(NUMBERS), ENDLESS, ENDLESS)
def test_no_number_stops_the_validator(name: str, number: float, sent_ms: float) -> None:
    """JSON's have no end: neither a field's, nor the record's own time."""
    said = example("item_added") | {name: number}
    alone, wrapped = judged(said), judged(said, key="session-7", ts=sent_ms)

    assert {alone.reason, wrapped.reason} <= {None, "invalid_event"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"value": None}, "null_value"),
        ({"value": "x" * 70_000}, "oversize"),
        ({"value": example("item_viewed"), "key": None}, "wrong_key"),
        ({"value": example("item_viewed"), "key": "another"}, "wrong_key"),
    ],
)
def test_a_record_is_judged_by_its_own_key_and_time(said: dict[str, Any], reason: str) -> None:
    """Where the line tells them."""
    around = {"key": "session-7", **said}
    value = around.pop("value")

    assert reason == judged(value, **around).reason


@pytest.mark.parametrize(("more", "reason"), [(0, None), (1, "oversize")])
def test_a_record_is_as_large_as_its_event_without_blanks(more: int, reason: str | None) -> None:
    """However it is printed: most senders write none."""
    said = example("item_viewed") | {"colour": ""}
    blank = len(json.dumps(said, separators=(",", ":")))
    said["colour"] = "x" * (SETTINGS.event_bytes_max - blank + more)

    assert reason == judged(said, key="session-7").reason


def test_a_key_that_is_not_told_is_said_to_be_unchecked() -> None:
    """A storefront's first mistake must not pass for right."""
    assert ("key",) == judged(example("item_viewed")).unchecked
    assert () == judged(example("item_viewed"), key="session-7").unchecked


def test_a_receipt_is_opened_where_the_secret_is_known() -> None:
    """A bad one is a dead letter: an add counts without it, feedback does not."""
    known = judged(example("prompt_shown") | {"receipt": "bm9uc2Vuc2U="})
    other = judged(example("prompt_shown") | {"session_id": "another"})
    unknown = judged(example("prompt_shown") | {"receipt": "bm9uc2Vuc2U="}, Settings())

    added = judged(example("item_added") | {"receipt": "bm9uc2Vuc2U="})

    assert "nothing is credited" in known.message
    assert "counts as if it had none" in added.message
    assert ("receipt_unreadable", True) == (known.reason, known.taken)
    assert ("receipt_forged", True) == (other.reason, other.taken)
    assert (None, True, True) == (unknown.reason, unknown.taken, "receipt" in unknown.unchecked)


@pytest.mark.parametrize(("said", "meant"), [("eur", ["EUR"]), ("Usd", ["USD"]), ("euro", [])])
def test_a_currency_that_is_none_is_told_in_words(said: str, meant: list[str]) -> None:
    """And which one was meant, where one can tell."""
    found = judged(example("item_viewed") | {"currency": said})

    assert "item_viewed.currency: three capital letters, such as EUR" in found.message
    assert [f"`currency` in capitals: did you mean `{one}`?" for one in meant] == [*found.hints]


def test_a_cut_line_is_oversize() -> None:
    """Whatever it would have said."""
    found = Validator(SETTINGS, NEW_YEAR_MS).judge(Line(1, b'{"type": "item', cut=True))

    assert ("oversize", False) == (found.reason, found.taken)


@pytest.mark.parametrize(
    ("field", "near"),
    [
        ("itemId", "item_id"),
        ("sku", "item_id"),
        ("Quantity", "quantity"),
        ("shoper_id", "shopper_id"),
    ],
)
def test_a_field_that_nobody_reads_may_be_one_of_ours(field: str, near: str) -> None:
    """It is ignored, so that senders may say more; the sender hears of it."""
    said = {name: value for name, value in example("item_added").items() if name != near}
    (remark,) = (r for r in judged(said | {field: "x"}).warnings if r.name == "unknown_field")

    assert f"`{field}` is ignored; did you mean `{near}`?" == remark.message


def test_a_field_beside_the_one_that_is_meant_is_only_said_to_be_ignored() -> None:
    """The one that is meant is there."""
    assert [("unknown_field", "`itemId` is ignored")] == warned(itemId="bread")


def test_fields_of_lines_are_looked_at_too() -> None:
    """Each name once, however many lines there are."""
    lines = [{"item_id": "bread", "qty": 2}, {"item_id": "butter", "qty": 1}]

    assert [("unknown_field", "`qty` is ignored; did you mean `quantity`?")] == [
        *map(tuple, judged(example("order_placed") | {"lines": lines}).warnings)
    ]


@pytest.mark.parametrize(
    ("fields", "name", "said"),
    [
        (
            {"segment": "vip"},
            "segment",
            "(club): it is no context of the policy; whom an item is for",
        ),
        ({"segment": "new"}, "segment", "built-in"),
        ({"locale": "it"}, "locale", "`it` gets English"),
        ({"locale": "pl-PL"}, "locale", "en, de, fr"),
    ],
)
def test_what_is_ignored_in_silence_is_warned_of(
    fields: dict[str, Any], name: str, said: str
) -> None:
    """By a worker it is counted; here the sender reads it."""
    ((warning, message),) = warned(**fields)

    assert name == warning
    assert said in message


@pytest.mark.parametrize("locale", ["de_DE", "fr", "EN-us"])
def test_a_locale_with_texts_is_none_of_our_business(locale: str) -> None:
    """However it is written."""
    assert [] == warned(locale=locale)


def test_an_id_that_comes_again_in_its_session_is_warned_of() -> None:
    """In another session it is another event."""
    validator = Validator(SETTINGS, NEW_YEAR_MS + DAY_MS)
    texts = [example("item_viewed")] * 2 + [example("item_viewed") | {"session_id": "another"}]
    found = [validator.judge(Line(1, json.dumps(text).encode(), cut=False)) for text in texts]

    assert [[], ["duplicate"], []] == [[r.name for r in one.warnings] for one in found]


def test_an_event_that_was_sent_too_late_gets_no_prompt() -> None:
    """Where the line tells when the record was sent."""
    said = example("item_added")
    late, early = (
        judged(said | {"sent_at_ms": said["occurred_at_ms"] + ms}, key="session-7", ts=NEW_YEAR_MS)
        for ms in (121_000, 119_000)
    )

    assert [["late"], []] == [[r.name for r in one.warnings] for one in (late, early)]


def test_a_clock_that_is_ahead_is_a_warning() -> None:
    """The event is taken, as of the record's time."""
    ahead = judged(example("checkout_started"), key="session-7", ts=NEW_YEAR_MS - DAY_MS)

    assert (True, ["clock_ahead"]) == (ahead.taken, [remark.name for remark in ahead.warnings])


def test_a_mark_in_the_midst_of_a_file_is_named() -> None:
    """Two files were joined: what stands there is not to be seen."""
    text = json.dumps(example("item_added")).encode()
    marked = Validator(SETTINGS, AT_MS).judge(Line(7, codecs.BOM_UTF8 + text, cut=False))

    assert "invalid_json" == marked.reason
    assert "a byte-order mark stands before it" in marked.hints[0]
    assert () == Validator(SETTINGS, AT_MS).judge(Line(7, text, cut=False)).hints


def test_a_price_of_no_currency_is_told() -> None:
    """Of an event, and of a line; a basket or an order without prices needs none."""
    line: dict[str, Any] = {"item_id": "bread"}
    order = example("order_placed") | {"currency": None}

    assert ["no_currency"] == [one.name for one in warned(currency=None)]
    assert [] == warned(currency=None, price_minor=None)
    for lines, names in (([line], []), ([line, line | {"price_minor": 249}], ["no_currency"])):
        assert names == [one.name for one in judged(order | {"lines": lines}).warnings]


def test_an_order_that_is_told_twice_is_told() -> None:
    """In whatever session: it counts once."""
    validator = Validator(SETTINGS, AT_MS)
    found = []
    for number, session in enumerate(("s1", "s2")):
        said = example("order_placed") | {"session_id": session, "event_id": f"e{number}"}
        found.append(validator.judge(Line(number, json.dumps(said).encode(), cut=False)))

    assert [[], ["order_twice"]] == [[one.name for one in each.warnings] for each in found]


@pytest.mark.parametrize("name", ["session_id", "event_id", "item_id"])
def test_blanks_around_an_id_are_told(name: str) -> None:
    """Where they make another id of it; a shopper's and an order's are read without."""
    assert ["blanks"] == [one.name for one in warned(**{name: "one "})]
    assert [] == warned(shopper_id=" ann", visitor_id="v ")


def test_blanks_around_the_item_of_a_line_are_told() -> None:
    """As of any other item."""
    said = example("order_placed") | {"lines": [{"item_id": "bread"}, {"item_id": " jam"}]}

    assert ["blanks"] == [one.name for one in judged(said).warnings]


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"type": "itemAdded"}, "did you mean `item_added`?"),
        ({"type": "page"}, "`type` may be item_viewed, item_added"),
        ({"occurred_at_ms": NEW_YEAR_MS // 1000}, "looks like seconds"),
        ({"occurred_at_ms": NEW_YEAR_MS * 1000}, "looks like microseconds"),
        ({"occurred_at_ms": "2026-01-01"}, "a number, not a text"),
        ({"price_minor": 2.49}, "2490 for 24.90 EUR"),
        ({"consent": "granted"}, "`consent` is true or false"),
        ({"price_minor": 249.0}, "a number of minor units without a point: 2490 for 24.90 EUR"),
        ({"sent_at_ms": NEW_YEAR_MS // 1000, "quantity": 0}, "`sent_at_ms` looks like seconds"),
    ],
)
def test_what_was_meant_is_said_of_a_dead_letter(fields: dict[str, Any], hint: str) -> None:
    """So that one reads what to change, not what is wrong."""
    found = judged(example("item_added") | fields)

    assert "invalid_event" == found.reason
    assert hint in " ".join(found.hints)
