"""Event patterns: each operator against events, each fault of a pattern, and what holds for all of them."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakecloud.eventbridge.conditions import PatternError, TooManyExpressions
from fakecloud.eventbridge.patterns import compile_pattern, parse_json

EVENT = """{
  "specversion": "1.0", "id": "45ef4dew", "source": "acs.ecs", "type": "ecs:Instance:StateChange", "subject": "acs:ecs:x",
  "aliyunregionid": "cn-hangzhou", "aliyunaccountid": "123",
  "data": {
    "state": "Running", "count": 3, "price": 300.0, "ratio": 3.0e2, "flag": true, "nothing": null, "empty": "", "word": "null",
    "ip": "10.0.0.7", "edge": "10.0.0.255", "v6": "fe80::1", "list": ["a", "b"], "numbers": [1, 9], "none": [],
    "mixed": ["a", {"k": "v"}], "deep": {"er": {"est": "x"}}, "Tag.1.Key": "app", "Tag": {"1": {"Key": "nested"}}
  }
}"""


def data(**fields: Any) -> dict[str, Any]:
    return {"data": fields}


MATCHES = [
    pytest.param({}, True, id="an empty pattern matches all"),
    pytest.param({"source": ["acs.ecs"]}, True, id="exact"),
    pytest.param({"source": ["ACS.ECS"]}, False, id="exact is case-sensitive"),
    pytest.param({"source": ["acs.tag", "acs.ecs"]}, True, id="array is OR"),
    pytest.param({"source": ["acs.tag", {"prefix": "acs.e"}]}, True, id="literals and conditions mix"),
    pytest.param({"source": ["acs.ecs"], "type": ["x"]}, False, id="keys are AND"),
    pytest.param({"dataschema": ["x"]}, False, id="an attribute the event lacks"),
    pytest.param({"aliyunregionid": ["cn-hangzhou"], "aliyunaccountid": ["123"]}, True, id="extensions"),
    pytest.param({"type": [{"prefix": "ecs:"}]}, True, id="prefix"),
    pytest.param({"type": [{"prefix": "ECS:"}]}, False, id="prefix is case-sensitive"),
    pytest.param({"type": [{"suffix": ":StateChange"}]}, True, id="suffix"),
    pytest.param({"type": [{"suffix": ":State"}]}, False, id="suffix is the end"),
    pytest.param({"type": [{"contains": "Instance"}]}, True, id="contains"),
    pytest.param({"type": [{"contains": "instance"}]}, False, id="contains is case-sensitive"),
    pytest.param(data(count=[{"prefix": "3"}]), False, id="prefix is for strings"),
    pytest.param(data(state=["Created", "Running"]), True, id="a field of data"),
    pytest.param(data(deep={"er": {"est": ["x"]}}), True, id="nested fields"),
    pytest.param(data(deep={"er": {"west": ["x"]}}), False, id="nested field absent"),
    pytest.param(data(deep=["x"]), False, id="an object equals nothing"),
    pytest.param(data(count=[3]), True, id="number"),
    pytest.param(data(count=["3"]), True, id="number by its text"),
    pytest.param(data(price=[300]), False, id="300 is not 300.0"),
    pytest.param(data(flag=[True]), True, id="true"),
    pytest.param(data(flag=["true"]), True, id="true by its text"),
    pytest.param(data(nothing=[None]), True, id="null"),
    pytest.param(data(word=[None]), False, id="null is not the text null"),
    pytest.param(data(nothing=["null"]), False, id="the text null is not null"),
    pytest.param(data(empty=[""]), True, id="empty string"),
    pytest.param(data(nothing=[""]), False, id="empty string is not null"),
    pytest.param(data(absent=[""]), False, id="empty string is not absent"),
    pytest.param(data(list=["b", "z"]), True, id="event array intersects"),
    pytest.param(data(list=["z"]), False, id="event array does not intersect"),
    pytest.param(data(none=["a"]), False, id="an empty array holds nothing"),
    pytest.param(data(mixed=["a"]), False, id="an array with an object matches nothing"),
    pytest.param(data(state=[{"anything-but": "Stopped"}]), True, id="anything-but a value"),
    pytest.param(data(state=[{"anything-but": "Running"}]), False, id="anything-but the value"),
    pytest.param(data(state=[{"anything-but": ["Running", "Stopped"]}]), False, id="anything-but a list"),
    pytest.param(data(count=[{"anything-but": [1, 2]}]), True, id="anything-but numbers"),
    pytest.param(data(state=[{"anything-but": {"prefix": "Run"}}]), False, id="anything-but a prefix"),
    pytest.param(data(state=[{"anything-but": {"prefix": "Stop"}}]), True, id="anything-but another prefix"),
    pytest.param(data(state=[{"anything-but": {"suffix": "ing"}}]), False, id="anything-but a suffix"),
    pytest.param(data(nothing=[{"anything-but": "x"}]), True, id="null is anything but x"),
    pytest.param(data(nothing=[{"anything-but": None}]), False, id="anything-but null"),
    pytest.param(data(absent=[{"anything-but": "x"}]), False, id="anything-but needs the field"),
    pytest.param(data(list=[{"anything-but": "a"}]), True, id="anything-but is met by one member"),
    pytest.param(data(count=[{"numeric": [">", 0, "<=", 3]}]), True, id="numeric range"),
    pytest.param(data(count=[{"numeric": [">", 3]}]), False, id="numeric greater"),
    pytest.param(data(count=[{"numeric": [">=", 3]}]), True, id="numeric at least"),
    pytest.param(data(count=[{"numeric": ["<", 3]}]), False, id="numeric less"),
    pytest.param(data(count=[{"numeric": ["=", 3.0]}]), True, id="numeric equality compares numbers"),
    pytest.param(data(count=[{"numeric": ["!=", 3]}]), False, id="numeric inequality"),
    pytest.param(data(numbers=[{"numeric": [">", 5]}]), True, id="numeric over an array"),
    pytest.param(data(state=[{"numeric": [">", 0]}]), False, id="numeric of a string"),
    pytest.param(data(flag=[{"numeric": ["=", 1]}]), False, id="numeric of a boolean"),
    pytest.param(data(ip=[{"cidr": "10.0.0.0/24"}]), True, id="cidr"),
    pytest.param(data(ip=[{"cidr": "10.0.1.0/24"}]), False, id="cidr elsewhere"),
    pytest.param(data(edge=[{"cidr": "10.0.0.0/24"}]), False, id="cidr without the broadcast address"),
    pytest.param(data(ip=[{"cidr": "10.0.0.7"}]), True, id="cidr of one address"),
    pytest.param(data(v6=[{"cidr": "fe80::1"}]), True, id="cidr of one IPv6 address"),
    pytest.param(data(v6=[{"cidr": "10.0.0.0/8"}]), False, id="cidr is IPv4"),
    pytest.param(data(state=[{"cidr": "10.0.0.0/8"}]), False, id="cidr of no address"),
    pytest.param(data(state=[{"exists": True}]), True, id="exists"),
    pytest.param(data(absent=[{"exists": True}]), False, id="exists of an absent field"),
    pytest.param(data(absent=[{"exists": False}]), True, id="exists false"),
    pytest.param(data(deep={"no": {"such": [{"exists": False}]}}), True, id="exists false under an absent object"),
    pytest.param(data(state=[{"exists": False}]), False, id="exists false of a present field"),
    pytest.param(data(nothing=[{"exists": True}]), True, id="null exists"),
    pytest.param(data(deep=[{"exists": True}]), False, id="an object is no leaf and does not exist"),
    pytest.param(data(state=["x"], absent=[{"exists": False}]), False, id="exists false with another key"),
    pytest.param({"data": {"Tag.1.Key": ["app"]}}, False, id="a key with dots cannot be addressed"),
    pytest.param({"data": {"Tag.1.Key": ["nested"]}}, True, id="a dotted key is a path"),
]


@pytest.mark.parametrize(("pattern", "expected"), MATCHES)
def test_a_pattern_matches_as_the_core_of_eventbridge_does(pattern: dict[str, Any], expected: bool) -> None:
    assert compile_pattern(json.dumps(pattern)).matches(parse_json(EVENT)) is expected


def test_numbers_are_equal_only_as_they_are_written() -> None:
    event = parse_json(EVENT)
    assert compile_pattern('{"data": {"ratio": [3.0e2]}}').matches(event)
    assert not compile_pattern('{"data": {"ratio": [300.0]}}').matches(event)


def test_without_data_no_pattern_on_data_matches_not_even_exists_false() -> None:
    assert not compile_pattern(data(x=[{"exists": False}])).matches({"source": "acs.ecs"})


FAULTS = [
    pytest.param("", "empty", id="empty"),
    pytest.param("{", "valid json", id="not JSON"),
    pytest.param("[1]", "JSON object", id="an array"),
    pytest.param('"abc"', "JSON object", id="a string"),
    pytest.param('{"source": "acs.ecs"}', "invalid pattern value", id="a bare string"),
    pytest.param('{"source": []}', "invalid pattern value", id="an empty array"),
    pytest.param('{"source": {"a": ["b"]}}', "invalid pattern value", id="an object as an attribute"),
    pytest.param('{"data": {"a": "b"}}', "invalid pattern value", id="a bare string in data"),
    pytest.param('{"data": {"a": null}}', "invalid pattern value", id="a bare null in data"),
    pytest.param('{"detail": ["x"]}', "unrecognized pattern key: detail", id="an unknown top-level key"),
    pytest.param('{"aliyununknown": ["x"]}', "unrecognized pattern key", id="an unknown extension"),
    pytest.param('{"data": {}}', "any pattern key", id="empty data"),
    pytest.param('{"data": ["x"]}', "any pattern key", id="data as an array"),
    pytest.param('{"data": {"a": {"b": {}}}}', "any pattern key", id="an empty object in data"),
    pytest.param('{"source": ["x", ["y"]]}', "nested pattern value", id="an array in an array"),
    pytest.param('{"source": [{}]}', "only have one condition key", id="no operator"),
    pytest.param('{"source": [{"prefix": "a", "suffix": "b"}]}', "only have one condition key", id="two operators"),
    pytest.param('{"source": [{"wildcard": "a*"}]}', "unrecognized: wildcard", id="an unknown operator"),
    pytest.param('{"source": [{"prefix": ""}]}', "empty string", id="an empty prefix"),
    pytest.param('{"source": [{"prefix": ["a"]}]}', "only support string", id="a prefix that is no string"),
    pytest.param('{"source": [{"suffix": ""}]}', "empty string", id="an empty suffix"),
    pytest.param('{"source": [{"contains": 1}]}', "only support string", id="contains a number"),
    pytest.param('{"source": [{"exists": "true"}]}', "only support boolean", id="exists as text"),
    pytest.param('{"source": [{"cidr": 1}]}', "cidr", id="cidr as a number"),
    pytest.param('{"source": [{"cidr": "fefefef"}]}', "cidr", id="cidr that is none"),
    pytest.param('{"source": [{"cidr": "fe80::/10"}]}', "cidr", id="cidr of IPv6"),
    pytest.param('{"source": [{"anything-but": {}}]}', "only have one condition key", id="anything-but nothing"),
    pytest.param('{"source": [{"anything-but": [["a"]]}]}', "primitive values", id="anything-but an array in an array"),
    pytest.param('{"source": [{"anything-but": {"cidr": "1.1.1.1"}}]}', "prefix or suffix", id="anything-but cidr"),
    pytest.param('{"source": [{"numeric": 1}]}', "an array value", id="numeric as a number"),
    pytest.param('{"source": [{"numeric": [">", 1, "<"]}]}', "2 or 4", id="numeric of three"),
    pytest.param('{"source": [{"numeric": [1, 2]}]}', "an operator and a number", id="numeric without an operator"),
    pytest.param('{"source": [{"numeric": [">", true]}]}', "an operator and a number", id="numeric of a boolean"),
    pytest.param('{"source": [{"numeric": [">", 1.0e10]}]}', "1.0E9", id="numeric too large"),
    pytest.param('{"source": [{"numeric": ["===", 1]}]}', "only support", id="numeric with an unknown operator"),
]


@pytest.mark.parametrize(("pattern", "reason"), FAULTS)
def test_a_faulty_pattern_is_refused_with_its_reason(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match="Event pattern is not valid, reason: ") as caught:
        compile_pattern(pattern)
    assert reason in str(caught.value)


def test_a_field_has_at_most_five_expressions_but_any_number_of_values() -> None:
    compile_pattern({"source": [{"prefix": c} for c in "abcde"] + list("fghijkl")})
    with pytest.raises(TooManyExpressions):
        compile_pattern({"source": [{"prefix": c} for c in "abcdef"]})


KEYS = st.text("abcXYZ-_", min_size=1, max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
OBJECTS = st.dictionaries(
    KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3), min_size=1, max_size=5
)


def own_pattern(node: dict[str, Any]) -> dict[str, Any]:
    return {k: own_pattern(v) if isinstance(v, dict) else [v] for k, v in node.items()}


@given(OBJECTS)
def test_a_pattern_made_of_an_events_own_values_matches_it(fields: dict[str, Any]) -> None:
    assert compile_pattern({"data": own_pattern(fields)}).matches({"data": fields})


@given(SCALARS, st.lists(SCALARS, max_size=4))
def test_anything_but_is_the_negation_for_a_field_that_is_there(value: Any, values: list[Any]) -> None:
    event = data(x=value)
    exact = bool(values) and compile_pattern(data(x=values)).matches(event)
    assert compile_pattern(data(x=[{"anything-but": values}])).matches(event) is not exact


@given(SCALARS)
def test_a_field_either_exists_or_does_not(value: Any) -> None:
    for event in (data(x=value), data(y=value)):
        there = compile_pattern(data(x=[{"exists": True}])).matches(event)
        assert there is not compile_pattern(data(x=[{"exists": False}])).matches(event)


@given(st.text(min_size=1), st.text(), st.text())
def test_what_is_put_together_has_its_prefix_suffix_and_middle(head: str, middle: str, tail: str) -> None:
    event = data(x=head + middle + head + tail + head)
    for operator in ("prefix", "suffix", "contains"):
        assert compile_pattern(data(x=[{operator: head}])).matches(event)


@given(st.integers(1, 2**32 - 2), st.integers(1, 30))
def test_an_address_is_in_its_own_network_but_for_the_edges(number: int, bits: int) -> None:
    address = ipaddress.IPv4Address(number)
    network = ipaddress.IPv4Network(f"{address}/{bits}", strict=False)
    inside = address not in (network.network_address, network.broadcast_address)
    assert compile_pattern(data(ip=[{"cidr": f"{address}/{bits}"}])).matches(data(ip=str(address))) is inside
