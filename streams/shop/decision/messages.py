"""Messages of prompts (localisation): a key to translate by, and a text in a few languages.

Storefronts with their own texts use the key and the evidence; the text is for those without.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

ANCHOR = "{anchor}"
"""Where a template names the item that asked."""

TEXTS = {
    "en": {
        "bought_together": "Often bought together with {anchor}",
        "viewed_together": "Shoppers who looked at {anchor} looked at this too",
        "buy_again": "You have bought this before",
        "popular": "Popular right now",
        "accessories": "Made to go with {anchor}",
        "curated/merchant": "We recommend this with {anchor}",
        "curated/editors": "Our editors recommend this with {anchor}",
        "curated/community": "Other customers recommend this with {anchor}",
        "best_fit/knn": "Visitors with similar baskets took this too",
        "best_fit/together": "Often bought together with {anchor}",
        "best_fit/next": "Often the next after {anchor}",
        "best_fit/own": "You have bought this before",
        "best_fit/category": "Popular among what goes with your basket",
        "best_fit/popular": "Popular right now",
        "best_fit/session": "You have looked at this",
    },
    "de": {
        "bought_together": "Wird oft zusammen mit {anchor} gekauft",
        "viewed_together": "Wer {anchor} ansah, sah auch dies an",
        "buy_again": "Das haben Sie schon einmal gekauft",
        "popular": "Gerade beliebt",
        "accessories": "Zubehör zu {anchor}",
        "curated/merchant": "Das empfehlen wir zu {anchor}",
        "curated/editors": "Das empfiehlt unsere Redaktion zu {anchor}",
        "curated/community": "Das empfehlen andere Kunden zu {anchor}",
        "best_fit/knn": "Besucher mit ähnlichen Körben nahmen auch dies",
        "best_fit/together": "Wird oft zusammen mit {anchor} gekauft",
        "best_fit/next": "Kommt oft nach {anchor}",
        "best_fit/own": "Das haben Sie schon einmal gekauft",
        "best_fit/category": "Beliebt unter dem, was zu Ihrem Korb passt",
        "best_fit/popular": "Gerade beliebt",
        "best_fit/session": "Das haben Sie sich angesehen",
    },
    "fr": {
        "bought_together": "Souvent acheté avec {anchor}",
        "viewed_together": "Ceux qui ont vu {anchor} ont aussi vu ceci",
        "buy_again": "Vous l'avez déjà acheté",
        "popular": "Populaire en ce moment",
        "accessories": "Fait pour aller avec {anchor}",
        "curated/merchant": "Nous recommandons ceci avec {anchor}",
        "curated/editors": "Notre rédaction recommande ceci avec {anchor}",
        "curated/community": "D'autres clients recommandent ceci avec {anchor}",
        "best_fit/knn": "Des visiteurs au panier semblable ont aussi pris ceci",
        "best_fit/together": "Souvent acheté avec {anchor}",
        "best_fit/next": "Souvent juste après {anchor}",
        "best_fit/own": "Vous l'avez déjà acheté",
        "best_fit/category": "Populaire parmi ce qui va avec votre panier",
        "best_fit/popular": "Populaire en ce moment",
        "best_fit/session": "Vous l'avez regardé",
    },
}


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no text for people has: NUL ends it early, or makes a database refuse it."""


def reason(
    key: str,
    *,
    anchor: str,
    locale: str | None,
    texts: Mapping[str, Mapping[str, str]] = TEXTS,
) -> dict[str, str]:
    """The fields of a `Reason` in the language of a locale, or else in English.

    A shop puts the anchor's title where the template has `{anchor}`: only it knows titles.

    >>> reason("bought_together", anchor="bread", locale="de-AT")["text"]
    'Wird oft zusammen mit bread gekauft'
    >>> reason("bought_together", anchor="bread", locale="de_DE")["template"]
    'Wird oft zusammen mit {anchor} gekauft'
    >>> reason("popular", anchor="bread", locale=None)["text"]
    'Popular right now'
    """
    template = texts.get(language(locale), texts["en"])[key]
    text = template.replace(ANCHOR, anchor)
    if not text.isprintable():  # a sender's id may hold anything
        text = CONTROL.sub("\ufffd", text)
    said = {"key": key, "text": text, "template": template}
    if ANCHOR in template:
        said["anchor"] = anchor
    return said


@lru_cache(maxsize=256)
def language(locale: str | None) -> str:
    """The language of a locale: what stands before the first hyphen or underscore.

    >>> language("pl-PL"), language("de_DE"), language(None)
    ('pl', 'de', 'en')
    """
    return (locale or "en").replace("_", "-").partition("-")[0].lower()
