"""What an operator is told of a slip, in whole: each place, each text cut where it is long."""

from __future__ import annotations

import pytest

from shared.model.trigger import RemediationRequest
from tests.unit.events.builders import A, Json, ignored, trigger

UNFIT = "is longer than 256 characters, or has some that cannot be shown, or a key: nothing can be selected by it"
NO_ID = "is not an instance id such as i-bp1a2b3c"
MORE = "'web-1', 'web-2', 'web-3', 'web-4', 'web-5'"
MANY = {str(number): "x" for number in range(21)}
WRONG = [f"web-{number}" for number in range(8)]
LONG = "x" * 60


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        pytest.param({"tags": MANY}, "$.tags: 21 tags; ECS can be asked for 20 at once", id="21 tags"),
        pytest.param({"tags": {"a": "x" * 257}}, f"$.tags: '{'x' * 39}…' {UNFIT}", id="a long value"),
        pytest.param({"tags": {"a\nb": "x"}}, f"$.tags: 'a b' {UNFIT}", id="a key of two lines"),
        pytest.param({"rule": "a\nb"}, f"$.rule: 'a b' {UNFIT}", id="a rule of two lines"),
        pytest.param({"role": "a\nb"}, f"$.role: 'a b' {UNFIT}", id="a role of two lines"),
        pytest.param({"instance_ids": WRONG[:1]}, f"$.instance_ids[0]: 'web-0' {NO_ID}", id="a wrong id"),
        pytest.param(
            {"instance_ids": [A, *WRONG[:2]]}, f"$.instance_ids[1]: 'web-0' {NO_ID}; nor is 'web-1'", id="two"
        ),
        pytest.param(
            {"instance_ids": WRONG[:3]}, f"$.instance_ids[0]: 'web-0' {NO_ID}; nor are 'web-1', 'web-2'", id="three"
        ),
        pytest.param({"instance_ids": WRONG[:6]}, f"$.instance_ids[0]: 'web-0' {NO_ID}; nor are {MORE}", id="six"),
        pytest.param(
            {"instance_ids": WRONG[:7]}, f"$.instance_ids[0]: 'web-0' {NO_ID}; nor are {MORE} and 1 more", id="seven"
        ),
        pytest.param(
            {"instance_ids": WRONG}, f"$.instance_ids[0]: 'web-0' {NO_ID}; nor are {MORE} and 2 more", id="eight"
        ),
        pytest.param({"instance_ids": [LONG]}, f"$.instance_ids[0]: '{LONG[:39]}…' {NO_ID}", id="a long wrong id"),
        pytest.param(
            {"tags": {LONG: 1}}, f"$.tags: the value of `{LONG[:39]}…` is not text; put it in quotes", id="a long key"
        ),
        pytest.param(
            {"tags": {}},
            "$.tags: give at least one tag, and no empty key; for every instance give all: true",
            id="no tag",
        ),
        pytest.param(
            {"all": True, "account_id": "me"},
            "$.account_id: 'me' is not an account id: digits alone, in quotes",
            id="no account",
        ),
        pytest.param(
            {"all": True, "everywhere": True, "region": "cn-hangzhou"},
            "$.everywhere: goes with none of instance_ids, region, account_id",
            id="everywhere and a region",
        ),
        pytest.param(
            {"drift": LONG},
            f"$.drift: '{LONG[:39]}…' is no drift; known are missing, wrong, foreign, orphaned",
            id="a long drift",
        ),
        pytest.param(
            {"all": True, "max_errors": LONG},
            f"$.max_errors: '{LONG[:40]}' is neither a number of 0 or more nor a percentage; write 10 or \"10%\"",
            id="a long share",
        ),
    ],
)
def test_a_slip_is_told_in_these_words(asked: Json, detail: str) -> None:
    assert ignored({"remediate": asked}).detail == detail.replace("$", "$.remediate", 1)


def test_of_an_unknown_key_forty_characters_are_shown() -> None:
    assert ignored({"remediate": {LONG: 1}}).detail.startswith(f"$.remediate: unknown key `{LONG[:39]}…`; known are ")


def test_as_many_tags_as_ecs_can_be_asked_for_are_taken() -> None:
    tags = dict.fromkeys([*MANY][:20], "x" * 256)
    assert trigger({"tags": tags}).request == RemediationRequest(tags=tags)
