"""What holds for all policies: Deny wins, the default is no, more Allow never takes away, order does not count."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakecloud.ram.judge import Document, decide, judge
from tests.contract.permissions.callers import document

_WORDS = st.sampled_from(["a", "b", "*", "?", "a*", "*b", "A"])
_ACTION = st.builds("{}:{}".format, st.sampled_from(["ecs", "ram", "*"]), _WORDS) | st.just("*")
_RESOURCE = st.builds("acs:{}:{}:42:{}".format, st.sampled_from(["ecs", "*"]), st.sampled_from(["r", "*", ""]), _WORDS)
_CONDITION = st.sampled_from([{}, {"StringEquals": {"acs:Service": "a"}}, {"StringNotLike": {"acs:Service": "a*"}}])


def _statement(effect: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    action = st.tuples(st.sampled_from(["Action", "NotAction"]), st.lists(_ACTION, min_size=1, max_size=2))
    resource = st.tuples(
        st.sampled_from(["Resource", "NotResource"]), st.lists(_RESOURCE | st.just("*"), min_size=1, max_size=2)
    )

    def build(effect: str, action: Any, resource: Any, condition: Any) -> dict[str, Any]:
        return {"Effect": effect, action[0]: action[1], resource[0]: resource[1], "Condition": condition}

    return st.builds(build, effect, action, resource, _CONDITION)


ANY = _statement(st.sampled_from(["Allow", "Deny"]))
STATEMENTS = st.lists(ANY, max_size=5)
ALLOW, DENY = _statement(st.just("Allow")), _statement(st.just("Deny"))
REQUEST = st.tuples(
    st.sampled_from(["ecs:a", "ecs:ab", "ram:b"]),
    st.sampled_from(["acs:ecs:r:42:a", "acs:ecs::42:b", "acs:ram::42:ab"]),
    st.sampled_from([{}, {"acs:Service": "a"}, {"acs:Service": "b"}]),
)
Request = tuple[str, str, dict[str, str]]


@given(STATEMENTS, DENY, REQUEST)
def test_one_more_deny_never_allows_more(statements: list[Any], extra: Any, request: Request) -> None:
    after = decide([document(*statements, extra)], *request)
    assert after != "Allow" or decide([document(*statements)], *request) == "Allow"


@given(STATEMENTS, ALLOW, REQUEST)
def test_one_more_allow_never_allows_less_and_never_lifts_a_deny(
    statements: list[Any], extra: Any, request: Request
) -> None:
    before, after = decide([document(*statements)], *request), decide([document(*statements, extra)], *request)
    assert after == before or (before, after) == ("ImplicitDeny", "Allow")


@given(STATEMENTS, DENY, REQUEST)
def test_a_deny_that_applies_decides_whatever_else_is_there(
    statements: list[Any], extra: Any, request: Request
) -> None:
    if decide([document(extra)], *request) == "ExplicitDeny":
        assert decide([document(*statements, extra)], *request) == "ExplicitDeny"


@given(st.lists(DENY, max_size=5), REQUEST)
def test_without_an_allow_nothing_is_allowed(statements: list[Any], request: Request) -> None:
    assert decide([document(*statements)], *request) != "Allow"


@given(STATEMENTS.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))), st.integers(0, 5), REQUEST)
def test_neither_the_order_of_statements_nor_their_policies_count(
    pair: tuple[list[Any], list[Any]], cut: int, request: Request
) -> None:
    made, shuffled = pair
    split: list[Document] = [document(*shuffled[:cut]), document(*shuffled[cut:])]
    assert decide(split, *request) == decide([document(*made)], *request)


@given(STATEMENTS, STATEMENTS, REQUEST)
def test_a_session_policy_never_allows_what_the_role_does_not(
    session: list[Any], identity: list[Any], request: Request
) -> None:
    narrowed = judge(
        [("SessionPolicy", [document(*session)]), ("AccountLevelIdentityBasedPolicy", [document(*identity)])], *request
    )
    alone = {decide([document(*session)], *request), decide([document(*identity)], *request)}
    assert narrowed.allowed == (alone == {"Allow"})
    assert (narrowed.verdict == "ExplicitDeny") == ("ExplicitDeny" in alone)
