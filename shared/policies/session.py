"""The permissions of one session of a role in another account: less than the role, and no more than the functions at home.

It is for one region and the roles that one run writes, so that keys which got lost are worth little. Assumes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.policies import rules
from shared.policies.findings import PolicyError, found
from shared.policies.limits import MAX_SESSION, compact, oversize
from shared.policies.splitting import Document
from shared.policies.template import RenderError, Values
from shared.policies.templates import render

TAGGING = ("TagResources", "UntagResources")
"""The permissions for noting a replaced role on its instance."""


def read_session(account_id: str, region: str, roles: Iterable[str] = ()) -> str:
    """To observe the region's instances, at the roles on them, and at who holds these roles. Compact JSON. Raises RenderError.

    More roles than a session policy holds are named by what they begin with, in as many letters as fit, at worst by `*`: what
    the member role itself does not allow, none of these lets the session see.
    """
    names = list(roles) or ["none"]
    document = _document(account_id, region, names, reads=True)
    letters = max(map(len, names))
    while oversize(document, MAX_SESSION):
        letters -= 1
        document = _shortened(document, letters)
    return compact(document)


def write_session(account_id: str, region: str, roles: Iterable[str], *, tags: bool = True) -> str:
    """To attach and detach these roles (in lower case), not to look; tags: also to tag instances. Compact JSON.

    Raises RenderError for a name that RAM does not take, PolicyError for more roles than a session policy holds: seven of
    the longest names always fit.
    """
    listed = list(roles)
    document = _document(account_id, region, listed, TAGGING if tags else (), reads=False)
    over = oversize(document, MAX_SESSION)
    if over:
        raise PolicyError(
            [found(rules.SIZE, f"session policy for {len(listed)} roles: {over}; ask for fewer at a time")]
        )
    return compact(document)


def _document(
    account_id: str, region: str, roles: list[str], tagging: tuple[str, ...] = (), *, reads: bool
) -> Document:
    """The reading half of what the member role may do there, or the writing half."""
    values: Values = {"account": account_id, "regions": [region], "roles": roles, "tagging": tagging}
    context = f"session in account {account_id}"
    if patterns := [role for role in roles if "*" in role]:
        raise RenderError(f"{context}: variable 'roles' = {patterns[0]!r}: a session is for roles by name")
    document = render("member-role", values, context=context)
    halves = (
        {**s, "Action": [action for action in s["Action"] if action.startswith("ecs:Describe") is reads]}
        for s in document["Statement"]
    )
    return {**document, "Statement": [s for s in halves if s["Action"]]}


def _shortened(document: Document, letters: int) -> Document:
    """With the names of roles that are longer cut to so many letters and a `*`, each once."""

    def begins(resource: str) -> str:
        head, role, name = resource.partition(":role/")
        return f"{head}{role}{name[:letters]}*" if len(name.removesuffix("*")) > letters else resource

    statements = [{**s, "Resource": list(dict.fromkeys(map(begins, s["Resource"])))} for s in document["Statement"]]
    return {**document, "Statement": statements}
