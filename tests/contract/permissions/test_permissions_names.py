"""Action names, of the emulator and of rolekeeper's policies: each is one that RAM knows, by a published definition or a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fakecloud.fc import routes as fc_routes
from fakecloud.fc.api import RAM_ACTIONS
from fakecloud.ims import permissions as ims
from fakecloud.sls import routes as sls_routes
from shared.policies import template, template_names
from tests.contract import openapi
from tests.contract.permissions.actions import API_CALLS, BY_PAGE, NO_ACTIONS, known
from tests.contract.permissions.test_permissions_declared import DECLARED

ROOT = Path(__file__).parents[3]
FOLDERS = {"log": ("sls",), "fc": ("fc", "fc-open")}
EMULATED = ("ecs", "ram", "sts", "tag", "log", "fc", "mns", "eventbridge")
ACTION = re.compile(rf'"((?:{"|".join(EMULATED)}):[A-Z][A-Za-z]+)"')
NEEDLESS = {"sts:GetCallerIdentity"}
CONDITIONS = {"sts:ExternalId", "sts:SourceIdentity"}


def emulated() -> set[str]:
    """Those of the tables, of the routes, and those that stand in the emulator's code."""
    names = {f"{service}:{name}" for service, table in DECLARED.items() if service != "ims" for name in table}
    names |= set(ims.ACTIONS.values()) | {route.ram_action for route in sls_routes.ROUTES}
    names |= {f"fc:{RAM_ACTIONS.get(name, name)}" for _, _, name in fc_routes._TAILS}
    for file in (ROOT / "fakecloud").rglob("*.py"):
        names |= set(ACTION.findall(file.read_text(encoding="utf-8")))
    return names - NEEDLESS - CONDITIONS


def named(name: str) -> set[str]:
    """The actions of a template's document; a variable in one stands for each value that its pattern lists."""
    found: set[str] = set()
    for statement in template(name).document["Statement"]:
        for action in statement["Action"]:
            if variable := re.search(r"\$\{(\w+)\}", action):
                values: Any = template(name).variables[variable[1]].pattern.split("|")
                found |= {action.replace(variable[0], value) for value in values}
            else:
                found.add(action)
    return found


def test_the_emulator_judges_by_actions_that_ram_knows() -> None:
    assert emulated() - known() == set()


@pytest.mark.parametrize("name", template_names())
def test_a_template_names_actions_that_ram_knows(name: str) -> None:
    assert named(name) - known() == set()


@pytest.mark.parametrize("wrong", NO_ACTIONS)
def test_a_call_that_is_no_action_of_ram_stands_nowhere(wrong: str) -> None:
    assert wrong not in known() | emulated()
    assert not [name for name in template_names() if wrong in named(name)], f"write {NO_ACTIONS[wrong]}"


def test_every_name_of_the_lists_is_of_use_or_documents_one_that_is() -> None:
    used = emulated().union(*map(named, template_names()))
    assert known() - used <= set()


@pytest.mark.parametrize("service", API_CALLS)
def test_the_names_of_calls_are_published(service: str) -> None:
    folders = [openapi.DEFINITIONS / folder for folder in FOLDERS.get(service, (service,))]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip(f"{folders[0]} is absent")
    published = {
        json.loads(file.read_text(encoding="utf-8")).get("action") for f in folders for file in f.glob("[A-Z]*.json")
    }
    assert set(API_CALLS[service].split()) - published == set()


def test_no_name_stands_twice() -> None:
    by_page = [name for names in BY_PAGE for name in names.split()]
    calls = [f"{service}:{name}" for service, names in API_CALLS.items() for name in names.split()]
    assert len(by_page + calls) == len(known())
