"""What is an event of the contract, and what is a dead letter."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidEvent
from streams.contract.events import (
    ANY_EVENT,
    LINES_MAX,
    ItemAdded,
    OrderLine,
    OrderPlaced,
    decode,
    encode,
)
from streams.contract.events.fields import DENIALS
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from streams.contract.settings import Settings
from tests.stories import NOON_MS, Story

YEAR_MS = 31_536_000_000
SETTINGS = Settings()
NOW: dict[str, Any] = {"timestamp_ms": NOON_MS, "settings": SETTINGS}


def event(**changes: Any) -> bytes:
    """A good event as JSON, with changes."""
    good = {
        "type": "item_added",
        "event_id": "e1",
        "session_id": "s1",
        "occurred_at_ms": NOON_MS,
        "item_id": "bread",
        "price_minor": 250,
        "currency": "EUR",
    }
    return json.dumps({**good, **changes}).encode()


def refused(value: bytes | None, key: bytes | None = b"s1") -> InvalidEvent:
    """The error with which a record is refused."""
    with pytest.raises(InvalidEvent) as raised:
        decode(key, value, timestamp_ms=NOON_MS, settings=SETTINGS)
    assert str(raised.value)
    return raised.value


def refusal(value: bytes | None, key: bytes | None = b"s1") -> str:
    """The reason for which a record is refused."""
    return refused(value, key).reason


def test_unknown_fields_are_ignored() -> None:
    """A sender may say more than we understand."""
    told = decode(b"s1", event(colour="brown"), timestamp_ms=NOON_MS, settings=SETTINGS)

    assert isinstance(told, ItemAdded)
    assert not hasattr(told, "colour")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"\xff\xfe\x00", "invalid_json"),
        (b"[" * 50_000, "invalid_json"),
        (b'{"a":' * 10_000, "invalid_json"),
        (b"", "invalid_json"),
        (b"null", "invalid_event"),
        (b"5", "invalid_event"),
        (b"x" * 5_000_000, "oversize"),
        (event().replace(b"250", b"NaN"), "invalid_event"),
        (event().replace(b"250", b"-Infinity"), "invalid_event"),
        (event(price_minor=-1), "invalid_event"),
        (event(price_minor=1.5), "invalid_event"),
        (event(item_id=7), "invalid_event"),
        (event(item_id=""), "invalid_event"),
        (event(item_id="x" * 129), "invalid_event"),
        (event(quantity=0), "invalid_event"),
        (event(currency="euro"), "invalid_event"),
        (event(schema_version=3), "invalid_event"),
        (event(type="item_stolen"), "invalid_event"),
        (event(occurred_at_ms="yesterday"), "invalid_event"),
        (event(occurred_at_ms=1000 * NOON_MS), "invalid_event"),
        (event(occurred_at_ms=0), "invalid_event"),
    ],
)
def test_bad_input_is_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    """Each kind of bad record has a short word for counters and headers."""
    assert reason == refusal(value)


def test_an_order_of_ten_thousand_lines_is_refused() -> None:
    """Everything has a limit; an order has at most 2,000 lines."""
    lines = [{"item_id": f"item-{number}"} for number in range(10_000)]
    roomy = Settings(event_bytes_max=10_000_000)

    with pytest.raises(InvalidEvent, match=f"at most {LINES_MAX}"):
        decode(
            b"s1",
            event(type="order_placed", order_id="o1", lines=lines),
            timestamp_ms=NOON_MS,
            settings=roomy,
        )


def test_a_record_without_its_session_as_key_is_refused() -> None:
    """The key keeps a session's events in order, so it has to be the session."""
    assert "wrong_key" == refusal(event(), key=None)
    assert "wrong_key" == refusal(event(), key=b"s2")


def at_noon(**said: Any) -> Any:
    """An event that the broker got at noon."""
    return decode(b"s1", event(**said), timestamp_ms=NOON_MS, settings=SETTINGS)


