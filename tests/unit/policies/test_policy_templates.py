"""The shipped templates: what they take, what they give, what they refuse."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.policies import RULES, RenderError, compact, lint, render, template, template_names, trust
from shared.policies.template import parse
from shared.policies.templates import trust_template

OPERATORS = ("deployer", "provisioner")  # for a person's key
MORE_THAN_ITS_ROLES = {"provisioner": {"RK109", "RK110"}, "deployer": {"RK115"}}
"""What the lint refuses to every listed role: who holds these could have any role."""
PASSING = ("operator-pass-role", "execution-role", "execution-role-displace", "member-role")


def test_every_shipped_template_has_example_values(values: dict[str, Any]) -> None:
    assert set(template_names()) == set(values)


@pytest.mark.parametrize("name", template_names())
def test_a_shipped_template_renders_and_lints_clean(name: str, values: dict[str, Any]) -> None:
    document = render(name, values[name])

    assert document["Version"] == "1"
    assert "${" not in compact(document)
    found = {finding.code for finding in lint(document, kind="pass-role" if name in PASSING else "policy")}
    assert found == MORE_THAN_ITS_ROLES.get(name, set())


@pytest.mark.parametrize("name", template_names())
def test_a_shipped_template_says_what_it_is_and_where_its_facts_are_from(name: str) -> None:
    shipped = template(name)

    assert shipped.description.endswith(".")
    assert shipped.source
    assert all(variable.description for variable in shipped.variables.values())


@pytest.mark.parametrize("name", [n for n in template_names() if n not in (*PASSING, *OPERATORS)])
def test_a_template_for_roles_needs_no_account(name: str, values: dict[str, Any]) -> None:
    shipped = template(name)
    assert "account" not in values[name]
    if "account" in shipped.variables:
        assert ":*:1234567890123456:" in compact(render(name, {**values[name], "account": "1234567890123456"}))


def test_a_list_variable_becomes_one_resource_a_value() -> None:
    document = render("kms-decrypt", {"key": ["a", "b", "a"], "region": "cn-beijing", "account": "1"})

    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": ["acs:kms:cn-beijing:1:key/a", "acs:kms:cn-beijing:1:key/b"],
        }
    ]


def test_one_text_will_do_for_a_list_variable() -> None:
    assert render("kms-decrypt", {"key": "a"}) == render("kms-decrypt", {"key": ["a"]})


def test_the_beginning_of_table_names_is_taken_where_the_pattern_says_so() -> None:
    document = render("ots-read-write", {"instance": "orders", "tables": ["log_*", "users"]})

    assert document["Statement"][1]["Resource"] == [
        "acs:ots:*:*:instance/orders/table/log_*",
        "acs:ots:*:*:instance/orders/table/users",
    ]


def test_the_rendered_document_can_be_changed_without_harm_to_the_next() -> None:
    first = render("log-write", {"project": "prod-logs", "logstore": "hosts"})
    first["Statement"].clear()

    assert render("log-write", {"project": "prod-logs", "logstore": "hosts"})["Statement"]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        pytest.param("oss-read-only", {}, "variable 'bucket' is missing: the bucket's name", id="missing"),
        pytest.param("oss-read-only", {"bucket": "abc", "bukket": "x"}, "did you mean 'bucket'?", id="unknown"),
        pytest.param("cms-put-metrics", {"x": "y"}, "not one of this template; it has none", id="unknown of none"),
        pytest.param("oss-read-only", {"bucket": "Web"}, "is not of the form", id="ill-formed"),
        pytest.param("oss-read-only", {"bucket": "web-*"}, "has a wildcard", id="wildcard"),
        pytest.param("oss-read-only", {"bucket": "we?b"}, "has a wildcard", id="question mark"),
        pytest.param("oss-read-only", {"bucket": 'a","b'}, "has a quote", id="quote"),
        pytest.param("oss-read-only", {"bucket": "abc\n"}, "line break", id="newline at the end"),
        pytest.param("oss-read-only", {"bucket": "a\x00bc"}, "control character", id="control character"),
        pytest.param("oss-read-only", {"bucket": ["abc"]}, "is one text, not a list", id="list for a text"),
        pytest.param("oss-read-only", {"bucket": ""}, "is not of the form", id="empty"),
        pytest.param("kms-decrypt", {"key": []}, "is an empty list", id="empty list"),
        pytest.param("kms-decrypt", {"key": ["a", {}]}, "= {} is not a text", id="no text in a list"),
        pytest.param(
            "kms-decrypt", {"key": ["a", "*"]}, "variable 'key' = '*' has a wildcard", id="wildcard in a list"
        ),
        pytest.param("oss-read-write-prefix", {"bucket": "abc", "prefix": "out/"}, "'out/'", id="slash at the end"),
        pytest.param("oss-read-write-prefix", {"bucket": "abc", "prefix": "/"}, "'/'", id="only a slash"),
        pytest.param(
            "oss-read-write-prefix", {"bucket": "abc", "prefix": "a\u2028b"}, "line break", id="line separator"
        ),
        pytest.param("oss-read-write-prefix", {"bucket": "abc", "prefix": "${bucket}"}, "dollar", id="placeholder"),
        pytest.param("oss-read-write-prefix", {"bucket": "abc", "prefix": "a\\"}, "backslash", id="backslash"),
        pytest.param("sts-assume-role", {"role_arn": "acs:ram::1:role/Admin"}, "in lower case", id="upper-case role"),
        pytest.param("sts-assume-role", {"role_arn": "acs:ram::1:role/*"}, "has a wildcard", id="any role"),
        pytest.param("operator-pass-role", {"account": "1", "roles": "*"}, "has a wildcard", id="pass any role"),
        pytest.param("operator-pass-role", {"account": "*", "roles": "a"}, "variable 'account'", id="any account"),
    ],
)
def test_a_value_that_is_refused(name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(name, given, context="role 'web', policy 1")

    text = str(caught.value)
    assert message in text
    assert text.startswith(f"role 'web', policy 1: shared/policies/templates/{name}.json: variable '")
    assert text.isprintable()


def test_every_bad_variable_stands_in_one_error() -> None:
    with pytest.raises(RenderError, match="'foo' is not one.*'project' is missing.*'logstore' = 'X' is not"):
        render("log-write", {"foo": "1", "logstore": "X"})


def test_an_unknown_template_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RenderError, match=r"role 'web': no file .*/oss-readonly.json; did you mean 'oss-read-only'\?"):
        render("oss-readonly", {}, context="role 'web'")


@pytest.mark.parametrize("name", ["../trust/ecs", "oss-read-only.json", "", "/etc/passwd"])
def test_a_template_name_reaches_no_other_file(name: str) -> None:
    with pytest.raises(RenderError, match="no file"):
        render(name, {})


def test_an_instance_role_trusts_ecs_alone() -> None:
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs.aliyuncs.com"]}}
    assert trust() == trust("ecs") == {"Version": "1", "Statement": [statement]}


def test_the_functions_role_trusts_function_compute_and_says_why_the_lint_minds() -> None:
    shipped = trust_template("fc")

    assert trust("fc")["Statement"][0]["Principal"] == {"Service": ["fc.aliyuncs.com"]}
    assert {finding.code for finding in lint(trust("fc"), kind="trust")} == {allow.code for allow in shipped.allow}


def test_the_role_for_the_functions_in_another_account_trusts_their_role_alone_with_the_external_id() -> None:
    shipped = trust_template("member")
    document = trust("member", {"account": "42", "external_id": "s3cret"})

    (statement,) = document["Statement"]
    assert statement["Principal"] == {"RAM": ["acs:ram::42:role/rolekeeper-fc"]}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["s3cret"]}}
    assert {finding.code for finding in lint(document, kind="trust")} == {allow.code for allow in shipped.allow}
    with pytest.raises(RenderError, match=r"trust policy: .*'external_id' is missing"):
        trust("member", {"account": "42"})


def test_what_a_template_lets_pass_is_a_code_with_a_reason() -> None:
    for shipped in [
        *map(template, template_names()),
        trust_template("ecs"),
        trust_template("fc"),
        trust_template("member"),
    ]:
        assert all(allow.code in RULES and allow.reason for allow in shipped.allow)


ITEMS = {"pattern": "[a-z]+", "description": "d", "type": "list"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param({"a": ["x"], "b": ["y"]}, ["action", "resource", "condition", "mixed", "always"], id="both"),
        pytest.param({"a": [], "b": ["y"]}, ["resource", "mixed", "always"], id="one empty"),
        pytest.param({"b": ["y"]}, ["resource", "mixed", "always"], id="one left out"),
        pytest.param({"b": []}, ["mixed", "always"], id="the other too"),
    ],
)
def test_a_statement_in_which_a_list_became_empty_is_left_out(given: dict[str, Any], kept: list[str]) -> None:
    statements = [
        {"Sid": "action", "Action": ["s:${a}"], "Resource": ["*"]},
        {"Sid": "resource", "Action": ["s:x"], "Resource": ["r/${b}"]},
        {"Sid": "condition", "Action": ["s:x"], "Resource": ["*"], "Condition": {"StringEquals": {"k": ["${a}"]}}},
        {"Sid": "mixed", "Action": ["s:x"], "Resource": ["r/always", "r/${a}"]},
        {"Sid": "always", "Action": ["s:x"], "Resource": ["*"]},
    ]
    optional = {"a": {**ITEMS, "default": []}, "b": {**ITEMS, "default": []}}
    made = parse(file_of(variables=optional, document={"Version": "1", "Statement": statements}), "t.json")

    assert [statement["Sid"] for statement in made.render(given)["Statement"]] == kept


def test_only_the_default_makes_an_empty_list_good() -> None:
    made = parse(
        file_of(variables={"a": {**ITEMS, "default": ["x"]}}, document={"Statement": [{"n": ["${a}"]}]}), "t.json"
    )

    with pytest.raises(RenderError, match="'a' is an empty list"):
        made.render({"a": []})


def file_of(**parts: Any) -> str:
    whole: dict[str, Any] = {"description": "d", "source": "s", "variables": {}, "document": {"Version": "1"}, **parts}
    return json.dumps(whole)


A = {"a": {"pattern": "[a-z]+", "description": "d"}}
AS = {"a": {"pattern": "[a-z]+", "description": "d", "type": "list"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "not a policy template", id="no JSON"),
        pytest.param(file_of(extra=1), "unknown field `extra`", id="unknown part"),
        pytest.param(file_of(variables=A), "variable 'a' is declared and not used", id="unused variable"),
        pytest.param(
            file_of(document={"x": "${a}"}), "variable 'a' is used and not declared", id="undeclared variable"
        ),
        pytest.param(file_of(variables=A, document={"${a}": "${a}"}), "never into a key", id="variable in a key"),
        pytest.param(file_of(variables=AS, document={"x": "${a}"}), "a member of a list", id="list outside a list"),
        pytest.param(
            file_of(variables={**AS, "b": AS["a"]}, document={"x": ["${a}${b}"]}),
            "one list only",
            id="two lists in one text",
        ),
        pytest.param(
            file_of(variables={"a": {**A["a"], "default": "A"}}, document={"x": "${a}"}),
            "the default of",
            id="bad default",
        ),
        pytest.param(
            file_of(variables={"a": {**A["a"], "pattern": "("}}, document={"x": "${a}"}),
            "not a policy",
            id="bad pattern",
        ),
    ],
)
def test_a_template_file_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(Exception, match=re.escape(message)) as caught:
        parse(text, "t.json")

    assert str(caught.value).startswith("t.json: ")
