"""Every language says all that there is to say, counts as CLDR does, and harms nobody."""

import re
from string import Formatter

import pytest
from babel import Locale
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from streams.shop.decision.languages.directions import (
    DIRECTING,
    FIRST_STRONG_ISOLATE,
    POP_ISOLATE,
    RIGHT_TO_LEFT,
)
from streams.shop.decision.languages.message_files import (
    FALLBACK,
    FOLDER,
    LANGUAGES,
    MessageFile,
    messages_in,
    messages_of,
    read,
)
from streams.shop.decision.languages.messages import TEXTS, reason, spoken_in
from streams.shop.decision.languages.sentences import (
    COUNTED,
    OF_OFFERS,
    SAID_BY_STAFF,
    evidence_sentence,
    said_by_staff,
    staff_sentence,
)


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Each test reads the files that it needs, whatever ran before it."""
    messages_in.cache_clear()
    evidence_sentence.cache_clear()


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
SPOKEN = st.sampled_from(LANGUAGES)


def places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def european(text: str) -> str:
    """The same with digits from 0 to 9."""
    return "".join(str(int(char)) if char.isdecimal() else char for char in text)


def test_there_is_a_file_for_every_language_and_no_other() -> None:
    """What is not listed would be read by nobody."""
    assert sorted(f"{language}.po" for language in LANGUAGES) == sorted(
        file.name for file in FOLDER.iterdir()
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_lacks_a_message_or_has_one_too_many(language: str) -> None:
    """A new message is written in all of them, in each plural form, or this fails."""
    english = {message.context: message for message in read(FALLBACK) if message.context}
    told = {message.context: message for message in read(language) if message.context}

    assert [*english] == [*told]
    for key, message in told.items():
        assert english[key].id == message.id, f"{key}: the English text is another one by now"
        assert not message.fuzzy
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        assert all(forms), f"{key} is not translated"
        if message.pluralizable:
            assert read(language).num_plurals == len(forms)
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        assert {frozenset(places(str(text))) for text in (*ids, *forms)} == {
            frozenset(places(str(ids[0])))
        }


def lacking(language: str, *keys: str, fuzzy: bool = False) -> MessageFile:
    """A language whose file lacks these messages, or has guesses in their place."""
    told = read(language)
    for message in told:
        if message.context in keys:
            message.flags.add("fuzzy") if fuzzy else None
            message.string = message.string if fuzzy else ""
    return messages_of(language, told)


@pytest.mark.parametrize("fuzzy", [False, True])
@pytest.mark.parametrize("language", ["de", "ar", "bn", "fr"])
def test_where_a_translation_is_missing_the_english_text_stands(
    language: str, *, fuzzy: bool
) -> None:
    """Or is a guess that no translator has looked at; all others are the language's own."""
    whole, english = messages_in(language), messages_in(FALLBACK)
    without = "popular", "staff/together", "evidence/baskets", "points/worth", "points/reaches"
    found = lacking(language, *without, fuzzy=fuzzy)
    of = [2, 3, 11, 100, 1]

    assert whole.reasons.keys() == found.reasons.keys()
    assert whole.staff.keys() == found.staff.keys()
    assert whole.evidence.keys() == found.evidence.keys()
    assert whole.points.keys() == found.points.keys()
    assert english.points["reaches"] == found.points["reaches"]
    assert whole.points["missing"] == found.points["missing"]
    assert english.reasons["popular"] == found.reasons["popular"]
    assert english.staff["together"] == found.staff["together"]
    assert [english.evidence["baskets"][english.plural_of(number)] for number in of] == [
        found.evidence["baskets"][found.plural_of(number)] for number in of
    ]
    assert [english.points["worth"][english.plural_of(number)] for number in of] == [
        found.points["worth"][found.plural_of(number)] for number in of
    ]
    for mine, all_of_it, lacks in (
        (found.reasons, whole.reasons, "popular"),
        (found.staff, whole.staff, "together"),
        (found.evidence, whole.evidence, "baskets"),
    ):
        kept = {key: text for key, text in mine.items() if key != lacks}
        assert {key: text for key, text in all_of_it.items() if key != lacks} == kept


def test_a_message_that_lacks_one_of_its_plural_forms_is_the_english_one() -> None:
    """An empty sentence for some numbers would be worse than another language."""
    told = read("de")
    for message in told:
        if message.context == "evidence/visits":
            message.string = ("In {together} von {of} Besuch", "")
    found, english = messages_of("de", told), messages_in(FALLBACK)

    assert english.evidence["visits"] == found.evidence["visits"]
    assert messages_in("de").evidence["baskets"] == found.evidence["baskets"]


