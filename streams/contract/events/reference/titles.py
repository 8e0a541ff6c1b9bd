"""Which of an item's titles a shopper reads: that of the language nearest to theirs."""

from collections.abc import Iterable, Mapping

FALLBACK = "en"


def title_in(titles: Mapping[str, str], locales: Iterable[str | None]) -> str | None:
    """The title for the first of these locales that has one, in English else, or any; None: none.

    A locale has the title of its own tag, or one of its language, however both are written.

    >>> titles = {"de": "Butter, gesalzen", "en-GB": "Butter, salted", "pt-BR": "Manteiga"}
    >>> title_in(titles, ["de_AT"]), title_in(titles, ["fi", "pt"]), title_in(titles, [None])
    ('Butter, gesalzen', 'Manteiga', 'Butter, salted')
    >>> title_in({"fi": "Voi"}, ["de"]), title_in({}, ["de"])
    ('Voi', None)
    """
    if not titles:
        return None
    tags = {_tag(name): title for name, title in titles.items()}
    for locale in (*locales, FALLBACK):
        if not locale:
            continue
        wanted = _tag(locale)
        if (title := tags.get(wanted)) is not None:
            return title
        language = _language(wanted)
        if (title := tags.get(language)) is not None:
            return title
        for tag, title in tags.items():
            if _language(tag) == language:
                return title
    return next(iter(titles.values()))


def _tag(locale: str) -> str:
    return locale.replace("_", "-").lower()


def _language(tag: str) -> str:
    return tag.partition("-")[0]
