"""Answers that a console may have found: of a shop that knows what goes with bread."""

from streams.contract.published.prompts import Prompt
from streams.operations.explanation.why.asking import Why
from streams.operations.explanation.why_not.asking import WhyNot
from tests.operations.explanation import test_why, test_why_not
from tests.operations.explanation.kept_log import OneWorker


def asked() -> tuple[OneWorker, Prompt]:
    """Somebody has butter in the basket, and looks at bread: what they are offered, with counts."""
    return test_why.asked_for_bread(reason_evidence=True)


def why_bread() -> Why:
    """Why they were offered that."""
    worker, prompt = asked()
    return test_why.told(worker, prompt)._replace(notes=("told by `goeswith why`",))


def why_not_butter() -> WhyNot:
    """Why butter, which goes best with it, was not in it."""
    worker, prompt = asked()
    told = test_why_not.told(worker, "butter")
    return WhyNot(prompt.caused_by, 0, told, ("a note",))