def test_all_languages_are_there_by_their_names_and_no_other() -> None:
    """The mapping that prompts are written by counts and names them."""
    assert ([*LANGUAGES], len(LANGUAGES)) == ([*TEXTS], len(TEXTS))
    with pytest.raises(KeyError, match="pl"):
        messages_in("pl")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_what_the_translators_wrote(language: str) -> None:
    """Reasons, sentences of evidence and of staff, each by its key and in all its forms."""
    told = {message.context: message.string for message in read(language) if message.context}
    found = messages_in(language)
    said: dict[str, object] = {f"evidence/{key}": forms for key, forms in found.evidence.items()}
    said |= {f"staff/{key}": text for key, text in found.staff.items()}
    said |= {f"points/{key}": forms for key, forms in found.points.items() if len(forms) > 1}
    said |= {f"points/{key}": only for key, (only, *more) in found.points.items() if not more}
    said |= {key: DIRECTING.sub("", text) for key, text in found.reasons.items()}

    assert told == {key: told[key] and said[key] for key in said}
    assert all(isinstance(forms, tuple) for forms in found.evidence.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_told_apart_as_by_cldr(language: str) -> None:
    """Two numbers that CLDR treats alike have one form, others have two (below a million)."""
    category, form = Locale.parse(language).plural_form, messages_in(language).plural_of
    pairs = {(category(number), form(number)) for number in range(2000)}

    assert len(pairs) == len({name for name, _ in pairs}) == len({at for _, at in pairs})


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_runs_from_right_to_left_is_known(language: str) -> None:
    """As CLDR has it."""
    assert (Locale.parse(language).text_direction == "rtl") == (language in RIGHT_TO_LEFT)


def test_every_reason_is_counted_in_something_and_said_by_staff() -> None:
    """A reason without either is an arm that nobody thought of here."""
    reasons = TEXTS[FALLBACK].keys()
    evidence, staff = messages_in(FALLBACK).evidence, messages_in(FALLBACK).staff

    assert COUNTED.keys() <= reasons
    assert SAID_BY_STAFF.keys() <= reasons
    assert set(COUNTED.values()) == evidence.keys()
    assert {*SAID_BY_STAFF.values(), *OF_OFFERS, "any"} == staff.keys()


@pytest.mark.parametrize(
    ("language", "together", "of", "said"),
    [
        ("en", 1, 1, "In 1 of 1 basket"),
        ("en", 1_041, 1_057, "In 1,041 of 1,057 baskets"),
        ("de", 1_041, 1_057, "In 1.041 von 1.057 Körben"),
        ("de", 1, 1, "In 1 von 1 Korb"),
        ("fr", 1, 1, "Dans 1 sur 1 panier"),
        ("ar", 1, 2, "في 1 من 2 سلتين"),
        ("ar", 1, 3, "في 1 من 3 سلال"),
        ("ar", 1, 100, "في 1 من 100 سلة"),
        ("ur", 41, 57, "57 ٹوکریوں میں سے 41 میں"),
        ("fa", 41, 57, "در ۴۱ از ۵۷ سبد"),  # noqa: RUF001
        ("hi", 41, 123_456, "1,23,456 टोकरियों में से 41 में"),
        ("bn", 41, 57, "৫৭টি ঝুড়ির মধ্যে ৪১টিতে"),
    ],
)
def test_what_was_counted_is_said_as_the_language_counts(
    language: str, together: int, of: int, said: str
) -> None:
    """Its plural, its digits, and how they are grouped."""
    assert said == evidence_sentence("bought_together", language, together=together, of=of)


@given(language=SPOKEN, key=st.sampled_from([*COUNTED]), of=st.integers(1, 10**9), data=st.data())
def test_a_sentence_of_evidence_has_the_very_numbers(
    language: str, key: str, of: int, data: st.DataObject
) -> None:
    """No more and no less, and no place is left empty."""
    together = data.draw(st.integers(1, of))
    said = evidence_sentence(key, language, together=together, of=of) or ""

    assert "{" not in said
    for number in (together, of):
        assert format_decimal(number, locale=language, numbering_system="default") in european(said)


@pytest.mark.parametrize(("together", "of"), [(0, 7), (0, 0), (8, 7)])
def test_nothing_is_said_of_counts_that_say_nothing(together: int, of: int) -> None:
    """Nor of a reason that stands on no counts."""
    assert None is evidence_sentence("popular", "en", together=together, of=of)
    assert None is evidence_sentence("a word of a shop", "en", together=1, of=2)


@given(language=SPOKEN, key=st.sampled_from([*TEXTS[FALLBACK]]), name=NAMES)
def test_a_name_stays_text_and_turns_nothing_around(language: str, key: str, name: str) -> None:
    """Whatever its letters are: isolates are balanced, and nothing is directed by a name."""
    said = reason(key, anchor=name, locale=language)
    text, template = said["text"], said["template"]
    inside = re.sub(f"{FIRST_STRONG_ISOLATE}([^{POP_ISOLATE}]*){POP_ISOLATE}", r"\1", text)

    assert not DIRECTING.search(inside)
    assert text.count(FIRST_STRONG_ISOLATE) == text.count(POP_ISOLATE) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)
    assert ("{anchor}" in template) == (name == said.get("anchor"))
    assert said.get("direction") == ("rtl" if language in RIGHT_TO_LEFT else None)


