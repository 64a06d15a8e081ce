"""What an operator types is taken exactly, or refused with the place of the slip."""

from __future__ import annotations

import pytest

from shared.events.manual import checked
from shared.mapping import load
from shared.model.ignored import Ignored
from shared.model.progress import Progress
from shared.model.trigger import RemediationRequest, Share, Trigger
from tests.unit.events.builders import A, B, Json, ignored, trigger

SELECTORS = "instance_ids, tags, rule, role, drift, all"
MAPPING = load("""
version: 1
roles: {web-reader: {}, worker: {}}
rules:
  - {name: Web tier, when: {tags: {app: web}}, role: web-reader}
  - {name: workers, role: worker}
settings: {displace: [legacy-*]}
""")


@pytest.mark.parametrize(
    ("payload", "ids", "remedy"),
    [
        pytest.param({"instance_ids": [A, B, A]}, (A, B), RemediationRequest(), id="ids, once each"),
        pytest.param({"instance_ids": ["i-1"]}, ("i-1",), RemediationRequest(), id="a short id"),
        pytest.param({"tags": {"app": "web"}}, (), RemediationRequest(tags={"app": "web"}), id="tags"),
        pytest.param({"tags": {"app": ""}}, (), RemediationRequest(tags={"app": ""}), id="a tag without a value"),
        pytest.param({"all": True}, (), RemediationRequest(everything=True), id="all"),
        pytest.param({"rule": "web tier"}, (), RemediationRequest(rule="web tier"), id="a rule"),
        pytest.param({"role": "web-reader"}, (), RemediationRequest(role="web-reader"), id="a role"),
        *(
            pytest.param({"drift": drift}, (), RemediationRequest(drift=drift), id=f"drift {drift}")
            for drift in ("missing", "wrong", "foreign", "orphaned")
        ),
        pytest.param(
            {
                "all": True,
                "dry_run": True,
                "lift_brake": True,
                "concurrency": 10,
                "max_errors": "5%",
                "canary": 3,
                "max_calls": 500,
                "everywhere": True,
                "reason": "drill",
                "operator": "alice",
            },
            (),
            RemediationRequest(
                everything=True,
                dry_run=True,
                lift_brake=True,
                concurrency=Share(count=10),
                max_errors=Share(part=0.05),
                canary=3,
                max_calls=500,
                everywhere=True,
                reason="drill",
                operator="alice",
            ),
            id="with everything",
        ),
    ],
)
@pytest.mark.parametrize("wrapped", [pytest.param(True, id="wrapped"), pytest.param(False, id="bare")])
def test_a_request_is_taken(payload: Json, ids: tuple[str, ...], remedy: RemediationRequest, wrapped: bool) -> None:
    outcome = trigger({"remediate": payload} if wrapped else payload, region="cn-hangzhou", account_id="1")
    assert (outcome.kind, outcome.source, outcome.instance_ids) == ("remediate", "manual", ids)
    assert outcome.request == remedy
    assert (outcome.region, outcome.account_id, outcome.actor) == ("cn-hangzhou", "", remedy.operator)
    assert (outcome.event_id, outcome.event_time, outcome.event_at) == ("", "", None)


@pytest.mark.parametrize("kind", ["remediate", "reconcile"])
def test_a_request_may_name_its_region_and_account(kind: str) -> None:
    where = {"region": "cn-beijing", "account_id": "111122223333"}
    asked = {"all": True, **where} if kind == "remediate" else where
    outcome = trigger({kind: asked}, region="cn-hangzhou")
    assert (outcome.kind, outcome.region, outcome.account_id) == (kind, "cn-beijing", "111122223333")


