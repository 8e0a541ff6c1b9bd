"""What a prompt says to the shopper: a key to translate by, and a text in a few languages.

Storefronts with their own texts use the key and the evidence; the text is for those without.
"""

TEXTS = {
    "en": {
        "bought_together": "Often bought together with {anchor}",
        "viewed_together": "Shoppers who looked at {anchor} looked at this too",
        "buy_again": "You have bought this before",
        "popular": "Popular right now",
    },
    "de": {
        "bought_together": "Wird oft zusammen mit {anchor} gekauft",
        "viewed_together": "Wer {anchor} ansah, sah auch dies an",
        "buy_again": "Das haben Sie schon einmal gekauft",
        "popular": "Gerade beliebt",
    },
    "fr": {
        "bought_together": "Souvent acheté avec {anchor}",
        "viewed_together": "Ceux qui ont vu {anchor} ont aussi vu ceci",
        "buy_again": "Vous l'avez déjà acheté",
        "popular": "Populaire en ce moment",
    },
}


def reason(key: str, *, anchor: str, locale: str | None) -> dict[str, str]:
    """The fields of a `Reason` in the language of a locale, or else in English.

    >>> reason("bought_together", anchor="bread", locale="de-AT")["text"]
    'Wird oft zusammen mit bread gekauft'
    >>> reason("popular", anchor="bread", locale=None)["text"]
    'Popular right now'
    """
    language = (locale or "en").split("-")[0].lower()
    text = TEXTS.get(language, TEXTS["en"])[key]
    return {"key": key, "text": text.format(anchor=anchor)}
