"""What is no mistake in itself but surely not meant: rules that no instance reaches, roles that no rule gives."""

from __future__ import annotations

from shared.mapping.model import Mapping
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.overlap import Overlap
from shared.mapping.problems import Report, Where


def warn(root: Node, mapping: Mapping, report: Report) -> None:
    rules, roles = (root.get("rules"), root.get("roles")) if isinstance(root, Block) else (None, None)
    if not isinstance(rules, Items) or not isinstance(roles, Block):
        return
    overlap = Overlap(mapping.rules)
    for index, cover in overlap.unreachable():
        takers = [f"'{mapping.rules[i].name}' (line {rules.items[i].line})" for i in cover]
        where = Where("rules").item(index, mapping.rules[index].name)
        report.warning(rules.items[index], where, _unreached(takers))
    for key, _ in roles.entries:
        if isinstance(key, Scalar) and not overlap.gives(key.text):
            report.warning(key, Where("roles").at(key.text), "no rule can give this role to any instance")


def _unreached(takers: list[str]) -> str:
    if not takers:
        return "never matches: no instance can meet all of its conditions together"
    if len(takers) == 1:
        return f"never reached: rule {takers[0]} takes every instance that this one would match"
    return f"never reached: between them, rules {' and '.join(takers)} take every instance that this one would match"