@pytest.mark.parametrize(
    ("payload", "remedy"),
    [
        pytest.param({}, RemediationRequest(everything=True), id="nothing more"),
        pytest.param(
            {"dry_run": True, "lift_brake": True, "everywhere": True},
            RemediationRequest(everything=True, dry_run=True, lift_brake=True, everywhere=True),
            id="switches",
        ),
        pytest.param(
            {"concurrency": "10%", "max_errors": 0, "canary": 1, "max_calls": 0, "operator": "bob", "reason": "why"},
            RemediationRequest(
                everything=True,
                concurrency=Share(part=0.1),
                max_errors=Share(count=0),
                canary=1,
                max_calls=0,
                operator="bob",
                reason="why",
            ),
            id="numbers and words",
        ),
    ],
)
def test_a_reconcile_by_hand_looks_at_the_whole_region(payload: Json, remedy: RemediationRequest) -> None:
    outcome = trigger({"reconcile": payload}, region="cn-hangzhou")
    assert (outcome.kind, outcome.source, outcome.event_name) == ("reconcile", "manual", "reconcile")
    assert (outcome.instance_ids, outcome.region, outcome.actor) == ((), "cn-hangzhou", remedy.operator)
    assert outcome.request == remedy


@pytest.mark.parametrize(
    ("written", "share"),
    [
        pytest.param(1, Share(count=1), id="a number"),
        pytest.param("10", Share(count=10), id="a number as text"),
        pytest.param("10%", Share(part=0.1), id="a part"),
        pytest.param("2.5%", Share(part=0.025), id="half a percent"),
        pytest.param("100%", Share(part=1.0), id="all"),
        pytest.param("", None, id="not said"),
        pytest.param(999_999, Share(count=999_999), id="very many"),
    ],
)
@pytest.mark.parametrize("key", ["concurrency", "max_errors"])
def test_a_share_is_a_number_or_a_percentage(key: str, written: object, share: Share | None) -> None:
    remedy = trigger({"all": True, key: written}).request
    assert remedy is not None
    assert getattr(remedy, key) == share


