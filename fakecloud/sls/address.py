"""The project and region of a Host header. Knows no state.

SLS takes the project from the host: PROJECT.REGION.log.aliyuncs.com. Against the emulator's own address the project is
the first label: PROJECT.127.0.0.1, PROJECT.localhost, with or without a port.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DEFAULT_REGION = "cn-hangzhou"
_PUBLIC = re.compile(
    r"(?:(?P<project>[^.]+)\.)?(?P<region>[a-z]+-[a-z0-9-]+?)(?:-intranet|-internal|-share|-vpc)?\.(?:log|sls)\.aliyuncs\.com"
)
_IPV4 = re.compile(r"(?:(?P<project>[^.]+)\.)?\d+\.\d+\.\d+\.\d+")


class Address(NamedTuple):
    """project: "" where the host names none (ListProject)."""

    project: str
    region: str


def address(host: str) -> Address:
    """The project and the region of a Host header; the region is cn-hangzhou where the host does not say one."""
    name = host.strip().lower()
    if name.startswith("["):
        return Address("", DEFAULT_REGION)
    name = name.partition(":")[0]
    found = _PUBLIC.fullmatch(name)
    if found:
        return Address(found["project"] or "", found["region"])
    found = _IPV4.fullmatch(name)
    if found:
        return Address(found["project"] or "", DEFAULT_REGION)
    project, dot, _ = name.partition(".")
    return Address(project if dot else "", DEFAULT_REGION)
