"""What a model is asked and taught on its course, in which order, and what is made of it."""

import pytest

from streams.lab.evaluate.logs.sessions import CONTEXT_MAX, LoggedSession, Moment
from streams.lab.evaluate.models import CONTESTANTS
from streams.lab.evaluate.prequential import PrequentialRules, PrequentialRun

TRAIN = [
    LoggedSession(("bread", "butter"), (0.0, 0.0), session_id="t0"),
    LoggedSession(("bread", "butter", "jam"), (1.0, 1.0, 1.0), session_id="t1"),
    LoggedSession(("bread", "jam"), (2.0, 2.0), session_id="t2"),
]
DATA = [
    LoggedSession(("bread", "butter", "bread"), (3.0, 3.0, 3.0), session_id="d3"),
    LoggedSession(("jam", "yeast"), (4.0, 4.0), session_id="d4"),
]


class Notebook:
    """A contestant that writes down what happens to it, and offers bread."""

    bytes = 0

    def __init__(self, *, learns_rank: bool = True) -> None:
        self.learns_rank = learns_rank
        self.notes: list[tuple[str, tuple[str, ...], str]] = []
        self.moments: list[Moment] = []

    def learn(self, moment: Moment, y: str, category: str) -> None:
        """Note it."""
        self.notes.append(("learn", moment.x, y))
        self.moments.append(moment)

    def offer(self, moment: Moment, k: int) -> list[str]:
        """Note it."""
        self.notes.append(("offer", moment.x, str(k)))
        self.moments.append(moment)
        return ["bread"]

    def learn_rank(self, moment: Moment, y: str) -> None:
        """Note it."""
        self.notes.append(("learn_rank", moment.x, y))


def judged(
    rules: PrequentialRules, data: list[LoggedSession], *, learns_rank: bool = True
) -> Notebook:
    """The notes of a contestant that was judged, and not trained."""
    notebook = Notebook(learns_rank=learns_rank)
    PrequentialRun(notebook, rules).judge(data)
    return notebook


def test_frozen_nothing_is_learned_of_the_data() -> None:
    """Twenty are asked for beyond what the session has, which serves both regimes."""
    assert [
        ("offer", ("bread",), "21"),
        ("offer", ("bread", "butter"), "22"),
        ("offer", ("jam",), "21"),
    ] == judged(PrequentialRules(online=False), DATA).notes


def test_online_an_example_is_answered_before_it_is_learned() -> None:
    """And the ranking is learned in between, from the same moment."""
    assert [
        ("learn", (), "jam"),
        ("offer", ("jam",), "21"),
        ("learn_rank", ("jam",), "yeast"),
        ("learn", ("jam",), "yeast"),
    ] == judged(PrequentialRules(online=True), DATA[1:]).notes


def test_who_learns_no_ranking_is_not_asked_to() -> None:
    """The call is not timed either."""
    notes = judged(PrequentialRules(online=True), DATA, learns_rank=False).notes

    assert "learn_rank" not in {kind for kind, _, _ in notes}


def test_examples_begin_at_the_prefix_that_is_asked_for() -> None:
    """What comes before is learned all the same."""
    notes = judged(PrequentialRules(online=True, min_prefix=2), DATA).notes

    assert [("bread", "butter")] == [x for kind, x, _ in notes if kind == "offer"]
    assert 5 == sum(kind == "learn" for kind, _, _ in notes)


def test_of_a_basket_the_last_item_alone_is_an_example() -> None:
    """The one that is hidden."""
    basket = DATA[0]._replace(judged_from=2)

    assert [("offer", ("bread", "butter"), "22")] == judged(
        PrequentialRules(online=False), [basket]
    ).notes


def test_sessions_at_the_same_time_are_told_as_time_went() -> None:
    """Each event with its session's own context, time and name."""
    tea = LoggedSession(("tea", "milk"), (60.0, 80.0), "ada", "s1")
    bread = LoggedSession(("bread", "jam"), (70.0, 90.0), "bob", "s2")

    assert [
        Moment((), 60.0, "s1", "ada"),
        Moment((), 70.0, "s2", "bob"),
        Moment(("tea",), 80.0, "s1", "ada"),
        Moment(("bread",), 90.0, "s2", "bob"),
    ] == list(dict.fromkeys(judged(PrequentialRules(online=True), [tea, bread]).moments))


def test_a_model_is_told_no_more_than_the_latest_items() -> None:
    """But what the session had before is no new item for cross-sell."""
    items = ("bread", *(f"item-{n}" for n in range(CONTEXT_MAX)), "bread")
    session = LoggedSession(items, (0.0,) * len(items))
    course = PrequentialRun(Notebook(), PrequentialRules(online=False, min_prefix=CONTEXT_MAX + 1))
    course.judge([session])

    assert items[1:-1] == course.contestant.moments[0].x  # type: ignore[attr-defined]
    assert 0 == course.figures()["cross_sell"]["examples"]


@pytest.mark.parametrize(("last", "answers"), [(0, []), (2, ["jam", "jam"]), (9, None)])
def test_the_ranking_is_learned_from_the_last_examples_of_the_training(
    last: int, answers: list[str] | None
) -> None:
    """All of them if there are no more."""
    notebook = Notebook()
    PrequentialRun(notebook, PrequentialRules(online=False, rank_last=last)).train(TRAIN)
    found = [y for kind, _, y in notebook.notes if kind == "learn_rank"]

    assert found == (["butter", "butter", "jam", "jam"] if answers is None else answers)


def test_the_figures_of_a_chain_by_hand() -> None:
    """Trained, after bread come butter (2 of 3) and jam; after butter jam alone; after jam nothing.

    The examples of the data: bread to butter is a hit at rank 1; butter to bread is a miss, and no
    example of cross-sell; jam to yeast is a miss, and cold.
    """
    course = PrequentialRun(CONTESTANTS["markov"](), PrequentialRules(online=False))
    course.train(TRAIN)
    course.judge(DATA)
    figures = course.figures()
    names = ("examples", "hr@1", "mrr@20", "coverage@20", "cold_share")

    published = [figures["published"][name] for name in names]
    assert [3, 0.33333, 0.33333, 0.66667, 0.33333] == published
    assert [2, 0.5, 0.5, 0.66667, 0.5] == [figures["cross_sell"][name] for name in names]


def test_online_the_data_is_learned_too() -> None:
    """Told twice of yeast after jam, the chain knows it the second time, and it is cold no more."""
    course = PrequentialRun(CONTESTANTS["markov"](), PrequentialRules(online=True))
    course.train(TRAIN)
    course.judge([DATA[1], DATA[1]])
    figures = course.figures()["published"]

    assert [2, 0.5, 0.5] == [figures[name] for name in ("examples", "hr@1", "cold_share")]
    assert 0.0 == figures["coverage@20"]  # yeast is not in the catalogue of the training


def test_progress_is_told_to_the_last_event() -> None:
    """However many there are."""
    told: list[int] = []
    course = PrequentialRun(Notebook(), PrequentialRules(online=False), told.append)
    course.train(TRAIN * 300)

    assert 7 * 300 == sum(told)
    assert len(told) > 2