def test_no_error_at_all_may_be_asked_for() -> None:
    assert trigger({"all": True, "max_errors": "0%"}).request == RemediationRequest(
        everything=True, max_errors=Share(part=0.0)
    )


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        pytest.param(
            {"remediate": {"instance_id": [A]}},
            "$.remediate: unknown key `instance_id`; did you mean `instance_ids`?",
            id="a key misspelt",
        ),
        pytest.param(
            {"instance_ids": [A], "dryrun": True},
            "$: unknown key `dryrun`; did you mean `dry_run`?",
            id="bare misspelt",
        ),
        pytest.param(
            {"all": True, "xyzzy": 1},
            "$: unknown key `xyzzy`; known are dry_run, lift_brake, concurrency",
            id="unlike any",
        ),
        pytest.param(
            {"remediate": {"all": True}, "dry_run": True}, "$: unknown key `dry_run`", id="outside the object"
        ),
        pytest.param({"remediate": {}}, f"exactly one of {SELECTORS}; got none", id="no selector"),
        pytest.param({"remediate": {"dry_run": True}}, "got none", id="no selector but options"),
        pytest.param(
            {"instance_ids": [A], "all": True},
            f"$: give exactly one of {SELECTORS}; got instance_ids, all",
            id="two",
        ),
        pytest.param({"all": False}, "$.all: must be true", id="all is false"),
        pytest.param({"all": "true"}, "$.all: Expected `bool`, got `str`", id="all is text"),
        pytest.param({"all": 1}, "$.all: Expected `bool`, got `int`", id="all is a number"),
        pytest.param({"instance_ids": []}, "$.instance_ids: the list is empty", id="no ids"),
        pytest.param({"instance_ids": A}, "$.instance_ids: Expected `array`, got `str`", id="ids are no list"),
        pytest.param({"instance_ids": None}, "$.instance_ids: Expected", id="ids are null"),
        pytest.param(
            {"remediate": {"instance_ids": [A, 7]}},
            "$.remediate.instance_ids[1]: Expected `str`, got `int`",
            id="id is a number",
        ),
        pytest.param({"instance_ids": [A, "web-1"]}, "$.instance_ids[1]: 'web-1' is not an instance id", id="no id"),
        pytest.param({"instance_ids": ["i-"]}, "$.instance_ids[0]: 'i-' is not", id="an empty id"),
        pytest.param({"instance_ids": [A + "\n"]}, "$.instance_ids[0]", id="a line break after an id"),
        pytest.param({"instance_ids": ["i-bp1****"]}, "$.instance_ids[0]", id="a masked id"),
        pytest.param({"tags": {}}, "$.tags: give at least one tag", id="no tags"),
        pytest.param({"tags": {"": "x"}}, "no empty key", id="an empty key"),
        pytest.param({"tags": {"app": 1}}, "$.tags: the value of `app` is not text", id="a number for a value"),
        pytest.param({"tags": [{"Key": "app"}]}, "$.tags: Expected `object`, got `array`", id="tags are a list"),
        pytest.param({"all": True, "dry_run": "no"}, "$.dry_run: Expected `bool`, got `str`", id="dry_run is text"),
        pytest.param({"all": True, "region": "hangzhou!"}, "$.region: 'hangzhou!' is not a region id", id="no region"),
        pytest.param({"all": True, "region": ["cn-beijing"]}, "$.region: Expected", id="regions are a list"),
        pytest.param({"all": True, "account_id": "me"}, "$.account_id: 'me' is not an account id", id="no account"),
        pytest.param({"all": True, "account_id": 42}, "$.account_id: Expected `str`, got `int`", id="account unquoted"),
        pytest.param({"rule": ""}, "$.rule: is empty; for every instance give all: true", id="an empty rule"),
        pytest.param({"role": ""}, "$.role: is empty", id="an empty role"),
        pytest.param({"rule": "a", "role": "b"}, "got rule, role", id="rule and role"),
        pytest.param({"rule": ["a"]}, "$.rule: Expected `str`, got `array`", id="rules are a list"),
        pytest.param(
            {"drift": "mising"}, "$.drift: 'mising' is no drift; did you mean `missing`?", id="drift misspelt"
        ),
        pytest.param({"drift": "xyz"}, "'xyz' is no drift; known are missing, wrong, foreign, orphaned", id="no drift"),
        pytest.param({"drift": ""}, "$.drift: '' is no drift", id="an empty drift"),
        pytest.param({"drift": 1}, "$.drift: Expected", id="drift is a number"),
        *(
            pytest.param(
                {"all": True, key: value}, f"$.{key}: {str(value)!r} is neither a number of", id=f"{key} {value}"
            )
            for key, values in (
                ("concurrency", (0, "0", "0%", "0.5%")),
                *(
                    (key, (-1, "101%", "100.1%", "ten", "10 %", "%", "-5%", "1e3", 1_000_000, "١%"))
                    for key in ("concurrency", "max_errors")
                ),
            )
            for value in values
        ),
        *(
            pytest.param({"all": True, key: value}, f"$.{key}: Expected `{wanted}`, got `{kind}`", id=f"{key} {kind}")
            for wanted, keys in (("int | str", ("concurrency", "max_errors")), ("int", ("canary", "max_calls")))
            for key in keys
            for value, kind in ((1.5, "float"), (True, "bool"), (None, "null"))
        ),
        *(
            pytest.param(
                {"all": True, key: value}, f"$.{key}: {value} is not a number of 0 or more", id=f"{key} {value}"
            )
            for key in ("canary", "max_calls")
            for value in (-1, 1_000_000_000)
        ),
        pytest.param({"all": True, "canary": "3"}, "$.canary: Expected `int`, got `str`", id="canary is text"),
        pytest.param(
            {"all": True, "lift_brake": "yes"}, "$.lift_brake: Expected `bool`, got `str`", id="lifted by text"
        ),
        *(
            pytest.param({**chosen, "everywhere": True}, "$.everywhere: goes with none of", id=f"everywhere and {word}")
            for word, chosen in (
                ("region", {"all": True, "region": "cn-beijing"}),
                ("account", {"all": True, "account_id": "1"}),
                ("ids", {"instance_ids": [A]}),
            )
        ),
        pytest.param(
            {"reconcile": {"everywhere": True, "region": "cn-beijing"}},
            "$.reconcile.everywhere: goes with none of",
            id="reconcile everywhere and in a region",
        ),
        *(
            pytest.param({"reconcile": {key: value}}, f"$.reconcile: unknown key `{key}`", id=f"reconcile with {key}")
            for key, value in (
                ("all", True),
                ("instance_ids", [A]),
                ("tags", {"app": "web"}),
                ("rule", "a"),
                ("drift", "wrong"),
            )
        ),
        pytest.param({"reconcile": {"dryrun": True}}, "did you mean `dry_run`?", id="reconcile misspelt"),
        pytest.param(
            {"reconcile": {"concurrency": 0}}, "$.reconcile.concurrency: '0' is neither", id="reconcile by none"
        ),
        pytest.param({"reconcile": None}, "$.reconcile: Expected `object`, got `null`", id="reconcile null"),
        pytest.param({"reconcile": {}, "dry_run": True}, "$: unknown key `dry_run`", id="outside the reconcile"),
        pytest.param({"remediate": {"all": True}, "reconcile": {}}, "$: unknown key `reconcile`", id="both at once"),
        pytest.param({"remediate": None}, "$.remediate: Expected `object`, got `null`", id="null"),
        pytest.param({"remediate": [A]}, "$.remediate: Expected `object`, got `array`", id="a list"),
        pytest.param({"remediate": "all"}, "$.remediate: Expected `object`, got `str`", id="text"),
    ],
)
def test_a_slip_is_refused_at_its_place(event: Json, detail: str) -> None:
    outcome = ignored(event)
    assert (outcome.reason, outcome.source) == ("bad-payload", "manual")
    assert detail in outcome.detail
    assert outcome.detail.isprintable()


