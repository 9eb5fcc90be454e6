"""Terraform code as data, and the rules for it that neither Terraform nor checkov know."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import hcl2

OPTIONS = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)
Body = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """One block: `resource "aws_kms_key" "service" {…}` has the kind `resource` and two labels."""

    file: str
    kind: str
    labels: tuple[str, ...]
    body: Body

    def __str__(self) -> str:
        return f"{self.file}: {'.'.join((self.kind, *self.labels))}"


LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "variable": 1, "output": 1, "module": 1, "provider": 1}


@cache
def parse(text: str) -> dict[str, list[Body]]:
    """Kind of block → its bodies, still within their labels; not to be changed."""
    return hcl2.loads(text, serialization_options=OPTIONS)


class Configuration:
    """The Terraform files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))}

    @cached_property
    def code(self) -> str:
        """All of it without comments."""
        return "\n".join(re.sub(r"(?m)(^|\s)(#|//).*$", "", text) for text in self.sources.values())

    @cached_property
    def blocks(self) -> list[Block]:
        found = []
        for file, text in self.sources.items():
            for kind, bodies in parse(text).items():
                for body in bodies:
                    labels: tuple[str, ...] = ()
                    inner = body
                    for _ in range(LABELS.get(kind, 0)):
                        ((label, inner),) = inner.items()
                        labels = (*labels, label)
                    found.append(Block(file, kind, labels, inner))
        return found

    def of(self, kind: str, label: str | None = None) -> list[Block]:
        return [block for block in self.blocks if block.kind == kind and label in (None, *block.labels[:1])]

    def names(self, kind: str) -> list[str]:
        return [block.labels[-1] for block in self.of(kind)]

    def one(self, kind: str, label: str | None = None) -> Body:
        (block,) = self.of(kind, label)
        return block.body

    @cached_property
    def locals(self) -> Body:
        return {name: value for block in self.of("locals") for name, value in block.body.items()}


def values(body: Any, path: str) -> list[Any]:
    """Whatever lies at `settings.ip_configuration.ssl_mode`; nested blocks may be repeated."""
    found = [body]
    for name in path.split("."):
        spread = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
        found = [each[name] for each in spread if isinstance(each, dict) and name in each]
    return found


