"""Snapshots of policies that an earlier release wrote: they are read, and go on learning."""

import base64

import pytest

from models import LinearThompsonSampling, ThompsonSampling

MONDAY = 1_767_225_600
CONTEXTS = (
    "Z29lc3dpdGgtc25hcHNob3QgeyJraW5kIjoiVGhvbXBzb25TYW1wbGluZyIsInBsYWluX2J5dGVzIjo4Nzc4LCJzaG"
    "EyNTYiOiJiYmI0ZTdjOTVjNTU4YzhlZjVkYjY5YWFjZTg4MjE2YjhkNGU2MGM2ODEwNWQ3MDNjMzk3ZDI4ODI4Zjhl"
    "MDdmIiwidmVyc2lvbiI6M30KeAHtWtuOmzAQ/Rc/o61tjDH5lTaKjG02UQlEQLRbRfn3zpiL2G3Vlx2eiqVEgZjh+H"
    "jmMIz9YLau2eE7K2yleaY5UWMJC1LkeSCyx9kxYba79uzwYO7e2SF4hK18XnJZkt0lASI4947MIMC+tbd7bbtt4Coj"
    "tJV0cJ8Jc6GuI8+l7X+G4VsT3nbWVwyDb5OzjrSfbfMaIvHh1rrzv6bgwYTQxqBL2UqKgpsVvq/8hLGBtSzTZAYhAB"
    "BrgVjLUJWZITMNlrVXaUlmcMRacMTquVI6JTMNWI2zFd1ETVgFYg2p8KH6yryvr0UfsMEFusFPWCVirXLrUtBYmgZY"
    "ZaqlycgmasKajv5qFDgsDVSOvKbcUfrAc/V02VITXJ7ZQMbDSPFGklAIZxXRjMWsA9RrI0UoPM/p1HBy3I0EgUtjCN"
    "MMCAWgdRtBKL3gFbGzFtvogSutotOX4/MJglBDbtwP7IAEp3DsQ21/xWTC2Wv4lMnpzAtHhyBhqZIVPO6JAhAkE2Xz"
    "//tAMK9fG2iT/P+R0HnMx3WEpLwAbQeqQ+MvzeuH2HiwH3f0YjwJj+1Cp6BWzOXeFUTOPSUEYDlHy6bkgjBuImYVMR"
    "dGURleMCt4+WDOZoWjMj2mR4XOQGqZK2VFp+Ex8QLLEbPjOdUELmxohZgdJOHUbGh4cWLOlzk5z3nEHApBl4JMPBsI"
    "GuYq7SQ1GyYDy/BmBkUfojZ7HaZ4zAup6DCD0nysoOwyskzaTPsuI0jJzMYuI2s2dhmJbGBOv+SCe1aCnPzR5gDa5Q"
    "SpmdnY5WTNxi4nkY09K0Ea/t7mwNllBPmZ2dhlZM3GLiORjVhqHLqLHZeKlyX5DVbkl+SH3DamVuH91vb3blx4XYYh"
    "JJaF5oV7OFr3PMU9E1JBl+oet09UQENI4vdxrsCeoOYqciiFGuiJ1mxnx/0LsI/h1A9daF6HMztI/gL/4t6G09W+w3"
    "GmxzX4VZ809nFtM4T3YeqnoCYFAOq27dgB/s8SdrZ1daovVYj3ltCBxwuvrYfCLyy/Ql0YgHSXtjtdg23m68YznyH1"
    "AfdYNDDChPVhGOpoNhp8uzS+fcO7GA2De+HP528ll+0u"
)
FACTORS = (
    "Z29lc3dpdGgtc25hcHNob3QgeyJraW5kIjoiTGluZWFyVGhvbXBzb25TYW1wbGluZyIsInBsYWluX2J5dGVzIjo4OD"
    "A4LCJzaGEyNTYiOiI2NjNkMGUwOTJmOTczMDBjYzVlNTI2MTY4NWMzYzNiNzE1ZjI4NWQ1ZWRhYjc3MDMwNDI2OGMw"
    "MmM0MWJjNDcyIiwidmVyc2lvbiI6M30KeAHtWtuOmzAQ/Rc/o9Q2xpj8ShtFxjabqAQiIMpWUf69MyYgdlv1ZYenYm"
    "lX4eLh+HjmMIz9YLau2f47K2yleaY5UWMJC1LkeSCyx9khYba79Gz/YO7W2SF4hK18XnJZkj0lASI4947MIMC+ttdb"
    "bbt14CojtJV0cJ8Jc6GuI8+l7X+G4VsT7hvrC4bBt8lZR9pPtnkLkfhwbd3pX1PwYEJoY9ClbCVFwc0C31d+wtjAWp"
    "ZpMoMQAIi1QKxlqMrMkJkGy9qrtCQzOGItOGL1XCmdkpkGrMbZim6iXlgFYg2p8KH6yrwv+6IP2OAC3eBfWCVirXLr"
    "UtBYmgZYZaqlycgm6oU1Hf3VKHBYGqgceU25o/SB5+LtsqYmuDyzgYyHkeKVJKEQziqiGYtZB6jXSopQeJ7TqeHLcV"
    "cSBC6NIUwzIBSA1nUEofSCV8TOWqyjB660ik5fDs8nCEINuXE/sD0SnMKxD7X9FZMJZy/hUyanMy8cHYKEpUpW8Lon"
    "CkCQTJTN/+8Pgnn52UCb5P+PhE5jPiwjJOUFaDtQHRp/bt4+xMaD/bihF+NJeG0XOgW1Yi73riBy7ldCAJZztGxKLg"
    "jjJmJWEXNhFJXhGbOCjw/mbFY4KtNjelToDKSWuVJWdBoeEy+wHDE7nlNN4MyGVojZQRJOzYaGDyfmfJmT85xHzKEQ"
    "dCnIi2cDQcNcpZ2kZsNkYBm+zKDoQ9Qmr8MUj3khFR1mUJqPFZRNRuZJm2jfZAQpmdjYZGTJxiYjkQ3M6edccMtKkJ"
    "M/2hRAm5wgNRMbm5ws2djkJLKxZSVIw9/bFDibjCA/ExubjCzZ2GQkshFLjUN3tuNS8bwkv8KK/Jz8kNvG1Cq8X9v+"
    "1o0Lr/MwhMSy0LRwD0fLO49xz4RUcEt1i9snKqAhJPH/YarAHqHmKnIohRq4E63Zzo77F2Afw7G/dsHCFgaxg0u4se"
    "F4se9sLzMNK8FtM4T34XVKQe0JHmTd0HZzN77LMzhZt23H9nzH4eBk6+pYn6sQHyyhF4cLCbu0Hqq+sPYKRWFA0Z3B"
    "zCXYZuo3numHLjRvwwkgxF59wA0WDQwvYX0YhjqaHS+dbBf8Jyj3s8fOfJcm7H5ufHtHGEbD0Hf8+fwNWlj2KQ=="
)
"""As written at da89e9e: ten days of two arms, twelve trials of each a day, window of a day."""


@pytest.mark.parametrize(
    ("kind", "snapshot", "mean", "share"),
    [
        (ThompsonSampling, CONTEXTS, 0.1186318864095809, 0.8859283168978314),
        (LinearThompsonSampling, FACTORS, 0.12376226935470878, 0.9499996433626884),
    ],
)
def test_a_snapshot_of_an_earlier_release_is_read(
    kind: type[ThompsonSampling], snapshot: str, mean: float, share: float
) -> None:
    """It says what it said then, writes the same bytes, and learns."""
    written = base64.b64decode(snapshot)
    policy = kind.from_bytes(written)
    found, trials = policy.estimate("curated", "basket/new")

    assert written == policy.to_bytes()
    assert mean == pytest.approx(found, rel=1e-6)
    assert share == pytest.approx(
        policy.propensities(["curated", "popular"], "basket/new")["curated"], abs=1e-4
    )
    policy.expose("curated", "basket/new", time_s=MONDAY + 240 * 3_600)
    assert policy.estimate("curated", "basket/new")[1] == pytest.approx(trials + 1, rel=0.01)
