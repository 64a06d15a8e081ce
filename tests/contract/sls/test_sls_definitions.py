"""The parameters that the emulated SLS knows, against the published API definitions. Skipped where those are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakecloud.sls import index, params, resources_api, routes

DEFINITIONS = Path(__file__).parents[4] / "shared/openapi/sls"
pytestmark = pytest.mark.skipif(
    not DEFINITIONS.is_dir(), reason="the published definitions are not beside the repository"
)


def structure(action: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEFINITIONS / f"{action}.json").read_text())
    return found


def names(action: str, place: str) -> set[str]:
    """The parameters of a place: of the query string, or the members of the body."""
    given = structure(action)["structure_2025_12"]["parameters"]
    if place == "query":
        return {parameter["name"] for parameter in given if parameter["in"] == "query"}
    return set(next(p["schema"]["properties"] for p in given if p["in"] == place))


@pytest.mark.parametrize(
    ("action", "place", "known", "refused"),
    [
        pytest.param("GetLogs", "query", params.GET_LOGS, set(), id="GetLogs"),
        pytest.param("GetLogsV2", "body", params.GET_LOGS, set(), id="GetLogsV2"),
        pytest.param("CreateProject", "body", resources_api._PROJECT, set(), id="CreateProject"),
        pytest.param(
            "CreateLogStore", "body", resources_api._LOGSTORE, {"encrypt_conf", "processorId"}, id="CreateLogStore"
        ),
    ],
)
def test_each_published_parameter_is_known_or_refused_on_purpose(
    action: str, place: str, known: frozenset[str], refused: set[str]
) -> None:
    assert names(action, place) - known == refused


def test_each_published_member_of_an_index_is_known() -> None:
    body = next(p for p in structure("CreateIndex")["definition_2024_06"]["parameters"] if p["name"] == "body")
    published = body["schema"]["properties"]
    assert set(published) - index._TOP == set()
    assert set(published["line"]["properties"]) - index._LINE == set()
    assert set(published["keys"]["additionalProperties"]["properties"]) - index._KEY == set()


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("[A-Z]*.json")), ids=lambda path: path.stem)
def test_each_published_operation_is_routed_by_its_method_and_path(path: Path) -> None:
    published = structure(path.stem)["structure_2025_12"]
    plain, _, query = published["path"].partition("?")
    found = [
        route
        for route in routes.ROUTES
        if route.action == path.stem.removesuffix("V2")
        and route.method.lower() in published["methods"]
        and route.path.fullmatch(plain.replace("{logstore}", "store"))
        and route.kind == query.removeprefix("type=")
    ]
    assert len(found) == 1
