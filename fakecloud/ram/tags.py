"""Tags of roles and policies, with an index both ways. Knows resources by key only, not what they are.

Limits: RAM TagResources page (key up to 128 characters, value up to 256, 20 a call). The reserved beginnings are those of
Alibaba Cloud's Tag service; that RAM refuses them too, and that keys differ by case, is unverified.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sortedcontainers import SortedDict, SortedSet

from fakecloud.ram import exceptions as errors

ResourceKey = Any  # a role's lower-cased name, or a policy's (type, name)
Filter = tuple[str, str | None]
"""A tag key, and the value that it must have (None: any)."""


def read(value: Any, *, filters: bool = False) -> list[Filter]:
    """The Tag parameter: a JSON list of {"Key", "Value"}, None for none. Raises InvalidTag."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 20:
        raise errors.InvalidTag("Tag must be a JSON list of at most 20 objects with Key and Value.")
    tags: dict[str, str | None] = {}
    for item in value:
        if not isinstance(item, dict) or not set(item) <= {"Key", "Value"}:
            raise errors.InvalidTag(f"The tag {item!r} is not an object with Key and Value.")
        key, text = _checked(item.get("Key"), item.get("Value", None if filters else ""))
        if key in tags:
            raise errors.InvalidTag(f"The tag key {key!r} is given twice.")
        tags[key] = text
    return list(tags.items())


def _checked(key: Any, value: Any) -> Filter:
    if not isinstance(key, str) or not 1 <= len(key) <= 128:
        raise errors.InvalidTag(f"The tag key {key!r} is not a string of 1 to 128 characters.")
    if value is not None and (not isinstance(value, str) or len(value) > 256):
        raise errors.InvalidTag(f"The value of the tag {key!r} is not a string of at most 256 characters.")
    if key.lower().startswith(("aliyun", "acs:")) or any("http" + s in f"{key} {value}" for s in ("://", "s://")):
        raise errors.InvalidTag(f"The tag {key!r} begins with aliyun or acs:, or holds http:// or https://.")
    return key, value


class Tags:
    """The tags of one kind of resource in one account."""

    def __init__(self) -> None:
        self._of: SortedDict[ResourceKey, SortedDict[str, str]] = SortedDict()
        self._with: dict[Filter, SortedSet[ResourceKey]] = {}

    def of(self, resource: ResourceKey) -> dict[str, str]:
        return dict(self._of.get(resource, {}))

    def has(self, resource: ResourceKey, filters: list[Filter]) -> bool:
        own = self._of.get(resource)
        return own is not None and all(key in own and value in (None, own[key]) for key, value in filters)

    def put(self, resource: ResourceKey, tags: list[Filter], limit: int) -> None:
        """Add tags, or change their values. Raises TagLimitExceeded, and then changes nothing."""
        self.check_limit(resource, tags, limit)
        for key, value in tags:
            self.remove(resource, [key])
            text = value or ""
            self._of.setdefault(resource, SortedDict())[key] = text
            for index in ((key, None), (key, text)):
                self._with.setdefault(index, SortedSet()).add(resource)

    def check_limit(self, resource: ResourceKey, tags: list[Filter], limit: int) -> None:
        if len({*self._of.get(resource, ()), *(key for key, _ in tags)}) > limit:
            raise errors.TagLimitExceeded()

    def remove(self, resource: ResourceKey, keys: list[str] | None = None) -> None:
        """Take those tags off, or all of them; what is not there is not missed."""
        own = self._of.get(resource, {})
        for key in list(own) if keys is None else [key for key in keys if key in own]:
            value = own.pop(key)
            for index in ((key, None), (key, value)):
                self._with[index].discard(resource)
                if not self._with[index]:
                    del self._with[index]
        if resource in self._of and not own:
            del self._of[resource]

    def matching(
        self, filters: list[Filter], after: ResourceKey | None, *, inclusive: bool = False
    ) -> Iterator[ResourceKey]:
        """Resources that have all the tags, in order, from the one after `after` (from it, where inclusive)."""
        if not filters:
            yield from self._of.irange(minimum=after, inclusive=(inclusive, True))
            return
        sets = sorted((self._with.get(f, SortedSet()) for f in filters), key=len)
        for resource in sets[0].irange(minimum=after, inclusive=(inclusive, True)):
            if all(resource in other for other in sets[1:]):
                yield resource
