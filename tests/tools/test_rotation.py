"""The workflow that replaces the database's password on Google Cloud, in an interpreter of the steps that it uses."""

import base64
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from harness.paths import TEMPLATE

SOURCE = (TEMPLATE / "deploy/terraform/{% if uses.gcp %}gcp{% endif %}/modules/service/rotation.yaml").read_text(
    encoding="utf-8"
)
ENVIRONMENT = {
    "GOOGLE_CLOUD_PROJECT_ID": "shop-production",
    "GOOGLE_CLOUD_LOCATION": "europe-west3",
    "INSTANCE": "shop-production",
    "USERNAME": "service_owner",
    "SECRET": "shop-production-database",
}
PARENT = "projects/shop-production/secrets/shop-production-database"
OLD = "old"
RANDOM = b"\xfb\xff\xfe" * 16  # all of it is written with the characters that base64 keeps for last


class RefusedError(Exception):
    """What an interface answers that does not do what it is asked."""


class Cloud:
    """A database with one user, a secret with one version, and random numbers."""

    def __init__(self, *, refusing: bool = False) -> None:
        self.refusing = refusing
        self.password = OLD
        self.versions = [{"name": f"{PARENT}/versions/1", "state": "ENABLED", "data": b""}]
        self.calls: dict[str, Callable[..., Any]] = {
            "http.post": self.generate_random_bytes,
            "googleapis.secretmanager.v1.projects.secrets.addVersion": self.add_version,
            "googleapis.secretmanager.v1.projects.secrets.versions.disable": self.disable,
            "googleapis.secretmanager.v1.projects.secrets.versions.list": self.list_versions,
            "googleapis.sqladmin.v1.users.update": self.update_user,
        }

    @property
    def latest(self) -> dict[str, Any]:
        """What External Secrets reads: the newest version, which may be disabled."""
        return self.versions[-1]

    def generate_random_bytes(self, url: str, auth: Any, body: Any) -> Any:
        place = "projects/shop-production/locations/europe-west3"
        assert url == f"https://cloudkms.googleapis.com/v1/{place}:generateRandomBytes"
        assert auth == {"type": "OAuth2"}
        assert body == {"lengthBytes": len(RANDOM), "protectionLevel": "HSM"}
        return {"body": {"data": base64.b64encode(RANDOM).decode()}}

    def add_version(self, parent: str, body: Any) -> Any:
        assert parent == PARENT
        name = f"{PARENT}/versions/{len(self.versions) + 1}"
        self.versions.append({"name": name, "state": "ENABLED", "data": base64.b64decode(body["payload"]["data"])})
        return {"name": name}

    def disable(self, name: str) -> None:
        (version,) = [each for each in self.versions if each["name"] == name]
        version["state"] = "DISABLED"

    def list_versions(self, parent: str, **query: str) -> Any:
        assert (parent, query) == (PARENT, {"filter": "state:ENABLED"})
        return {"versions": [each for each in self.versions if each["state"] == "ENABLED"]}

    def update_user(self, project: str, instance: str, name: str, body: Any) -> None:
        assert (project, instance, name) == ("shop-production", "shop-production", "service_owner")
        if self.refusing:
            raise RefusedError("The instance is being maintained.")
        assert body["name"] == name
        self.password = body["password"]


class Value(dict[str, Any]):
    """A map as Workflows has it: `version.name`."""

    def __getattr__(self, name: str) -> Any:
        return wrapped(self[name])


def wrapped(value: Any) -> Any:
    return Value(value) if isinstance(value, dict) else value


STANDARD = {
    "sys": SimpleNamespace(get_env=ENVIRONMENT.__getitem__),
    "text": SimpleNamespace(replace_all=str.replace),
    "json": SimpleNamespace(encode=lambda value: json.dumps(value).encode()),
    "base64": SimpleNamespace(encode=lambda data: base64.b64encode(data).decode()),
}


def evaluated(value: Any, variables: dict[str, Any]) -> Any:
    """A value with its `${…}` computed; the expressions of this workflow mean the same in Python."""
    if isinstance(value, dict):
        return {key: evaluated(inner, variables) for key, inner in value.items()}
    if isinstance(value, str) and (expression := re.fullmatch(r"\$\{(.*)\}", value)):
        return eval(expression[1], {"__builtins__": {}}, {**STANDARD, **variables})  # noqa: S307 - our own file
    return value


def execute(steps: list[dict[str, Any]], variables: dict[str, Any], cloud: Cloud) -> None:
    for step in steps:
        ((_, action),) = step.items()
        perform(action, variables, cloud)


def perform(action: dict[str, Any], variables: dict[str, Any], cloud: Cloud) -> None:
    kinds = set(action) - {"args", "result", "except"}
    if kinds == {"assign"}:
        for assignment in action["assign"]:
            ((name, value),) = assignment.items()
            variables[name] = wrapped(evaluated(value, variables))
    elif kinds == {"call"}:
        answer = cloud.calls[action["call"]](**evaluated(action["args"], variables))
        if "result" in action:
            variables[action["result"]] = wrapped(answer)
    elif kinds == {"try"}:
        try:
            perform(action["try"], variables, cloud)
        except RefusedError as error:
            execute(action["except"]["steps"], {**variables, action["except"]["as"]: error}, cloud)
    elif kinds == {"raise"}:
        raise evaluated(action["raise"], variables)
    elif kinds == {"for"}:
        for value in evaluated(action["for"]["in"], variables):
            execute(action["for"]["steps"], {**variables, action["for"]["value"]: wrapped(value)}, cloud)
    elif kinds == {"switch"}:
        for case in action["switch"]:
            if evaluated(case["condition"], variables):
                execute(case["steps"], variables, cloud)
                break
    else:
        raise AssertionError(f"what is {kinds}?")


def rotate(cloud: Cloud, source: str = SOURCE) -> bool:
    """Whether the execution succeeded."""
    try:
        execute(yaml.safe_load(source)["main"]["steps"], {}, cloud)
    except RefusedError:
        return False
    return True


def check_success(source: str) -> None:
    cloud = Cloud()
    for times in range(1, 4):
        assert rotate(cloud, source)
        assert json.loads(cloud.latest["data"]) == {"username": "service_owner", "password": cloud.password}
        assert [version["state"] for version in cloud.versions] == ["DISABLED"] * times + ["ENABLED"]
    assert cloud.password != OLD
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", cloud.password), "it would have to be escaped in a URL"


def check_refusal(source: str) -> None:
    cloud = Cloud(refusing=True)
    assert not rotate(cloud, source), "the alarm would not see it"
    assert cloud.password == OLD
    assert [version["state"] for version in cloud.versions] == ["ENABLED", "DISABLED"]
    cloud.refusing = False
    assert rotate(cloud, source)
    assert json.loads(cloud.latest["data"])["password"] == cloud.password


def test_secret_and_database_agree_and_nothing_else_is_enabled() -> None:
    check_success(SOURCE)


def test_refusal_leaves_the_old_password_good() -> None:
    check_refusal(SOURCE)


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (check_success, "password: ${password}", "password: ${username}"),
        (check_success, '"/", "_"', '"/", "/"'),
        (check_success, "${old.name != version.name}", "${old.name == version.name}"),
        (check_refusal, "raise: ${error}", "assign: []"),
        (check_refusal, "name: ${version.name}", "name: ${secret + '/versions/1'}"),
    ],
)
def test_checks_can_fail(check: Callable[[str], None], old: str, new: str) -> None:
    assert SOURCE.count(old) >= 1
    with pytest.raises(AssertionError):
        check(SOURCE.replace(old, new, 1))
