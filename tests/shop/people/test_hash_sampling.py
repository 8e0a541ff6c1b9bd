"""Who belongs to a share: the same on every worker, whatever the salt."""

from streams.shop.people.hash_sampling import sampled

WHO = [f"shopper-{number}" for number in range(200)]


def drawn(salt: str, share: float = 0.5) -> list[str]:
    """Those of all whom this salt draws."""
    return [who for who in WHO if sampled(who, share=share, salt=salt)]


def test_a_salt_counts_to_its_64th_byte_and_may_be_longer() -> None:
    """As many as a keyed hash takes."""
    salt = "x" * 63

    assert drawn(salt + "a") == drawn(salt + "a" + "and so on")
    assert drawn(salt + "a") != drawn(salt + "b")


def test_a_larger_share_has_all_of_a_smaller_one() -> None:
    """About so many, and nobody leaves it."""
    few, half = drawn("2026", 0.1), drawn("2026", 0.5)

    assert {*few} < {*half}
    assert 5 < len(few) < 40
    assert 70 < len(half) < 130
