"""Two spellings of one meaning are the same; two meanings never are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policies import canonical, grants, same


def policy(*statements: Any, version: str = "1") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


ECS = {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}
BASE = policy(allow(["a:B", "a:C"], ["acs:1", "acs:2"], Condition=ECS), allow("d:E", "*"))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(policy(*reversed(BASE["Statement"])), id="order of statements"),
        pytest.param(
            policy(allow(["a:C", "a:B"], ["acs:2", "acs:1"], Condition=ECS), allow("d:E", "*")), id="order of lists"
        ),
        pytest.param(policy(BASE["Statement"][0], allow(["d:E"], ["*"])), id="list of one"),
        pytest.param(policy(*BASE["Statement"], BASE["Statement"][1]), id="a statement twice"),
        pytest.param(policy(BASE["Statement"][0], allow(["d:E", "d:E"], "*")), id="an action twice"),
        pytest.param(policy(BASE["Statement"][0], allow("d:E", "*", Condition={})), id="empty condition"),
        pytest.param(policy(BASE["Statement"][0], allow("d:E", "*", Condition={"Bool": {}})), id="empty operator"),
        pytest.param(
            policy(
                allow(
                    ["a:B", "a:C"],
                    ["acs:1", "acs:2"],
                    Condition={"StringEquals": {"acs:Service": ["ecs.aliyuncs.com"]}},
                ),
                allow("d:E", "*"),
            ),
            id="list of one condition value",
        ),
        pytest.param(
            policy(
                allow("a:B", ["acs:1", "acs:2"], Condition=ECS),
                allow("a:C", "acs:1", Condition=ECS),
                allow("a:C", "acs:2", Condition=ECS),
                allow("d:E", "*"),
            ),
            id="spread over statements",
        ),
        pytest.param(dict(reversed(BASE.items())), id="order of keys"),
    ],
)
def test_a_spelling_that_means_the_same(other: dict[str, Any]) -> None:
    assert same(BASE, other)
    assert same(other, BASE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(policy(*BASE["Statement"], version="2"), id="version"),
        pytest.param(policy(BASE["Statement"][0]), id="a statement less"),
        pytest.param(policy(BASE["Statement"][0], allow("d:F", "*")), id="action"),
        pytest.param(policy(BASE["Statement"][0], allow("d:E", "acs:*")), id="resource"),
        pytest.param(policy(BASE["Statement"][0], {**BASE["Statement"][1], "Effect": "Deny"}), id="effect"),
        pytest.param(policy(allow(["a:B", "a:C"], ["acs:1", "acs:2"]), allow("d:E", "*")), id="no condition"),
        pytest.param(
            policy({"Effect": "Allow", "NotAction": "d:E", "Resource": "*"}, BASE["Statement"][0]), id="not action"
        ),
        pytest.param(
            policy({"Effect": "Allow", "Action": "d:E", "NotResource": "*"}, BASE["Statement"][0]), id="not resource"
        ),
        pytest.param(policy(BASE["Statement"][0], allow("d:E", "*", Sid="x")), id="an element we do not know"),
    ],
)
def test_another_meaning(other: dict[str, Any]) -> None:
    assert not same(BASE, other)


def test_all_of_a_negation_belongs_together() -> None:
    """NotAction [a, b] is neither NotAction a nor both NotAction a and NotAction b."""
    both = policy({"Effect": "Allow", "NotAction": ["a:A", "b:B"], "Resource": "*"})
    each = policy(*({"Effect": "Allow", "NotAction": action, "Resource": "*"} for action in ("a:A", "b:B")))

    assert not same(both, each)
    assert grants(both) == {("Allow", "not (a:A, b:B)", "*", "")}


def test_condition_values_are_a_set_and_conditions_are_not() -> None:
    def given_(condition: Any) -> dict[str, Any]:
        return policy(allow("a:B", "*", Condition=condition))

    assert same(given_({"Bool": {"k:a": ["1", "2"]}}), given_({"Bool": {"k:a": ["2", "1", "2"]}}))
    assert not same(given_({"Bool": {"k:a": "1"}}), given_({"Bool": {"k:b": "1"}}))
    assert not same(given_({"Bool": {"k:a": "1", "k:b": "1"}}), given_({"Bool": {"k:a": "1"}}))


def test_grants_are_listed_one_by_one() -> None:
    condition = '{"StringEquals":{"acs:Service":["ecs.aliyuncs.com"]}}'

    assert grants(BASE) == {
        ("Allow", "a:B", "acs:1", condition),
        ("Allow", "a:B", "acs:2", condition),
        ("Allow", "a:C", "acs:1", condition),
        ("Allow", "a:C", "acs:2", condition),
        ("Allow", "d:E", "*", ""),
    }


def test_grants_of_a_trust_policy_name_the_principals() -> None:
    trust = policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com", "RAM": ["a", "b"]}}
    )

    assert grants(trust) == {
        ("Allow", "sts:AssumeRole", principal, "") for principal in ("Service:ecs.aliyuncs.com", "RAM:a", "RAM:b")
    }


def test_the_document_is_left_as_it_was() -> None:
    before = json.dumps(BASE)
    canonical(BASE)
    grants(BASE)

    assert json.dumps(BASE) == before


TEXTS = st.sampled_from(["a:A", "a:B", "b:*", "*"])
MANY = st.one_of(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
CONDITIONS = st.dictionaries(
    st.sampled_from(["Bool", "StringLike"]), st.dictionaries(st.sampled_from(["k:a", "k:b"]), MANY)
)
STATEMENT = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": MANY, "Resource": MANY}, optional={"Condition": CONDITIONS}
)
DOCUMENT = st.lists(STATEMENT, max_size=4).map(lambda statements: policy(*statements))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["Statement", "Action", "Resource", "Principal", "Condition", "Effect", "x"]), inner
        ),
    ),
    max_leaves=12,
)


def shuffled(document: dict[str, Any], random: Any) -> dict[str, Any]:
    def mix(value: Any, in_list: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: mix(value[key]) for key in random.sample(list(value), len(value))}
        if isinstance(value, list):
            mixed = [mix(member, in_list=True) for member in random.sample(value, len(value))]
            return mixed[0] if len(mixed) == 1 and isinstance(mixed[0], str) else mixed + mixed[:1]
        plain = in_list or value in ("1", "Allow", "Deny") or random.random() < 0.5
        return value if plain else [value]

    mixed: dict[str, Any] = mix(document)
    return mixed


@given(DOCUMENT, st.randoms(use_true_random=False))
def test_canonical_is_idempotent_and_order_means_nothing(document: dict[str, Any], random: Any) -> None:
    normal = canonical(document)

    assert canonical(normal) == normal
    assert json.dumps(canonical(shuffled(document, random))) == json.dumps(normal)
    assert same(document, normal)


@given(DOCUMENT, DOCUMENT)
def test_equal_normal_forms_are_the_same_and_the_same_is_equal_grants(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert same(a, b) == (grants(a) == grants(b))
    if canonical(a) == canonical(b):
        assert same(a, b)


@given(st.dictionaries(st.sampled_from(["Version", "Statement", "x"]), JSON))
def test_a_document_of_any_form_can_be_compared(document: dict[str, Any]) -> None:
    assert same(document, json.loads(json.dumps(document)))
    assert canonical(canonical(document)) == canonical(document)