def test_an_id_is_isolated_where_the_sentence_runs_the_other_way() -> None:
    """In the template too, so that a shop's title is, wherever it is put in."""
    arabic = reason("bought_together", anchor="SKU-1 (2)", locale="ar")
    english = reason("bought_together", anchor="خبز", locale="en")

    assert "\u2068SKU-1 (2)\u2069" in arabic["text"]
    assert "\u2068{anchor}\u2069" in arabic["template"]
    assert "Often bought together with \u2068خبز\u2069" == english["text"]
    assert "Often bought together with {anchor}" == english["template"]


@pytest.mark.parametrize("key", [*SAID_BY_STAFF, "curated"])
@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_staff_say_ids_that_run_the_other_way_apart_from_their_sentence(
    language: str, key: str
) -> None:
    """Both of them, where both are said; so no word of the sentence is dragged along."""
    said = staff_sentence(key, language, anchor="SKU-1", item="SKU-2")
    template = messages_in(language).staff[SAID_BY_STAFF.get(key, "any")]

    assert said.count("\u2068SKU-2\u2069") == said.count("SKU-2") == template.count("{item}")
    assert said.count("\u2068SKU-1\u2069") == said.count("SKU-1") == template.count("{anchor}")
    assert 1 == template.count("{item}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_say_a_title_of_the_other_direction_isolated_once(language: str) -> None:
    """Of either direction, in sentences of either: no isolate is within another."""
    for title in ("خبز", "SKU-1"):
        said = staff_sentence("curated", language, anchor=title, item=title)
        isolates = re.findall(f"{FIRST_STRONG_ISOLATE}{re.escape(title)}{POP_ISOLATE}", said)
        runs_otherwise = language in RIGHT_TO_LEFT or title == "خبز"

        assert 2 * runs_otherwise == len(isolates)
        assert len(isolates) == said.count(FIRST_STRONG_ISOLATE) == said.count(POP_ISOLATE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(OF_OFFERS))
def test_what_is_said_of_an_offer_names_the_item_and_no_other(kind: str, language: str) -> None:
    """Nobody has counted that it goes with anything."""
    said = said_by_staff(kind, language, anchor="bread", item="pot")

    assert ("pot" in said, "bread" in said) == (True, False)


def test_a_name_is_isolated_once_and_only_where_it_runs_the_other_way() -> None:
    """Bread in Arabic letters is in an Arabic sentence as any id is; cheese in German as it is."""
    arabic = reason("bought_together", anchor="خبز", locale="ar")["text"]
    german = reason("bought_together", anchor="Käse", locale="de")["text"]

    assert "\u2068خبز\u2069" in arabic
    assert (1, 1) == (arabic.count(FIRST_STRONG_ISOLATE), arabic.count(POP_ISOLATE))
    assert "Wird oft zusammen mit Käse gekauft" == german


def test_a_name_that_turns_text_around_is_disarmed() -> None:
    """`cod.exe` must not be read as `exe.doc`."""
    said = reason("bought_together", anchor="cod\u202eexe.\u2069", locale="en")

    assert "Often bought together with codexe." == said["text"]
    assert "cod\u202eexe.\u2069" == said["anchor"]


@given(language=SPOKEN, key=st.sampled_from([*SAID_BY_STAFF, "curated"]), name=NAMES, other=NAMES)
def test_staff_name_the_item_once(language: str, key: str, name: str, other: str) -> None:
    """Also where a title looks like a place in a template."""
    said = staff_sentence(key, language, anchor=name, item=other)
    places_in = staff_sentence(key, language, anchor="{item}", item="{anchor}")

    assert DIRECTING.sub("", other).isprintable() <= (DIRECTING.sub("", other) in said)
    assert 1 == places_in.count("{anchor}")
    assert places_in.count("{item}") <= 1


@pytest.mark.parametrize(
    ("locale", "language"),
    [("es-419", "es"), ("ar_EG", "ar"), ("SI", "si"), ("pl-PL", "en"), (None, "en"), ("-", "en")],
)
def test_a_locale_is_answered_in_its_language_or_in_english(
    locale: str | None, language: str
) -> None:
    """However it is written."""
    assert language == spoken_in(locale)
    assert TEXTS[language]["popular"] == reason("popular", anchor="x", locale=locale)["text"]


def test_counts_are_said_only_where_a_shop_wants_that() -> None:
    """They are a sentence of their own: the reason stays as it is."""
    plain = reason("bought_together", anchor="bread", locale="en")
    counted = reason("bought_together", anchor="bread", locale="en", counted=(41, 57))

    assert plain | {"evidence_text": "In 41 of 57 baskets"} == counted