@pytest.mark.parametrize("ahead_ms", [1, 360_000, 10 * YEAR_MS, 3_000 * YEAR_MS])
def test_a_clock_that_is_ahead_is_set_back_to_the_brokers_however_far(ahead_ms: int) -> None:
    """No dead letter, even from beyond all years that the contract knows, and it is counted."""
    told = at_noon(occurred_at_ms=NOON_MS + ahead_ms)

    assert (NOON_MS, NOON_MS) == (told.occurred_at_ms, told.received_at_ms)
    assert 0 < told.clock_ahead_ms <= ahead_ms


@pytest.mark.parametrize("wrong_ms", [-150_000, 360_000, -8 * YEAR_MS, 10 * YEAR_MS])
def test_a_clock_is_set_right_by_when_the_event_was_sent(wrong_ms: int) -> None:
    """It waited two seconds at its sender's, whatever that one's clock says."""
    sent_ms = NOON_MS + wrong_ms
    told = at_noon(schema_version=2, occurred_at_ms=sent_ms - 2_000, sent_at_ms=sent_ms)

    assert (NOON_MS - 2_000, NOON_MS) == (told.occurred_at_ms, told.received_at_ms)
    assert 0 == told.clock_ahead_ms


@pytest.mark.parametrize("sent_ms", [-60_000, 2_000, 60_100, 10 * YEAR_MS])
def test_a_clock_that_has_lost_its_date_is_set_right(sent_ms: int) -> None:
    """What it tells is how long ago it was: a denial of such a device counts like any other."""
    times = {"occurred_at_ms": sent_ms - 2_000, "sent_at_ms": sent_ms}
    told = at_noon(schema_version=2, consent=False, **times)

    assert (NOON_MS - 2_000, False) == (told.occurred_at_ms, told.consent)


