"""What may be in roles.yaml: valid files, changed as values and as text. No promise is judged here."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from shared.model.instance import Instance
from tests.functional.handlers.world import RULES
from tests.torture.mutations import Mutator, Samples, written

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = """\
version: 1
roles:
  web: {description: Web tier, assignable_by: [user/ops-*, role/deployer, root], policies: [{template: oss-read-only, with: {bucket: assets}}, {system: AliyunLogReadOnlyAccess}]}
  worker:
    require: {vpc: [vpc-*, x], zone: {not: z}, imdsv2: true}
    policies:
      - name: extra
        document: {Version: "1", Statement: [{Effect: Allow, Action: "mns:ReceiveMessage", Resource: "*"}]}
        allow: [{code: RK111, reason: it is so}]
rules:
  - {name: off, when: {tags: {rolekeeper: "off"}}, then: ignore}
  - name: tier
    when:
      tags: {app: [web, "w?b-*"], env: {exists: true, not: [dev, test-*]}}
      any: [{vpc: vpc-bp1*}, {name: web-*, zone: {not: cn-hangzhou-h}}]
      not: {any: [{image: aliyun*}, {instance_type: ecs.t*}]}
    role: web
    mode: audit
  - {name: by tag, when: {resource_group: rg-1, region: cn-hangzhou, tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}", foreign_roles: replace}
  - {name: rest, role: "${tags.app}-${tags.env}"}
settings: {mode: attach-only, foreign_roles: keep, displace: [legacy-*], role_patterns: [w*], launch_grace: 1h30m, brake: {max_removals: 5%, at_least: 3}, record_unchanged: true, until: {tag: bis, warn: 2h}}
"""
PLAIN = RULES.replace("MODE", "enforce").replace("FOREIGN", "keep").replace("SHOWN", "true").replace("BRAKE", "20%")
GUIDE = re.findall(
    r"^```yaml\n(version: 1\n.*?)^```$", (ROOT / "docs/mapping.md").read_text(encoding="utf-8"), re.M | re.S
)
TEXTS = [EVERYTHING, PLAIN, *GUIDE]
VALUES = Samples([yaml.safe_load(text) for text in TEXTS])
SIGNS = (*":{}[]&*!|>'\"%@#,?-\t~`$=", "<<: ", "&a ", "*a", "!!binary ", "!!python/object:os.system ", "!!int ", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n",
         "\n", "\r\n", "\r", "\x00", "\x7f", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff", "，", "：", "“", "е", "\u200b", "\ud800", "? ", "- ", "||", ">-\n", "0o7", "1_0", "1:2:3",
         ".inf", "2026-01-01", "yes", "null", "[" * 300, "{a: " * 300, "- " * 300, "*" * 3_000, "x: &x [*x]\n", "a" * 100_000)  # fmt: skip
INSTANCES = (
    Instance(instance_id="i-1", region="cn-hangzhou", zone="cn-hangzhou-i", name="web-1", vpc="vpc-bp1a", resource_group="rg-1", instance_type="ecs.g7",
             image="x", tags={"app": "web", "ENV": "prod", "ram-role": "${tags.app}"}),
    Instance(instance_id="i-2", region="cn-beijing", network="classic", tags={"App": "w*b-", "": "", "env": "\u212a", "rolekeeper": "off"}),
    Instance(instance_id="i-3", region=""),
)  # fmt: skip


def made(mutator: Mutator) -> bytes:
    """A file: a value changed and written as JSON, which is YAML, or a text changed by its lines and signs."""
    if mutator.chance(0.5):
        text = written(mutator.changed(mutator.sample()), ascii_only=mutator.chance(0.5))
    else:
        text = mutator.pick(TEXTS)
        for _ in range(mutator.pick((1, 1, 2, 3, 5))):
            text = _changed(mutator, text)
    body = text.encode("utf-8", "surrogatepass")
    return mutator.spoilt(body) if mutator.chance(0.05) else body


def _changed(mutator: Mutator, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line, other = (int(mutator.random.random() * len(lines)) for _ in range(2))
    place = int(mutator.random.random() * (len(text) + 1))
    word = mutator.pick(list(re.finditer(r"[\w${}.*%-]+", text)) or [re.match("", text)])
    kind = mutator.random.random()
    if kind < 0.35:
        return f"{text[:place]}{mutator.pick(SIGNS)}{text[place:]}"
    if kind < 0.65:
        odd = mutator.odd()
        new = (
            odd
            if isinstance(odd, str) and mutator.chance(0.5)
            else mutator.key()
            if mutator.chance(0.3)
            else written(odd)
        )
        return f"{text[: word.start()]}{new}{text[word.end() :]}"
    if kind < 0.75:
        return text[:place] + text[place + mutator.pick((1, 1, 2, 10)) :]
    if kind < 0.8:
        del lines[line]
    elif kind < 0.85:
        lines.insert(other, lines[line])
    elif kind < 0.9:
        lines[line], lines[other] = lines[other], lines[line]
    elif kind < 0.95:
        lines[line] = mutator.pick((" ", "    ", "\t")) + lines[line]
    else:
        lines[line] = lines[line].lstrip()
    return "".join(lines)
