"""All settings, of whichever program: what one module checks, no other one unchecks."""

from collections import Counter

import pytest
from pydantic import ValidationError

from streams.contract.settings import Settings
from streams.contract.wire.programs import ProgramSettings


def test_no_kind_of_settings_hides_the_check_of_another() -> None:
    """Python takes one of two validators of a name, and leaves the other field unchecked."""
    kinds = ProgramSettings.__bases__
    checks = Counter(
        name
        for kind in kinds
        for of in (kind.__pydantic_decorators__,)  # type: ignore[attr-defined]
        for name in (*of.field_validators, *of.model_validators)
    )
    held = Settings.__pydantic_decorators__

    assert [] == [name for name, kinds_of in checks.items() if kinds_of > 1]
    assert checks.keys() <= {*held.field_validators, *held.model_validators}
    assert {"_are_pages", "_are_origins"} <= checks.keys()


def test_a_floor_is_none_or_one_that_somebody_meets() -> None:
    """As the control that stands above it."""
    assert [0.0, 1e-6] == [Settings(arm_floor=floor).arm_floor for floor in (0.0, 1e-6)]
    with pytest.raises(ValidationError, match=r"must be 0, or 0\.000001 and more"):
        Settings(arm_floor=1e-300)
