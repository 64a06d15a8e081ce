"""Every command, with words that make it print what it can, for tests of how commands print. Asserts nothing."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.model.instance import Instance
from shared.model.snapshot import Header, written
from tests.functional.cli.operator import make

ROOT = Path(__file__).resolve().parents[3]
EVENT = "events/instance_created/run-instances-api.json"
OFFLINE = {
    "read": ["read", "EVENT"],
    "read --json": ["read", "--json", "EVENT"],
    "read, no JSON": ["read", "NO_JSON"],
    "read, no file": ["read", "NO_FILE"],
    "validate": ["validate", "ROLES"],
    "validate, wrong": ["validate", "WRONG"],
    "validate --json": ["validate", "WRONG", "--json"],
    "test": ["test", "CASES", "--roles-file", "ROLES", "--coverage"],
    "test --json": ["test", "CASES", "--roles-file", "ROLES", "--json"],
    "test, wrong": ["test", "WRONG", "--roles-file", "ROLES"],
    "explain": [
        "explain",
        "--tag",
        "TEXT=TEXT",
        "--tag",
        "ram-role=TEXT",
        "--attribute",
        "name=TEXT",
        "--holds",
        "TEXT",
        "--roles-file",
        "ROLES",
        "--role",
        "web",
    ],
    "explain --json": [
        "explain",
        "--tag",
        "ram-role=TEXT",
        "--attribute",
        "vpc=TEXT",
        "--roles-file",
        "ROLES",
        "--json",
    ],
    "explain, no role": ["explain", "--tag", "a=b", "--role", "TEXT", "--roles-file", "ROLES"],
    "compare": ["compare", "ROLES", "OTHER"],
    "compare --json": ["compare", "--json", "ROLES", "OTHER"],
    "compare --markdown": ["compare", "--markdown", "OTHER", "ROLES"],
    "compare, wrong": ["compare", "ROLES", "WRONG"],
    "compare --snapshot": ["compare", "--snapshot", "FLEET", "--ids", "ROLES", "OTHER"],
    "compare --snapshot --markdown": ["compare", "--snapshot", "FLEET", "--markdown", "ROLES", "OTHER"],
    "compare --snapshot --json": ["compare", "--snapshot", "FLEET", "--json", "ROLES", "OTHER"],
    "adopt": ["adopt", "--snapshot", "FLEET", "-o", "NO_FILE"],
    "adopt --json": ["adopt", "--snapshot", "FLEET", "-o", "NO_FILE", "--json"],
    "adopt, no fleet": ["adopt", "--snapshot", "NO_JSON", "-o", "NO_FILE"],
    "schema": ["schema"],
    "policy list": ["policy", "list"],
    "policy show": ["policy", "show", "oss-read-only"],
    "policy render": ["policy", "render", "oss-read-only", "bucket=a", "prefix=b/"],
    "policy render, wrong": ["policy", "render", "oss-read-only", "TEXT=TEXT"],
    "policy lint": ["policy", "lint", "--roles-file", "ROLES"],
    "policy lint, a file": ["policy", "lint", "POLICY"],
    "policy lint --json": ["policy", "lint", "--json", "POLICY"],
    "policy execution-role": ["policy", "execution-role", "--roles-file", "ROLES"],
    "policy member-role": ["policy", "member-role", "1111222233334444", "--roles-file", "ROLES"],
    "policy pass-role": ["policy", "pass-role", "--roles-file", "ROLES"],
    "policy provisioner": ["policy", "provisioner", "--roles-file", "ROLES"],
    "an option that is none": ["read", "--TEXT"],
    "a command that is none": ["TEXT"],
    "--help": ["--help"],
    "remediate --help": ["remediate", "--help"],
    "build, no mapping": ["build", "--roles-file", "NO_FILE"],
    "demo --help": ["demo", "--help"],
}
"""Those that call no cloud."""
CLOUD = {
    "provision --dry-run": ["provision", "--dry-run"],
    "provision --prune": ["provision", "--prune", "--adopt", "web"],
    "provision --json": ["provision", "--json", "--dry-run"],
    "provision, refused": ["provision"],
    "roles": ["roles"],
    "roles --json": ["roles", "--json"],
    "reconcile": ["reconcile", "--operator", "TEXT", "--reason", "TEXT"],
    "reconcile --json": ["reconcile", "--json", "--dry-run"],
    "remediate": ["remediate", "--all", "--operator", "TEXT", "--reason", "TEXT"],
    "remediate --json": ["remediate", "--all", "--json"],
    "remediate --dry-run": ["remediate", "--all", "--dry-run"],
    "explain ID": ["explain", "TEXT"],
    "remediate --tag": ["remediate", "--tag", "TEXT=TEXT"],
    "remediate --id": ["remediate", "--id", "TEXT"],
    "remediate --rule": ["remediate", "--rule", "TEXT"],
    "remediate --region": ["remediate", "--all", "--region", "TEXT"],
    "remediate --records": ["remediate", "--all", "--records", "RECORDS"],
    "remediate --records -": ["remediate", "--all", "--yes", "--records", "-"],
    "remediate, odd errors": ["remediate", "--all"],
    "plan": ["plan", "--ids"],
    "plan --json": ["plan", "--json", "--tag", "TEXT=TEXT"],
    "plan -o": ["plan", "-o", "PLAN"],
    "plan --snapshot": ["plan", "--snapshot", "ROLES"],
    "apply": ["apply", "PLAN", "--operator", "TEXT", "--reason", "TEXT"],
    "apply, no plan": ["apply", "ROLES"],
    "snapshot": ["snapshot", "-o", "FLEET"],
}
STAGED = {
    "replay": [
        "replay",
        "--tag",
        "app=TEXT",
        "--tag",
        "ram-role=TEXT",
        "--attribute",
        "name=TEXT",
        "--roles-file",
        "ROLES",
        "EVENT",
    ],
    "replay --json": ["replay", "--json", "--roles-file", "ROLES", "EVENT", "NO_JSON"],
    "demo": ["demo"],
}
"""Those that run the emulator, and functions in processes of their own."""


def words(row: list[str], folder: Path, text: str) -> list[str]:
    """The row with the names of files in that folder, and with the text where it says TEXT. Makes the files."""
    safe = text.replace("/", "|").replace("\0", "")
    made = {
        "EVENT": (f"event {safe}.json", event(text)),
        "NO_JSON": (f"no json {safe}.json", f"{{{text}"),
        "ROLES": (f"roles {safe}.yaml", roles(text)),
        "OTHER": (f"other {safe}.yaml", roles(f"{text}x").replace("role: web}", "role: worker}")),
        "FLEET": (f"fleet {safe}.json", fleet(text)),
        "WRONG": (f"wrong {safe}.yaml", roles(text).replace("version: 1", f"version: 1\n{quoted('x' + text)}: 2")),
        "CASES": (f"cases {safe}.yaml", cases(text)),
        "POLICY": (f"policy {safe}.json", policy(text)),
    }
    for name, content in made.values():
        (folder / name).write_text(content, encoding="utf-8", errors="surrogatepass")
    files = {key: str(folder / name) for key, (name, _) in made.items()}
    files |= {
        "NO_FILE": str(folder / f"none {safe}"),
        "RECORDS": str(folder / f"records {safe}"),
        "PLAN": str(folder / f"plan {safe}"),
        "FLEET": str(folder / f"fleet {safe}"),
    }
    return [files[word] if word in files else word.replace("TEXT", text.replace("\0", "")) for word in row]


def quoted(text: str) -> str:
    """As YAML takes it."""
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


def roles(text: str) -> str:
    """Such values, and such a rule where one may be called so."""
    t, rule = quoted(text), "rule " + "".join(c for c in text if c.isprintable())[:40]
    return (
        f"version: 1\nroles:\n  web: {{description: {quoted('w' + text)}}}\n  worker: {{description: k}}\nrules:\n"
        f"  - {{name: {quoted(rule)}, when: {{tags: {{app: [web, {t}]}}}}, role: web}}\n"
        f"  - {{name: by tag, when: {{tags: {{ram-role: {{exists: true}}}}}}, role: '${{tags.ram-role}}'}}\n"
        "settings: {brake: {max_removals: 20%, at_least: 3}}\n"
    )


def cases(text: str) -> str:
    """One that passes and one that fails."""
    t = quoted(text)
    body = f"instance: {{tags: {{ram-role: {t}}}, name: {quoted('n' + text)}}}, expect"
    return (
        f"version: 1\ncases:\n  - {{name: {quoted('one ' + ''.join(c for c in text if c.isprintable())[:40])}, {body}: refused}}\n"
        f"  - {{name: two, {body}: {{then: refused, role: {quoted('x' + text)}}}}}\n"
    )


def fleet(text: str) -> str:
    """A snapshot of instances with such names, tags and roles."""
    header = Header(
        rolekeeper_snapshot=1,
        account_id=ACCOUNT,
        region="cn-hangzhou",
        made_at=datetime(2026, 12, 1, tzinfo=timezone.utc),
    )
    kinds = [
        ("web", "web"),
        ("web", "web"),
        ("web", ""),
        ("job", "worker"),
        ("job", "worker"),
        (text, f"r{text}"),
        (text, "web"),
    ]
    made = [
        Instance(
            instance_id=f"i-{number}{text}", region="cn-hangzhou", name=text, tags={"app": app, text: text}, role=role
        )
        for number, (app, role) in enumerate([*kinds, *[("web", "web")] * 40])
    ]
    return b"".join(written(header, made)).decode()


def event(text: str) -> str:
    found = json.loads((ROOT / EVENT).read_text(encoding="utf-8"))
    found["data"]["userIdentity"]["userName"] = f"eve{text}"
    found["data"]["eventId"] = f"id{text}"
    return json.dumps(found)


def policy(text: str) -> str:
    return json.dumps(
        {
            "Version": "1",
            "Statement": [{"Effect": "Allow", "Action": [f"ecs:{text}", "*"], "Resource": "*", text: text}],
        }
    )


def estate(cloud: Cloud, text: str) -> None:
    """Instances with such names, tags and roles; a role that somebody changed; errors with such messages."""
    make(cloud, 1, "web", name=text)
    make(cloud, 1, text)
    make(cloud, 1, "web", role=f"foreign{text}")
    cloud.ecs.make(1, tags={"ram-role": text, text: text})
    for name in ("web", "worker"):
        role = cloud.ram.role(ACCOUNT, name)
        assert role is not None
        role.description = text
        role.trust_text = role.trust_text.replace("ecs.aliyuncs.com", f"{json.dumps(text)[1:-1]}.aliyuncs.com")
    cloud.faults.add("partial", action="AttachInstanceRamRole", code="Odd", message=f"odd {text}", count=None)
