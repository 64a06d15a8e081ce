"""ECS: instances of an account's region and the rules of their life. Shapes of requests and answers are in *_api.py."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fakecloud.ecs.index import Index, Key

REGIONS = {
    "cn-qingdao": "华北1（青岛）", "cn-beijing": "华北2（北京）", "cn-zhangjiakou": "华北3（张家口）",
    "cn-huhehaote": "华北5（呼和浩特）", "cn-wulanchabu": "华北6（乌兰察布）", "cn-hangzhou": "华东1（杭州）",
    "cn-shanghai": "华东2（上海）", "cn-shenzhen": "华南1（深圳）", "cn-heyuan": "华南2（河源）",
    "cn-guangzhou": "华南3（广州）", "cn-chengdu": "西南1（成都）", "cn-hongkong": "中国香港",
    "ap-southeast-1": "新加坡", "ap-southeast-3": "马来西亚（吉隆坡）", "ap-southeast-5": "印度尼西亚（雅加达）",
    "ap-northeast-1": "日本（东京）", "ap-northeast-2": "韩国（首尔）", "ap-southeast-6": "菲律宾（马尼拉）",
    "ap-southeast-7": "泰国（曼谷）", "us-west-1": "美国（硅谷）", "us-east-1": "美国（弗吉尼亚）",
    "eu-central-1": "德国（法兰克福）", "eu-west-1": "英国（伦敦）", "me-east-1": "阿联酋（迪拜）",
}  # fmt: skip


@dataclass(slots=True)
class Instance:
    """number: its place in the order of creation. created, visible_at: seconds since the epoch."""

    number: int
    instance_id: str
    region: str
    created: float
    visible_at: float = 0.0
    zone: str = ""
    name: str = ""
    image: str = "aliyun_3_x64_20G_alibase_20260101.vhd"
    instance_type: str = "ecs.g7.large"
    network: str = "vpc"
    vpc: str = ""
    vswitch: str = ""
    resource_group: str = ""
    status: str = "Running"
    role: str = ""
    role_since: float = 0.0
    role_policy: str = ""  # the Policy that the attach call narrowed the role with
    ip: str = ""
    http_tokens: str = "optional"
    http_endpoint: str = "enabled"
    deletion_protection: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    def keys(self) -> Iterator[Key]:
        """Its properties, for the index."""
        for name in ("status", "network", "vpc", "vswitch", "zone", "resource_group", "name", "role"):
            if value := getattr(self, name):
                yield (name, value)
        for key, value in self.tags.items():
            yield from tag_keys(key, value)


def tag_keys(key: str, value: str) -> tuple[Key, Key]:
    """A tag's two properties: that the key is there, and that it has this value."""
    return ("tag", key), ("tag", key, value)


class Region:
    """The instances of one account in one region."""

    def __init__(self, account: str, name: str, numbers: itertools.count[int]) -> None:
        self.account, self.name = account, name
        self.instances: dict[str, Instance] = {}
        self.index = Index()
        self._by_number: dict[int, Instance] = {}
        self._numbers = numbers

    def new(self, created: float, **properties: object) -> Instance:
        """A new instance, not yet added: give it to add() or add_many()."""
        number = next(self._numbers)
        zone = properties.pop("zone", "") or f"{self.name}-h"
        instance = Instance(number, instance_id(number), self.name, created, zone=str(zone), **properties)  # type: ignore[arg-type]
        if instance.network == "vpc":
            instance.vswitch = instance.vswitch or "vsw-bp1default"
            instance.vpc = instance.vpc or "vpc-" + instance.vswitch.removeprefix("vsw-")
        instance.ip = f"172.{16 + (number >> 16) % 16}.{number >> 8 & 255}.{number & 255}"
        instance.name = instance.name or instance.instance_id
        return instance

    def add(self, instance: Instance) -> None:
        self._keep(instance)
        self.index.add(instance.number, instance.keys())

    def add_many(self, instances: list[Instance]) -> None:
        for instance in instances:
            self._keep(instance)
        self.index.add_many((i.number, i.keys()) for i in instances)

    def _keep(self, instance: Instance) -> None:
        self.instances[instance.instance_id] = instance
        self._by_number[instance.number] = instance

    def remove(self, instance: Instance) -> None:
        self.index.remove(instance.number, instance.keys())
        del self.instances[instance.instance_id], self._by_number[instance.number]

    def change(self, instance: Instance, name: str, value: str) -> None:
        """Set an indexed property."""
        if before := getattr(instance, name):
            self.index.drop(instance.number, (name, before))
        setattr(instance, name, value)
        if value:
            self.index.put(instance.number, (name, value))

    def tag(self, instance: Instance, key: str, value: str | None) -> None:
        """Set a tag, or take it off where value is None."""
        if key in instance.tags:
            for old in tag_keys(key, instance.tags.pop(key)):
                self.index.drop(instance.number, old)
        if value is not None:
            instance.tags[key] = value
            for new in tag_keys(key, value):
                self.index.put(instance.number, new)

    def page(
        self, keys: Sequence[Key], after: int, size: int, accept: Callable[[Instance], bool]
    ) -> tuple[list[Instance], int | None]:
        numbers, more = self.index.page(keys, after, size, lambda n: accept(self._by_number[n]))
        return [self._by_number[n] for n in numbers], more

    def slice(
        self, keys: Sequence[Key], start: int, size: int, accept: Callable[[Instance], bool]
    ) -> tuple[list[Instance], int]:
        """A page by its place, and the total: one property or none costs the page, several cost what they match."""
        if len(keys) > 1:
            numbers = list(self.index.walk(keys))
        else:
            numbers = self.index.having(keys[0]) if keys else self.index.everything
        rows = [self._by_number[n] for n in numbers[start : start + size]]
        return [row for row in rows if accept(row)], len(numbers)


def instance_id(number: int) -> str:
    """An id that looks like the cloud's: i-bp and 18 letters or digits, the same for the same number."""
    digits, text = "0123456789abcdefghijklmnopqrstuvwxyz", ""
    mixed = number * ((1 << 61) - 1) ** 2 % 36**18  # spreads neighbours; a prime squared, so no two collide
    for _ in range(18):
        mixed, digit = divmod(mixed, 36)
        text = digits[digit] + text
    return "i-bp" + text