def test_an_event_with_tags_is_no_request() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "x", "type": "x:Y:Z", "all": True, "data": {"all": True}}
    assert ignored(event).reason == "not-for-us"


@pytest.mark.parametrize(
    ("named", "detail"),
    [
        pytest.param(
            {"rule": "web teir"},
            "$.remediate.rule: the mapping has no rule 'web teir'; did you mean `Web tier`?",
            id="rule",
        ),
        pytest.param({"rule": "zzz"}, "has no rule 'zzz'; known are Web tier, workers", id="a rule unlike any"),
        pytest.param({"rule": "web tier"}, "did you mean `Web tier`?", id="a rule in another case"),
        pytest.param(
            {"role": "web-raeder"}, "does not list the role 'web-raeder'; did you mean `web-reader`?", id="role"
        ),
        pytest.param(
            {"role": "legacy"},
            "$.remediate.role: the mapping does not list the role 'legacy'",
            id="a role that may not be displaced",
        ),
    ],
)
def test_a_rule_or_role_that_roles_yaml_does_not_have_is_no_empty_run(named: Json, detail: str) -> None:
    outcome = checked(trigger({"remediate": named}, region="cn-hangzhou"), MAPPING)
    assert isinstance(outcome, Ignored)
    assert (outcome.reason, outcome.source, outcome.region) == ("bad-payload", "manual", "cn-hangzhou")
    assert detail in outcome.detail


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"rule": "Web tier"}, id="a rule"),
        pytest.param({"role": "worker"}, id="a role"),
        pytest.param({"role": "legacy-admin"}, id="a foreign role that may be displaced"),
        pytest.param({"all": True}, id="all"),
    ],
)
def test_what_roles_yaml_has_may_be_named(asked: Json) -> None:
    taken = trigger({"remediate": asked})
    assert checked(taken, MAPPING) is taken


def test_a_run_that_was_handed_over_goes_on_though_its_rule_is_gone() -> None:
    onward = Trigger(
        kind="remediate",
        source="manual",
        request=RemediationRequest(rule="gone"),
        progress=Progress(run_id="r", link=1),
    )
    assert checked(onward, MAPPING) is onward
    timer = Trigger(kind="reconcile", source="timer")
    assert checked(timer, MAPPING) is timer