def texts(value: Any) -> Iterator[str]:
    """Every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


Rule = Callable[[Configuration], list[str]]


def pinned_versions(code: Configuration) -> list[str]:
    """Terraform and every provider are pinned with `~>`; modules come from this repository or have an exact version."""
    wrong = []
    settings = [block.body for block in code.of("terraform")]
    pins = {}
    for body in settings:
        if "required_version" in body:
            pins["terraform"] = str(body["required_version"])
        for required in body.get("required_providers", []):
            pins |= {name: str(wanted.get("version", "")) for name, wanted in required.items()}
    if "terraform" not in pins:
        wrong.append("required_version is missing")
    loose = {name: pin for name, pin in pins.items() if not re.fullmatch(r"~> \d+\.\d+(\.\d+)?", pin)}
    wrong += [f"{name} is pinned as {pin!r}" for name, pin in loose.items()]
    used = {block.labels[0].split("_")[0] for block in (*code.of("resource"), *code.of("data"))} - {"terraform"}
    wrong += [f"provider {name} is used and not required" for name in sorted(used - set(pins))]
    for module in code.of("module"):
        local = str(module.body["source"]).startswith(("./", "../"))
        if not local and not re.fullmatch(r"\d+\.\d+\.\d+", str(module.body.get("version", ""))):
            wrong.append(f"{module} is not pinned to a version")
    return wrong


def layout(code: Configuration) -> list[str]:
    """Variables and outputs are where one looks for them."""
    wrong = [f"{name} is missing" for name in ("main.tf", "variables.tf", "outputs.tf") if name not in code.sources]
    for kind, place in ("variable", "variables.tf"), ("output", "outputs.tf"):
        wrong += [f"{block} belongs into {place}" for block in code.of(kind) if block.file != place]
    return wrong


SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def names(code: Configuration) -> list[str]:
    """Everything is named in snake_case, and once."""
    wrong = [
        f"{block} is not in snake_case"
        for block in code.blocks
        if not all(SNAKE_CASE.fullmatch(label) for label in block.labels)
    ]
    wrong += [f"local {name} is not in snake_case" for name in code.locals if not SNAKE_CASE.fullmatch(name)]
    twice = Counter((block.kind, block.labels) for block in code.blocks if block.labels)
    return wrong + [f"{key} is declared twice" for key, count in twice.items() if count > 1]


def variables(code: Configuration) -> list[str]:
    """Each has a type and a description; collections are never null; a secret is sensitive and has no default."""
    wrong = []
    for variable in code.of("variable"):
        body, name = variable.body, variable.labels[0]
        kind = str(body.get("type", ""))
        if not kind or not body.get("description"):
            wrong.append(f"{variable} has no type or no description")
        if re.search(r"\bany\b", kind):
            wrong.append(f"{variable} may be anything")
        if re.match(r"\$\{(set|list|map)\(", kind) and body.get("nullable") is not False:
            wrong.append(f"{variable} may be null")
        if re.search(r"password|secret|token|private_key", name) and ("default" in body or not body.get("sensitive")):
            wrong.append(f"{variable} is a secret with a default or in clear")
    return wrong


CHECKED = {"service", "environment", "repository", "data_class", "hostname", "database", "network"}


def validations(code: Configuration) -> list[str]:
    """What has a format or a closed set of values is checked."""
    return [
        f"{variable} is not validated"
        for variable in code.of("variable")
        if variable.labels[0] in CHECKED and "validation" not in variable.body
    ]


def unused(code: Configuration) -> list[str]:
    """No variable, local or data source that nothing refers to."""
    declared = [f"var.{name}" for name in code.names("variable")] + [f"local.{name}" for name in code.locals]
    declared += [f"data.{'.'.join(block.labels)}" for block in code.of("data")]
    return [f"{what} is not used" for what in declared if not re.search(rf"\b{re.escape(what)}\b", code.code)]


def counts(code: Configuration) -> list[str]:
    """`count` only switches something on or off; collections use `for_each`."""
    return [
        f"{block} counts"
        for block in (*code.of("resource"), *code.of("data"))
        if "count" in block.body and not re.search(r"\? (1 : 0|0 : 1)\}$", str(block.body["count"]))
    ]


def no_providers(code: Configuration) -> list[str]:
    """A module takes the provider that it is given, and keeps no state of its own."""
    wrong = [str(block) for block in code.of("provider")]
    return wrong + [str(block) for block in code.of("terraform") if "backend" in block.body]


FORBIDDEN = re.compile(
    r"aws_iam_(access_key|user|user_policy|user_login_profile)|google_service_account_key|google_storage_hmac_key"
    r"|azuread_\w*password|azurerm_\w*_key_vault_access_policy"
)


def no_long_lived_credentials(code: Configuration) -> list[str]:
    """Workloads and pipelines have an identity, not a key."""
    wrong = [f"{block} is a key" for block in code.of("resource") if FORBIDDEN.fullmatch(block.labels[0])]
    return wrong + [f"{name} is set" for name in re.findall(r"\b(client_secret|access_key|secret_key)\s*=", code.code)]


# These actions know no resource.
ANY_RESOURCE = {"ecr:GetAuthorizationToken"}
BROAD_ROLES = re.compile(r"roles/(owner|editor|viewer|[\w.]*admin)|Owner|Contributor|.*\bAdministrator", re.IGNORECASE)


def least_privilege(code: Configuration) -> list[str]:
    """No statement with every action or every resource, no basic or administrative role."""
    wrong = []
    for document in code.of("data", "aws_iam_policy_document"):
        for statement in document.body["statement"]:
            actions, resources = statement["actions"], statement.get("resources", [])
            if any(action == "*" or action.endswith(":*") for action in actions):
                wrong.append(f"{document} allows every action")
            if "*" in resources and not set(actions) <= ANY_RESOURCE:
                wrong.append(f"{document} allows {actions} on everything")
            if "sts:AssumeRoleWithWebIdentity" in actions:
                tests = [(each["test"], str(each["variable"]).rsplit(":", 1)[-1]) for each in statement["condition"]]
                exact = {claim for test, claim in tests if test == "StringEquals"}
                if not ({"aud", "sub"} <= exact or {"aud", "repository", "environment"} <= exact):
                    wrong.append(f"{document} trusts more than one identity")
    for block in code.of("resource"):
        role = str(block.body.get("role", "")) if block.labels[0].startswith("google") else ""
        role += str(block.body.get("role_definition_name", ""))
        if BROAD_ROLES.fullmatch(role):
            wrong.append(f"{block} grants {role}")
    return wrong


def closed_network(code: Configuration) -> list[str]:
    """Nothing is open to the whole internet."""
    everybody = {"0.0.0.0/0", "::/0"}
    return [f"{block} is open to all" for block in code.of("resource") if everybody & set(texts(block.body))]


def suppressions(code: Configuration) -> list[str]:
    """A suppression names one rule, a reason, and a month in which somebody looks at it again."""
    said = [line.strip() for text in code.sources.values() for line in text.splitlines() if "checkov:skip" in line]
    proper = re.compile(r"# ?checkov:skip=CKV2?_[A-Z]+_\d+: ?\S+ .+\(review by 20\d\d-\d\d\)")
    return [line for line in said if not proper.fullmatch(line)]


EVERYWHERE: tuple[Rule, ...] = (
    pinned_versions,
    layout,
    names,
    variables,
    unused,
    counts,
    no_long_lived_credentials,
    least_privilege,
    closed_network,
    suppressions,
)
IN_MODULES: tuple[Rule, ...] = (*EVERYWHERE, validations, no_providers)
