"""What a page costs at 100,000 instances: counted in instances looked at, not in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from tests.contract import sdk

MANY = 100_000


class Counting(dict[Any, Instance]):
    """A dict that counts who is looked at, one by one or all in a row."""

    looked = 0

    def __getitem__(self, key: Any) -> Instance:
        self.looked += 1
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self.looked += 1
        return super().get(key, default)

    def values(self) -> Any:
        self.looked += len(self)
        return super().values()

    def __iter__(self) -> Iterator[Any]:
        self.looked += len(self)
        return super().__iter__()


@pytest.fixture(scope="module")
def crowd() -> Cloud:
    """100,000 instances in one region; half hold role web, a tenth is tagged, and all run."""
    cloud = Cloud()
    cloud.ecs.make(MANY // 2, role="web")
    cloud.ecs.make(MANY // 10, tags={"app": "web", "env": "prod"})
    cloud.ecs.make(MANY - MANY // 2 - MANY // 10)
    return cloud


@pytest.fixture
def looked(crowd: Cloud, mocker: Any) -> Callable[[], int]:
    """How many instances have been looked at, numbers walked over in the index included."""
    from fakecloud.wire import SEAM, sender

    mocker.patch(SEAM, autospec=True, side_effect=sender(crowd))
    region = crowd.ecs.place("1234567890123456", "cn-hangzhou")
    counted = [Counting(region._by_number), Counting(region.instances)]
    mocker.patch.object(region, "_by_number", counted[0])
    mocker.patch.object(region, "instances", counted[1])
    walked = [0]
    walk = region.index.walk

    def counting(*args: Any, **options: Any) -> Iterator[int]:
        for number in walk(*args, **options):
            walked[0] += 1
            yield number

    mocker.patch.object(region.index, "walk", counting)
    return lambda: counted[0].looked + counted[1].looked + walked[0]


def token_at(crowd: Cloud, place: int, **filters: Any) -> str:
    """A NextToken deep in the listing, made as the cloud makes it: from a real one, by moving its number."""
    import base64
    import json

    first = sdk.ecs(sdk.config(), "describe_instances", max_results=100, **filters)["NextToken"]
    _, made, bound = json.loads(base64.urlsafe_b64decode(first))
    return base64.urlsafe_b64encode(json.dumps([place, made, bound]).encode()).decode()


@pytest.mark.parametrize(
    ("action", "asked", "rows"),
    [
        pytest.param("describe_instances", {"max_results": 100}, 100, id="first page"),
        pytest.param("describe_instances", {"max_results": 100, "next_token": 90_000}, 100, id="deep page"),
        pytest.param("describe_instances", {"max_results": 100, "tag": {"app": "web"}}, 100, id="by tag"),
        pytest.param(
            "describe_instances",
            {"max_results": 100, "tag": {"app": "web"}, "next_token": 55_000},
            100,
            id="by tag, deep",
        ),
        pytest.param(
            "describe_instances",
            {"max_results": 100, "tag": {"app": "web"}, "status": "Running"},
            100,
            id="tag and status",
        ),
        pytest.param("describe_instances", {"page_size": 100, "page_number": 900}, 100, id="page 900 by number"),
        pytest.param(
            "describe_instances", {"page_size": 100, "page_number": 90, "tag": {"env": None}}, 100, id="tag, page 90"
        ),
        pytest.param("describe_instance_ram_role", {"ram_role_name": "web", "page_size": 50}, 50, id="holders, page 1"),
        pytest.param(
            "describe_instance_ram_role",
            {"ram_role_name": "web", "page_size": 50, "page_number": 900},
            50,
            id="holders, page 900",
        ),
        pytest.param("describe_instance_status", {"page_size": 50, "page_number": 1900}, 50, id="status, page 1900"),
        pytest.param("list_tag_resources", {"resource_type": "instance", "tag": {"app": "web"}}, 50, id="tags"),
    ],
)
def test_a_page_costs_the_page(
    crowd: Cloud, looked: Callable[[], int], action: str, asked: dict[str, Any], rows: int
) -> None:
    if "next_token" in asked:
        filters = {k: v for k, v in asked.items() if k == "tag"}
        asked = {**asked, "next_token": token_at(crowd, asked["next_token"], **filters)}
    before = looked()
    body = sdk.ecs(sdk.config(), action, **asked)
    assert str(body).count("i-bp") >= rows
    assert looked() - before <= 6 * rows


def test_named_instances_cost_what_is_named(crowd: Cloud, looked: Callable[[], int]) -> None:
    import json

    some = [i.instance_id for i in crowd.ecs.place("1234567890123456", "cn-hangzhou").page([], 70_000, 50)[0]]
    before = looked()
    given = {"instance_ids": json.dumps(some)}
    assert len(sdk.ids(sdk.ecs(sdk.config(), "describe_instances", max_results=100, **given))) == 50
    sdk.ecs(sdk.config(), "describe_instance_ram_role", page_size=50, **given)
    sdk.ecs(sdk.config(), "list_tag_resources", resource_type="instance", resource_id=some)
    sdk.ecs(sdk.config(), "describe_instance_status", instance_id=some)
    assert looked() - before <= 6 * 50


def test_a_few_newborn_do_not_make_pages_dear(crowd: Cloud, looked: Callable[[], int]) -> None:
    crowd.switches.visible_after = 3600
    try:
        sdk.ecs(sdk.config(), "run_instances", amount=5)
    finally:
        crowd.switches.visible_after = 0
    before = looked()
    body = sdk.ecs(sdk.config(), "describe_instances", page_size=100, page_number=900)
    assert (len(sdk.ids(body)), body["TotalCount"]) == (100, MANY)
    assert looked() - before <= 6 * 100
