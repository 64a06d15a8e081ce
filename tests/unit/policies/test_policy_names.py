"""Names of policies: readable, stable, owned, and never the same for two."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import Mapping
from shared.policies import desired
from shared.policies.limits import POLICY_NAME
from shared.policies.names import Wanted, policy_names


def test_a_name_says_whose_it_is_and_what_for() -> None:
    wanted = [Wanted("web-reader", "oss-read-only", "a"), Wanted("team.worker", "own", "b")]

    assert policy_names(wanted) == ("rolekeeper-web-reader-oss-read-only", "rolekeeper-team-worker-own")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Wanted("a-b", "c"), Wanted("a", "b-c"), id="where the role ends"),
        pytest.param(Wanted("a.b", "c"), Wanted("a-b", "c"), id="dot and dash"),
        pytest.param(Wanted("a", "Own"), Wanted("a", "own"), id="case"),
        pytest.param(Wanted("a", "c", "1"), Wanted("a", "c", "2"), id="one template, two sets of values"),
        pytest.param(Wanted("a" * 64, "b" * 128), Wanted("a" * 64, "b" * 127 + "c"), id="too long"),
    ],
)
def test_two_that_would_be_called_the_same_get_a_digest_each(one: Wanted, other: Wanted) -> None:
    names = policy_names([one, other])

    assert names[0].lower() != names[1].lower()
    assert all(re.fullmatch(r"rolekeeper-[A-Za-z0-9-]+-[0-9a-f]{8}", name) for name in names)
    assert policy_names([other, one]) == names[::-1]


def test_a_name_made_to_look_like_a_digest_takes_nobodys_name() -> None:
    twins = [Wanted("a", "c", "1"), Wanted("a", "c", "2")]
    taken = policy_names(twins)
    forged = [Wanted("a", name.removeprefix("rolekeeper-a-")) for name in taken]

    names = policy_names([*twins, *forged])
    assert len(set(names)) == 4


ROLE = st.text(alphabet="ab.-", min_size=1, max_size=64)
NAME = st.text(alphabet="abAB-", min_size=1, max_size=128)
WANTED = st.lists(st.builds(Wanted, ROLE, NAME, st.sampled_from(["", "1", "2"])), unique=True, max_size=12)
CLOSE = st.lists(
    st.builds(
        Wanted, st.text("a-.", min_size=1, max_size=3), st.text("aA-", min_size=1, max_size=3), st.sampled_from("12")
    ),
    unique=True,
    max_size=12,
)


@given(st.one_of(WANTED, CLOSE), st.randoms(use_true_random=False))
def test_no_two_policies_of_any_roles_share_a_name(wanted: list[Wanted], chance: random.Random) -> None:
    names = policy_names(wanted)

    assert len({name.lower() for name in names}) == len(wanted)
    assert all(POLICY_NAME.fullmatch(name) and name.startswith("rolekeeper-") for name in names)
    mixed = chance.sample(wanted, len(wanted))
    assert dict(zip(mixed, policy_names(mixed), strict=True)) == dict(zip(wanted, names, strict=True))


def test_a_changed_value_keeps_the_name_and_a_second_use_does_not(mapping_of: Callable[[str], Mapping]) -> None:
    def names(*buckets: str) -> list[str]:
        entries = "".join(f"      - {{template: oss-read-only, with: {{bucket: {bucket}}}}}\n" for bucket in buckets)
        (role,) = desired(mapping_of(f"  web:\n    policies:\n{entries}"), account_id="1").roles
        return [policy.name for policy in role.policies]

    assert names("abc") == names("xyz") == ["rolekeeper-web-oss-read-only"]
    both = names("abc", "xyz")
    assert len(set(both)) == 2
    assert names("xyz", "abc") == both[::-1]
    assert set(both) < set(names("abc", "xyz", "uvw"))


def test_the_account_is_no_part_of_a_name(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(
        "  web: {policies: [{template: oss-read-only, with: {bucket: abc}}, {template: oss-read-only, with: {bucket: xyz}}]}"
    )
    one, other = (desired(mapping, account_id=account).roles[0].policies for account in ("1", "2"))

    assert [policy.name for policy in one] == [policy.name for policy in other]
    assert one[0].document != other[0].document
