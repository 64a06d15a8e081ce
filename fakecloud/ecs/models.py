"""ECS: instances of an account's region and the rules of their life. Shapes of requests and answers are in *_api.py."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fakecloud.ecs.index import Index, Key

STATES = ("Pending", "Running", "Starting", "Stopping", "Stopped")
LOCK_REASONS = ("financial", "security", "Recycling", "dedicatedhostfinancial", "refunded")


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
    lock_reason: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    def keys(self) -> Iterator[Key]:
        """Its properties, for the index."""
        for name in INDEXED:
            if value := getattr(self, name):
                yield (name, value)
        if self.tags:
            yield TAGGED
        for key, value in self.tags.items():
            yield from tag_keys(key, value)


INDEXED = (
    "status", "network", "vpc", "vswitch", "zone", "resource_group", "name", "role", "image", "instance_type", "lock_reason",
)  # fmt: skip
TAGGED: Key = ("tagged",)


def tag_keys(key: str, value: str) -> tuple[Key, Key]:
    """A tag's two properties: that the key is there, and that it has this value."""
    return ("tag", key), ("tag", key, value)


Accept = Callable[[Instance], bool]


class Region:
    """The instances of one account in one region. An instance is seen from its visible_at on; `now` tells the time."""

    def __init__(self, account: str, name: str, numbers: itertools.count[int], now: Callable[[], float]) -> None:
        self.account, self.name, self._now = account, name, now
        self.instances: dict[str, Instance] = {}
        self.index = Index()
        self._by_number: dict[int, Instance] = {}
        self._unseen: dict[int, float] = {}
        self._numbers = numbers

    def new(self, created: float, **properties: object) -> Instance:
        """A new instance, not yet added: give it to add() or add_many()."""
        number = next(self._numbers)
        name = str(properties.pop("instance_id", "") or instance_id(number))
        zone = properties.pop("zone", "") or f"{self.name}-h"
        instance = Instance(number, name, self.name, created, zone=str(zone), **properties)  # type: ignore[arg-type]
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
        if instance.visible_at > self._now():
            self._unseen[instance.number] = instance.visible_at

    def get(self, instance_id: str) -> Instance | None:
        """The instance, if it is there and already seen."""
        instance = self.instances.get(instance_id)
        return instance if instance and instance.visible_at <= self._now() else None

    def unseen(self) -> set[int]:
        """The numbers of those that are not shown yet: few, the latest born."""
        now = self._now()
        for number in [n for n, at in self._unseen.items() if at <= now]:
            del self._unseen[number]
        return set(self._unseen)

    def remove(self, instance: Instance) -> None:
        self.index.remove(instance.number, instance.keys())
        del self.instances[instance.instance_id], self._by_number[instance.number]
        self._unseen.pop(instance.number, None)

    def change(self, instance: Instance, name: str, value: str) -> None:
        """Set an indexed property."""
        if before := getattr(instance, name):
            self.index.drop(instance.number, (name, before))
        setattr(instance, name, value)
        if value:
            self.index.put(instance.number, (name, value))

    def tag(self, instance: Instance, key: str, value: str | None) -> None:
        """Set a tag, or take it off where value is None."""
        had = bool(instance.tags)
        if key in instance.tags:
            for old in tag_keys(key, instance.tags.pop(key)):
                self.index.drop(instance.number, old)
        if value is not None:
            instance.tags[key] = value
            for new in tag_keys(key, value):
                self.index.put(instance.number, new)
        if had != bool(instance.tags):
            (self.index.drop if had else self.index.put)(instance.number, TAGGED)

    def page(
        self, keys: Sequence[Key], after: int, size: int, accept: Accept | None = None, *, even_unseen: bool = False
    ) -> tuple[list[Instance], int | None]:
        """Up to `size` after that number, and the number to go on after: costs the page and what is not accepted."""
        unseen = () if even_unseen else self.unseen()

        def wanted(number: int) -> bool:
            return number not in unseen and (accept is None or accept(self._by_number[number]))

        numbers, more = self.index.page(keys, after, size, wanted)
        return [self._by_number[n] for n in numbers], more

    def slice(
        self, keys: Sequence[Key], start: int, size: int, accept: Accept | None = None
    ) -> tuple[list[Instance], int]:
        """`size` from the place `start`, and the total: costs the page, or with `accept` or several keys what matches."""
        if accept is None:
            numbers, total = self.index.slice(keys, start, size, self.unseen())
            return [self._by_number[n] for n in numbers], total
        unseen = self.unseen()
        rows = [i for n in self.index.walk(keys) if n not in unseen and accept(i := self._by_number[n])]
        return rows[start : start + size], len(rows)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"i-bp([0-9a-z]{18})")
_SPACE = 36**18
_SPREAD = ((1 << 61) - 1) ** 2  # no common divisor with 36, so that no two numbers get one id


def instance_id(number: int) -> str:
    """An id that looks like the cloud's: i-bp and 18 letters or digits, the same for the same number."""
    mixed, text = number * _SPREAD % _SPACE, ""
    for _ in range(18):
        mixed, digit = divmod(mixed, 36)
        text = _DIGITS[digit] + text
    return "i-bp" + text


def number_of(instance_id: str) -> int:
    """The number of an id, whether the instance is still there or not. Raises ValueError for what is none of our ids."""
    found = _ID.fullmatch(instance_id)
    if not found:
        raise ValueError(f"{instance_id!r} is not the id of an emulated instance")
    return int(found[1], 36) * pow(_SPREAD, -1, _SPACE) % _SPACE