@pytest.mark.parametrize(
    "times",
    [
        {"occurred_at_ms": 60_000},
        {"occurred_at_ms": 60_000, "sent_at_ms": NOON_MS},
        {"occurred_at_ms": NOON_MS // 1000, "sent_at_ms": NOON_MS // 1000 + 1},
        {"occurred_at_ms": True, "sent_at_ms": 5},
    ],
)
def test_of_times_that_tell_no_distance_none_is_made_up(times: dict[str, Any]) -> None:
    """One alone, two of different clocks, and seconds: their sender hears of it."""
    with pytest.raises(InvalidEvent, match="occurred_at_ms"):
        at_noon(schema_version=2, **times)


def test_what_happened_after_it_was_sent_is_set_back() -> None:
    """The one clock contradicts itself."""
    told = at_noon(schema_version=2, occurred_at_ms=NOON_MS + 5_000, sent_at_ms=NOON_MS)

    assert (NOON_MS, 5_000) == (told.occurred_at_ms, told.clock_ahead_ms)


@given(
    occurred_ms=st.integers(YEAR_2015_MS, 3_000 * YEAR_MS),
    sent_ms=st.none() | st.integers(YEAR_2015_MS, 3_000 * YEAR_MS),
    timestamp_ms=st.integers(-1, 3_000 * YEAR_MS),
)
def test_whatever_clocks_say_an_event_is_within_what_checkpoints_hold(
    occurred_ms: int, sent_ms: int | None, timestamp_ms: int
) -> None:
    """From 2015 to 2100, and not after the broker got it."""
    said = event(schema_version=2, occurred_at_ms=occurred_ms, sent_at_ms=sent_ms)
    told = decode(b"s1", said, timestamp_ms=timestamp_ms, settings=SETTINGS)

    assert YEAR_2015_MS <= told.occurred_at_ms <= told.received_at_ms <= YEAR_2100_MS
    assert told.clock_ahead_ms >= 0


def test_when_an_event_was_received_is_no_word_of_its_sender() -> None:
    """It is no field: neither read from the value, nor written, nor compared."""
    told = at_noon(occurred_at_ms=NOON_MS - 60_000, received_at_ms=5, clock_ahead_ms=7)
    again = ANY_EVENT.validate_json(encode(told))

    assert (NOON_MS, 0) == (told.received_at_ms, told.clock_ahead_ms)
    assert b"received" not in encode(told)
    assert (told, again.occurred_at_ms) == (again, again.received_at_ms)


def test_a_message_never_repeats_the_input() -> None:
    """What was wrong may be private or endless: only the place and the rule are named."""
    with pytest.raises(InvalidEvent) as refused:
        decode(b"s1", event(quantity="my secret"), timestamp_ms=NOON_MS, settings=SETTINGS)

    assert "my secret" not in str(refused.value)
    assert "quantity" in str(refused.value)


@pytest.mark.parametrize("sent", ["page_view", "ann@example.org", None, 5])
def test_a_type_that_there_is_not_is_told_by_those_that_there_are(sent: Any) -> None:
    """And not quoted: it may be anything, a name or an address."""
    said = str(refused(event(type=sent)))

    assert "type is none of item_viewed, item_added, " in said
    assert "prompt_dismissed" in said
    assert 1 == said.count("item_viewed")
    assert str(sent) not in said


def test_a_type_that_is_missing_is_said() -> None:
    """In words of the contract, not of a library."""
    said = str(refused(event().replace(b'"type"', b'"event"')))

    assert "type is missing: one of item_viewed, " in said


def test_a_wrong_line_is_not_a_missing_line() -> None:
    """An order without lines is one, whichever the rest."""
    order = {"type": "order_placed", "order_id": "o1"}
    wrong = str(refused(event(**order, lines=[{"item_id": "bread", "quantity": 0}])))
    none = str(refused(event(**order, lines=[])))

    assert "order_placed.lines.0.quantity: Input should be greater than or equal to 1" == wrong
    assert "order_placed.lines: List should have at least 1 item, not 0" == none


EMPTY = {
    "segment": "",
    "category": "",
    "currency": "",
    "locale": "",
    "receipt": "",
    "price_minor": None,
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("empty", [*({name: EMPTY[name]} for name in EMPTY), EMPTY])
def test_an_optional_field_that_is_empty_is_no_field(empty: dict[str, Any], version: int) -> None:
    """Senders that always send all fields are understood."""
    whole = decode(b"s1", event(schema_version=version, segment="club"), **NOW)
    told = decode(b"s1", event(schema_version=version, **{"segment": "club"} | empty), **NOW)

    assert {**whole.model_dump(), **dict.fromkeys(empty)} == told.model_dump()


def test_an_empty_field_of_a_line_is_no_field() -> None:
    """As everywhere; one that is needed is still missed."""
    order = {"type": "order_placed", "order_id": "o1"}
    line = {"item_id": "bread", "category": "", "price_minor": None, "quantity": None}
    told = decode(b"s1", event(**order, lines=[line]), **NOW)

    assert isinstance(told, OrderPlaced)
    assert (OrderLine(item_id="bread"),) == told.lines
    assert "order_placed.lines.0.item_id: String should" in str(
        refused(event(**order, lines=[line | {"item_id": ""}]))
    )


def test_a_part_of_a_thing_is_told_in_a_smaller_unit() -> None:
    """Half a kilogram is 500 g: counts stay whole numbers."""
    assert "quantity: whole numbers only: count in a smaller unit" in str(
        refused(event(quantity=0.5))
    )


@pytest.mark.parametrize("said", [b"1e400", b"-1e400", b"NaN", b"Infinity"])
def test_a_quantity_that_is_no_finite_number_is_told_so(said: bytes) -> None:
    """No smaller unit helps: it is too large for any number, or none."""
    lines: dict[str, Any] = {"type": "order_placed", "order_id": "o1"}
    order = event(**lines, lines=[{"item_id": "bread", "quantity": 7}])

    for one, place in ((event(quantity=7), "item_added"), (order, "order_placed.lines.0")):
        told = str(refused(one.replace(b'"quantity": 7', b'"quantity": ' + said)))
        assert f"{place}.quantity: no finite number: a whole one up to 1,000,000 is wanted" == told


def test_a_whole_number_may_be_written_as_a_float() -> None:
    """As JSON Schema has it, of pieces and times; of a price it may mean major units."""
    at_ms = decode(b"s1", event(), **NOW).occurred_at_ms
    told = decode(b"s1", event(quantity=2.0, occurred_at_ms=float(at_ms)), **NOW)
    order: dict[str, Any] = {"type": "order_placed", "order_id": "o1"}
    lines = [{"item_id": "bread", "quantity": 3.0}]

    assert isinstance(told, ItemAdded)
    assert [(2, int), (at_ms, int)] == [(n, type(n)) for n in (told.quantity, told.occurred_at_ms)]
    placed = decode(b"s1", event(**order, lines=lines), **NOW)
    assert isinstance(placed, OrderPlaced)
    assert (OrderLine(item_id="bread", quantity=3),) == placed.lines
    for wrong in ({"price_minor": 2.0}, {"quantity": 0.0}, {"quantity": 1e300}, {"item_id": 2.0}):
        assert "invalid_event" == refused(event(**wrong)).reason


def test_what_large_shops_send_is_an_event() -> None:
    """Five hundred lines and more, rupiahs in hundredths, grams by the ton."""
    lines = [{"item_id": f"item-{n}", "price_minor": 189_990_000_000_000} for n in range(501)]
    order = event(type="order_placed", order_id="o1", currency="IDR", lines=lines)

    assert 501 == len(getattr(decode(b"s1", order, **NOW), "lines"))  # noqa: B009
    assert decode(b"s1", event(quantity=1_000_000), **NOW)


NOBODYS = ["", "0", "NULL", "Guest", "undefined", "-", "anonymous", "none"]
NOBODYS += ["-1", "0.0", "N/A", "Anon", "(null)", "{{user_id}}", "{{ user.id | json }}", "u-{{id}}"]


@pytest.mark.parametrize("said", NOBODYS)
@pytest.mark.parametrize("name", ["shopper_id", "visitor_id"])
def test_an_id_that_means_nobody_is_none(name: str, said: str) -> None:
    """And says so: in version 2, somebody who was signed in is not any more."""
    told = decode(b"s1", event(schema_version=2, **{name: said}), **NOW)

    assert getattr(told, name) is None
    assert (name == "shopper_id") == told.says_who
    assert told == decode(b"s1", encode(told), **NOW)


@pytest.mark.parametrize("name", ["session_id", "order_id"])
def test_a_template_that_nobody_filled_in_is_no_session_and_no_order(name: str) -> None:
    """It would be that of everybody who comes by this page."""
    order = {"type": "order_cancelled", "order_id": "o1", name: "{{ order.name }}"}
    value = event(**order)

    assert f"order_cancelled.{name}: it means nobody" in str(
        refused(value, json.loads(value)["session_id"].encode())
    )


@pytest.mark.parametrize("said", ["00", "000", "-2", "anna", "na", "{ann}", "null-7"])
def test_an_id_that_may_be_a_persons_is_one(said: str) -> None:
    """What no platform is known to send for nobody is somebody's."""
    assert said == decode(b"s1", event(shopper_id=said), **NOW).shopper_id


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("around", [" {}", "{}\t", "\n{} ", "\u00a0{}\r\n"])
def test_blanks_around_an_id_make_nobody_else_of_it(around: str, version: int) -> None:
    """A table pads a number, a form brings a tab; a webhook tells the same order without."""
    order: dict[str, Any] = {"type": "order_placed", "order_id": "605", "lines": [{"item_id": "b"}]}
    ids = {"order_id": "605", "shopper_id": "ann", "visitor_id": "v7"}
    plain = event(**order | ids, schema_version=version)
    padded = event(
        **order | {name: around.format(one) for name, one in ids.items()}, schema_version=version
    )
    gone = {"type": "shopper_forgotten", "shopper_id": around.format("ann")}

    assert decode(b"s1", plain, **NOW) == decode(b"s1", padded, **NOW)
    assert "ann" == decode(b"s1", event(**gone), **NOW).shopper_id


@pytest.mark.parametrize("blank", [" ", "\t\n"])
def test_an_id_of_blanks_is_none(blank: str) -> None:
    """As an empty one: an optional one is left out, an order of no number is refused."""
    told = decode(b"s1", event(schema_version=2, shopper_id=blank, visitor_id=blank), **NOW)
    order = {"type": "order_cancelled", "order_id": blank}

    assert (None, None, True) == (told.shopper_id, told.visitor_id, told.says_who)
    assert "order_cancelled.order_id: " in str(refused(event(**order)))


def test_a_session_is_called_as_it_was_sent() -> None:
    """It is the record's key, by which its events stand on one partition; items go back as told."""
    told = decode(b"s1 ", event(session_id="s1 ", item_id="bread "), **NOW)

    assert isinstance(told, ItemAdded)
    assert ("s1 ", "bread ") == (told.session_id, told.item_id)
    assert "wrong_key" == refusal(event(session_id="s1 "))


@pytest.mark.parametrize(
    "said", [*sorted(DENIALS - {"0"}), "No", " FALSE ", "Declined", " 0", 0, 0.0]
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_no_to_consent_is_one_in_all_words_that_are_read(said: Any, version: int) -> None:
    """What it drops would be offered again after the next yes, had it been refused."""
    told = decode(b"s1", event(schema_version=version, consent=said, shopper_id="ann"), **NOW)

    assert told.consent is False
    assert told == decode(
        b"s1", event(schema_version=version, consent=False, shopper_id="ann"), **NOW
    )


@pytest.mark.parametrize("said", ["granted", "yes", "true", 1, "unset", "none", [], {}, -1])
def test_no_word_is_taken_for_a_yes_to_consent(said: Any) -> None:
    """It is refused, and told how a yes is said."""
    assert "item_added.consent: true or false: nothing else is a yes" == str(
        refused(event(consent=said))
    )


def test_a_category_that_is_too_long_is_none() -> None:
    """An item is worth more than where it stands, alone and in a line."""
    order: dict[str, Any] = {"type": "order_placed", "order_id": "o1"}
    lines = [{"item_id": "tea", "category": "x" * 129}, {"item_id": "jam", "category": "y" * 128}]
    added = decode(b"s1", event(category="x" * 129), **NOW)
    placed = decode(b"s1", event(**order, lines=lines), **NOW)

    assert isinstance(added, ItemAdded)
    assert isinstance(placed, OrderPlaced)
    assert (None, [None, "y" * 128]) == (added.category, [line.category for line in placed.lines])


def test_nobody_cannot_be_forgotten() -> None:
    """Whoever asks for it has lost the shopper's id."""
    said = refused(event(type="shopper_forgotten", schema_version=2, shopper_id="guest"))

    assert "shopper_forgotten.shopper_id: it means nobody" == str(said)


def test_an_order_is_returned_by_its_number_alone() -> None:
    """All of it; a list of lines has at least one."""
    for kind in ("order_returned", "order_cancelled"):
        told = decode(b"s1", event(type=kind, order_id="o1"), **NOW)

        assert getattr(told, "lines", ()) is None
        assert "invalid_event" == refusal(event(type=kind, order_id="o1", lines=[]))


@given(
    item=st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable()),
    quantity=st.integers(1, 10_000),
)
def test_what_is_encoded_is_decoded(item: str, quantity: int) -> None:
    """Encoding loses nothing."""
    said = Story().add(item, quantity=quantity)

    assert said == decode(b"s1", encode(said), timestamp_ms=said.occurred_at_ms, settings=SETTINGS)


@given(st.binary(max_size=300))
def test_no_bytes_get_through_or_crash(value: bytes) -> None:
    """Whatever the bytes, there is an event or a refusal, never another error."""
    with contextlib.suppress(InvalidEvent):
        decode(b"s1", value, timestamp_ms=NOON_MS, settings=SETTINGS)


@pytest.mark.parametrize("said", ["undefined", " NULL ", "0", " "])
def test_a_session_or_an_order_of_nobody_is_refused(said: str) -> None:
    """All sessions or orders of that name would be one: the message names the field."""
    session = refused(event(session_id=said), said.encode())
    lines = [{"item_id": "bread"}]
    order = refused(event(type="order_placed", order_id=said, lines=lines))
    back = refused(event(type="order_cancelled", order_id=said))

    assert ["item_added.session_id", "order_placed.order_id", "order_cancelled.order_id"] == [
        str(one).partition(":")[0] for one in (session, order, back)
    ]
    assert {"invalid_event"} == {one.reason for one in (session, order, back)}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("de-DE-u-co-phonebk", "de-DE-u-co"),
        ("de_DE_POSIX_and_more", "de-DE-POSIX-and"),
        ("x" * 40, None),
    ],
)
def test_a_language_tag_that_is_too_long_does_not_cost_the_event(
    said: str, read: str | None
) -> None:
    """Its first words tell the language; what has none is no tag."""
    assert read == decode(b"s1", event(locale=said), **NOW).locale


