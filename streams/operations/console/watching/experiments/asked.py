"""Answers to declared questions, as outcomes become known.

Questions about arms are folded beside what else is: whoever has read on before the question was
known reads again from the start. Answers of what somebody has ended stand, and are not reckoned.
"""

from collections.abc import Callable, Collection

from streams.contract.published.outcomes import AnyOutcome
from streams.contract.settings import Settings
from streams.experiments.declared.register import DeclaredExperiment, Register
from streams.experiments.open_prompts import QuietTime
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.of_units import answer_of_units
from streams.experiments.uplift.command import Looked

ANSWERED_MAX = 10
"""Experiments that are answered at once, those that began last; `goeswith experiment` knows all."""


class AskedQuestions:
    """Follows the register, and answers what it asks."""

    def __init__(self, settings: Settings, register: Callable[[], Register | None]) -> None:
        self._settings = settings
        self._register = register
        self._arms: dict[str, ArmsQuestion] = {}
        self._answers: dict[str, QuestionAnswer] = {}
        self._latest_ms = 0

    @property
    def register(self) -> Register:
        """What was declared, as far as it is known."""
        return self._register() or Register()

    def outdated(self) -> bool:
        """Whether a question about arms has become known after outcomes that it is about."""
        return any(
            self._of(one) is None and one.start_ms < self._latest_ms for one in self._about_arms()
        )

    def begin(self) -> None:
        """Nothing has been read."""
        self._latest_ms = 0
        self._arms = {}
        self._answers = {}

    def follow(self) -> None:
        """Ask what is asked now."""
        about = self._about_arms()
        self._arms = {one.name: self._of(one) or ArmsQuestion(one, self._settings) for one in about}

    def see(self, outcome: AnyOutcome, partition: int) -> None:
        """Note an outcome."""
        self._latest_ms = max(self._latest_ms, outcome.occurred_at_ms)
        for question in self._arms.values():
            question.see(outcome, partition)

    def settle(self, unread: Collection[int], quiet: QuietTime) -> None:
        """Count what is settled."""
        for question in self._arms.values():
            question.trials.quiet = quiet
            question.settle(unread)

    def answers(self, looked: Looked, now_ms: int) -> dict[str, QuestionAnswer]:
        """By name what follows by now."""
        for question in self._arms.values():
            question.trials.begins_ms = looked.kept.begins_ms
        found = {name: question.answer() for name, question in self._arms.items()}
        for one in self._open():
            if one.asked.arms is None and one.start_ms <= now_ms:
                known = self._answers.get(one.name)
                found[one.name] = answer_of_units(one, looked, now_ms, known)
        self._answers = found
        return found

    def _open(self) -> list[DeclaredExperiment]:
        there = [one for one in self.register.all() if one.concluded_by is None]
        return there[:ANSWERED_MAX]

    def _about_arms(self) -> list[DeclaredExperiment]:
        return [one for one in self._open() if one.asked.arms is not None]

    def _of(self, one: DeclaredExperiment) -> ArmsQuestion | None:
        """The fold of this very question."""
        known = self._arms.get(one.name)
        same = known is not None and (known.one.asked, known.one.start_ms) == (
            one.asked,
            one.start_ms,
        )
        return known if same else None