def test_a_segment_that_is_too_long_is_none() -> None:
    """None that is listed is as long; beside a language tag that is too long as well."""
    told = decode(b"s1", event(segment="s" * 33, locale="de-DE-u-co-phonebk"), **NOW)

    assert (None, "de-DE-u-co") == (told.segment, told.locale)


@pytest.mark.parametrize("half", ["cut \ud83c", "\udf81", "\ud83c and more"])
@pytest.mark.parametrize("name", ["note", "note\ud83c", "category", "locale", "segment", "receipt"])
def test_half_a_character_leaves_out_the_optional_text_that_it_is_in(name: str, half: str) -> None:
    """An emoji that was cut: legal JSON, and no text. A field that we do not know is ignored."""
    cut = decode(b"s1", event(**{name: half}), **NOW)

    assert cut == decode(b"s1", event(), **NOW)
    assert encode(cut)


def test_half_a_character_in_a_line_leaves_out_its_category() -> None:
    """And not the order."""
    lines = [{"item_id": "bread", "category": "Toys \ud83c"}, {"item_id": "tea"}]
    order = event(type="order_placed", order_id="o", lines=lines, note="\ud83c")
    placed = decode(b"s1", order, **NOW)

    assert isinstance(placed, OrderPlaced)
    assert [("bread", None), ("tea", None)] == [(one.item_id, one.category) for one in placed.lines]


@pytest.mark.parametrize("name", ["event_id", "session_id", "item_id", "shopper_id", "visitor_id"])
def test_half_a_character_in_an_id_is_refused(name: str) -> None:
    """It would be another's: the event is a dead letter, and says what is wrong."""
    wrong = refused(event(schema_version=2, **{name: "cut \ud83c"}))

    assert "invalid_event" == wrong.reason
    assert f"{name}: it has half a character" in str(wrong)


def test_what_else_is_wrong_beside_half_a_character_is_told_as_without_it() -> None:
    """What is no JSON stays none."""
    assert "invalid_json" == refusal(event(note="\ud83c")[:-1])
    assert "invalid_json" == refusal(event(note="\ud83c") + b"\xff")
    assert "invalid_json" == refusal(b'{"note": "\\ud83c", "deep": ' + b"[" * 5_000)
    assert "invalid_event" == refusal(event(note="\ud83c", quantity=0))
