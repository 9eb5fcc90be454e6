"""What has to hold for the objects of a service; each rule yields what is wrong, and nothing if all is well."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from math import ceil
from typing import Any

import jsonschema
import kubernetes_validate

from . import helm
from .helm import Manifest

OLDEST = "1.33"
VERSIONS = (OLDEST, helm.NEWEST)
WORKLOADS = ("Deployment", "Rollout")
Rule = Callable[[list[Manifest]], Iterable[str]]
RULES: dict[int, Rule] = {}


def rule(number: int) -> Callable[[Rule], Rule]:
    """A rule by its number in the standard."""

    def register(function: Rule) -> Rule:
        RULES[number] = function
        return function

    return register


def name_of(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def of_kind(manifests: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] in kinds]


def only(manifests: Iterable[Manifest], *kinds: str) -> Manifest:
    """The one object of these kinds."""
    found = of_kind(manifests, *kinds)
    assert len(found) == 1, [name_of(each) for each in found]
    return found[0]


def hooks(manifest: Manifest) -> list[str]:
    """The hooks that make the object; none if it is part of the release."""
    found: str = manifest["metadata"].get("annotations", {}).get("helm.sh/hook", "")
    return found.split(",") if found else []


def pods(manifests: Iterable[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pod templates, and whose they are."""
    for each in of_kind(manifests, *WORKLOADS, "Job"):
        yield name_of(each), each["spec"]["template"]
    for each in of_kind(manifests, "CronJob"):
        yield name_of(each), each["spec"]["jobTemplate"]["spec"]["template"]


def containers(manifests: Iterable[Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods(manifests):
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield f"{name}: {container['name']}", container


def workload(manifests: Iterable[Manifest]) -> Manifest:
    return only(manifests, *WORKLOADS)


def expect(what: str, found: Any, *, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r} instead of {wanted!r}"


def quantity(text: str | int) -> float:
    """Kubernetes' way to write an amount."""
    units = {"m": 1e-3, "": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    number, unit = re.fullmatch(r"(\d+)(\D*)", str(text)).groups()  # type: ignore[union-attr]
    return int(number) * units[unit]


@rule(6)
def schemas(manifests: list[Manifest]) -> Iterator[str]:
    """The strict schemas of the oldest and the newest Kubernetes, or the operator's; a kind without one is an error."""
    for each in manifests:
        yield from _against_schemas(json.dumps(each, sort_keys=True))


@cache
def _against_schemas(text: str) -> tuple[str, ...]:
    """What the schemas say of one object; most objects are the same in many releases of many charts."""
    found = list[str]()
    each: Manifest = json.loads(text)
    schema = custom_schemas().get((each["apiVersion"], each["kind"]))
    if schema is not None:
        for error in jsonschema.Draft7Validator(schema).iter_errors(each):
            found.append(f"{name_of(each)}: {'.'.join(map(str, error.path))}: {error.message[:300]}")
    if each["kind"] == "Rollout":
        checked = {key: each["spec"][key] for key in ("selector", "template")}
        found += builtin({**each, "apiVersion": "apps/v1", "kind": "Deployment", "spec": checked})
    elif schema is None:
        found += builtin(each)
    return tuple(found)


def builtin(manifest: Manifest) -> Iterator[str]:
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            yield f"{name_of(manifest)} in Kubernetes {version}: {error.message}"


# The library reads megabytes of definitions for each object; they stay the same.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)


def custom_schemas() -> dict[tuple[str, str], dict[str, Any]]:
    if not _CUSTOM:
        _CUSTOM.update(helm.custom_schemas())
    return _CUSTOM


_CUSTOM: dict[tuple[str, str], dict[str, Any]] = {}


@rule(8)
def not_root(manifests: list[Manifest]) -> Iterator[str]:
    for name, pod in pods(manifests):
        security = pod["spec"].get("securityContext", {})
        yield from expect(f"{name}: runAsNonRoot", security.get("runAsNonRoot"), wanted=True)
        for key in ("runAsUser", "runAsGroup"):
            if security.get(key, 0) < 10000:
                yield f"{name}: {key} below 10000"
    for name, container in containers(manifests):
        if {"runAsUser", "runAsGroup", "runAsNonRoot"} & container["securityContext"].keys():
            yield f"{name}: has another user than its pod"


@rule(9)
def no_escalation(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        for key in ("allowPrivilegeEscalation", "privileged"):
            yield from expect(f"{name}: {key}", container["securityContext"].get(key), wanted=False)


@rule(10)
def no_capabilities(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        capabilities = container["securityContext"].get("capabilities", {})
        yield from expect(f"{name}: drop", capabilities.get("drop"), wanted=["ALL"])
        if set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
            yield f"{name}: adds capabilities"


@rule(11)
def system_calls(manifests: list[Manifest]) -> Iterator[str]:
    for name, pod in pods(manifests):
        profile = pod["spec"]["securityContext"].get("seccompProfile", {})
        yield from expect(f"{name}: seccompProfile", profile.get("type"), wanted="RuntimeDefault")


@rule(12)
def read_only(manifests: list[Manifest]) -> Iterator[str]:
    for name, pod in pods(manifests):
        for container in pod["spec"]["containers"]:
            yield from expect(f"{name}: root", container["securityContext"].get("readOnlyRootFilesystem"), wanted=True)
        for volume in pod["spec"].get("volumes", ()):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{name}: {volume['name']} has no size"
    template = workload(manifests)["spec"]["template"]["spec"]
    mounts = {each["mountPath"]: each["name"] for each in template["containers"][0].get("volumeMounts", ())}
    volumes = {each["name"]: each for each in template.get("volumes", ())}
    if "emptyDir" not in volumes.get(mounts.get("/tmp", ""), {}):  # noqa: S108
        yield "no emptyDir at /tmp"


@rule(13)
def nothing_of_the_host(manifests: list[Manifest]) -> Iterator[str]:
    text = json.dumps(manifests)
    for key in ("hostPath", "hostNetwork", "hostPID", "hostIPC", "hostPort"):
        if f'"{key}"' in text:
            yield key


@rule(14)
def volumes(manifests: list[Manifest]) -> Iterator[str]:
    allowed = {"configMap", "emptyDir", "projected", "secret", "csi", "persistentVolumeClaim"}
    for name, pod in pods(manifests):
        for volume in pod["spec"].get("volumes", ()):
            if not set(volume) - {"name"} <= allowed:
                yield f"{name}: volume {volume}"


@rule(15)
def own_account(manifests: list[Manifest]) -> Iterator[str]:
    accounts = {each["metadata"]["name"] for each in of_kind(manifests, "ServiceAccount")}
    for each in of_kind(manifests, "ServiceAccount"):
        yield from expect(f"{name_of(each)}: token", each.get("automountServiceAccountToken"), wanted=False)
    for name, pod in pods(manifests):
        yield from expect(f"{name}: token", pod["spec"].get("automountServiceAccountToken"), wanted=False)
        if pod["spec"].get("serviceAccountName", "default") not in accounts:
            yield f"{name}: the account is not of this chart"


@rule(16)
def no_roles(manifests: list[Manifest]) -> Iterator[str]:
    for each in of_kind(manifests, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
        yield name_of(each)


@rule(17)
def image(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        if not re.fullmatch(r"[^@:]+(:\d+[^@:]*)?@sha256:[0-9a-f]{64}", container["image"]):
            yield f"{name}: {container['image']}"
        yield from expect(f"{name}: imagePullPolicy", container.get("imagePullPolicy"), wanted="Always")


@rule(18)
def secrets(manifests: list[Manifest]) -> Iterator[str]:
    for each in of_kind(manifests, "Secret"):
        yield f"{name_of(each)} is in the chart"
    for name, container in containers(manifests):
        for variable in container.get("env", ()):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                yield f"{name}: {variable['name']} is a secret in the environment"
        yield from (
            f"{name}: a secret in the environment" for each in container.get("envFrom", ()) if "secretRef" in each
        )
    made = {each["spec"]["target"]["name"] for each in of_kind(manifests, "ExternalSecret")}
    for name, pod in pods(manifests):
        for volume in pod["spec"].get("volumes", ()):
            if "secret" in volume and volume["secret"]["secretName"] not in made:
                yield f"{name}: nobody makes {volume['secret']['secretName']}"
    for each in of_kind(manifests, "ConfigMap"):
        for key in each["data"]:
            if re.search(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|_KEY$", key):
                yield f"{name_of(each)}: {key}"
    for path, text in strings(manifests):
        if re.search(r"://[^/\s:@{}]+:[^/\s@{}]+@|-----BEGIN [A-Z ]*PRIVATE KEY", text):
            yield f"{path}: a credential"


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a structure, and where."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings(each, f"{path}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from strings(each, f"{path}[{index}]")


@rule(19)
def resources(manifests: list[Manifest]) -> Iterator[str]:
    for name, container in containers(manifests):
        requests, limits = (container.get("resources", {}).get(key, {}) for key in ("requests", "limits"))
        for key in ("cpu", "memory", "ephemeral-storage"):
            if key not in requests:
                yield f"{name}: no request of {key}"
        yield from expect(f"{name}: memory", limits.get("memory"), wanted=requests.get("memory"))


@rule(20)
def probes(manifests: list[Manifest]) -> Iterator[str]:
    container = workload(manifests)["spec"]["template"]["spec"]["containers"][0]
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        yield from expect(probe, container.get(probe, {}).get("httpGet"), wanted={"path": path, "port": "http"})


@rule(21)
def grace(manifests: list[Manifest]) -> Iterator[str]:
    spec = workload(manifests)["spec"]["template"]["spec"]
    settings = only(manifests, "ConfigMap")["data"]
    before = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(settings["DRAIN_TIMEOUT_S"])
    # A request waits for a connection, then its command runs.
    longest = float(settings["DATABASE_ACQUIRE_TIMEOUT_S"]) + float(settings["DATABASE_COMMAND_TIMEOUT_S"])
    if drain < longest:
        yield f"requests may take {longest} s, and have {drain} s to end"
    if spec["terminationGracePeriodSeconds"] < before + drain + 1:
        yield f"{spec['terminationGracePeriodSeconds']} s are too short for {before} s and {drain} s"


@rule(22)
def connections(manifests: list[Manifest]) -> Iterator[str]:
    """Every pod's policy denies by default; the exceptions themselves are compared with the values by a test."""
    for name, pod in pods(manifests):
        selecting = [each["spec"]["podSelector"] for each in of_kind(manifests, "NetworkPolicy")]
        policies = sum(selects(each, pod["metadata"]["labels"]) for each in selecting)
        if policies != 1:
            yield f"{name}: {policies} policies"
    for each in of_kind(manifests, "NetworkPolicy"):
        types = set(each["spec"]["policyTypes"])
        yield from expect(f"{name_of(each)}: policyTypes", types, wanted={"Ingress", "Egress"})
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for allowed in each["spec"].get(direction, ()):
                if not allowed.get(peers) or not allowed.get("ports"):
                    yield f"{name_of(each)}: {direction} of everybody or to everything: {allowed}"
                if any(not next(iter(peer.values()), None) for peer in allowed.get(peers) or ()):
                    yield f"{name_of(each)}: {direction} of everybody: {allowed}"


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


SELECTORS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "NetworkPolicy": lambda spec: spec["podSelector"],
    "Service": lambda spec: {"matchLabels": spec["selector"]},
    "PodDisruptionBudget": lambda spec: spec["selector"],
    "Deployment": lambda spec: spec["selector"],
    "Rollout": lambda spec: spec["selector"],
}


@rule(23)
def selectors(manifests: list[Manifest]) -> Iterator[str]:
    templates = dict(pods(manifests))
    server = name_of(workload(manifests))
    for each in manifests:
        if each["kind"] not in SELECTORS:
            continue
        wanted = SELECTORS[each["kind"]](each["spec"])
        found = [name for name, pod in templates.items() if selects(wanted, pod["metadata"]["labels"])]
        if not wanted.get("matchLabels") or not found:
            yield f"{name_of(each)} selects {found or 'nothing'}"
        if each["kind"] != "NetworkPolicy":
            yield from expect(f"{name_of(each)} selects", found, wanted=[server])


@rule(24)
def disruptions(manifests: list[Manifest]) -> Iterator[str]:
    least = only(manifests, "HorizontalPodAutoscaler")["spec"]["minReplicas"]
    if only(manifests, "ConfigMap")["data"]["ENVIRONMENT"] == "production" and least < 2:
        yield f"{least} replicas"
    budgets = of_kind(manifests, "PodDisruptionBudget")
    if len(budgets) != 1:
        yield f"{len(budgets)} budgets"
    for each in budgets:
        policy = each["spec"].get("unhealthyPodEvictionPolicy")
        yield from expect(f"{name_of(each)}: unhealthy pods", policy, wanted="AlwaysAllow")
        unavailable = str(each["spec"].get("maxUnavailable", 0))
        allowed = ceil(least * int(unavailable[:-1]) / 100) if unavailable.endswith("%") else int(unavailable)
        if not 1 <= allowed < max(2, least):
            yield f"{name_of(each)}: {allowed} of {least} may be unavailable"


@rule(25)
def spread(manifests: list[Manifest]) -> Iterator[str]:
    template = workload(manifests)["spec"]["template"]
    constraints = template["spec"].get("topologySpreadConstraints", [])
    keys = {each["topologyKey"] for each in constraints}
    yield from expect("spread over", keys, wanted={"topology.kubernetes.io/zone", "kubernetes.io/hostname"})
    for each in constraints:
        if not selects(each["labelSelector"], template["metadata"]["labels"]):
            yield f"{each['topologyKey']}: counts other pods"


@rule(26)
def autoscaling(manifests: list[Manifest]) -> Iterator[str]:
    scaler, target = only(manifests, "HorizontalPodAutoscaler")["spec"], workload(manifests)
    reference = {"apiVersion": target["apiVersion"], "kind": target["kind"], "name": target["metadata"]["name"]}
    yield from expect("scaled", scaler["scaleTargetRef"], wanted=reference)
    if "replicas" in target["spec"]:
        yield "the workload has replicas of its own"
    if not scaler["minReplicas"] < scaler["maxReplicas"]:
        yield f"{scaler['minReplicas']} to {scaler['maxReplicas']} replicas"
    for metric in scaler["metrics"]:
        name = metric["resource"]["name"]
        if not all(name in c["resources"]["requests"] for c in target["spec"]["template"]["spec"]["containers"]):
            yield f"{name} is not requested"


@rule(27)
def releases(manifests: list[Manifest]) -> Iterator[str]:
    target = workload(manifests)
    strategy = target["spec"]["strategy"]
    if target["kind"] == "Deployment":
        yield from expect("strategy", strategy["type"], wanted="RollingUpdate")
        yield from expect("maxUnavailable", strategy["rollingUpdate"].get("maxUnavailable"), wanted=0)
        if str(strategy["rollingUpdate"].get("maxSurge", 0)).rstrip("%") == "0":
            yield "no surge"
    else:
        yield from expect("maxUnavailable", next(iter(strategy.values())).get("maxUnavailable"), wanted=0)


LABELS = ("name", "instance", "version", "part-of", "managed-by")


@rule(28)
def labels(manifests: list[Manifest]) -> Iterator[str]:
    labelled = [(name_of(each), each["metadata"].get("labels", {})) for each in manifests]
    labelled += [(f"pods of {name}", pod["metadata"].get("labels", {})) for name, pod in pods(manifests)]
    for name, found in labelled:
        for key in (*(f"app.kubernetes.io/{label}" for label in LABELS), "owner"):
            if not found.get(key):
                yield f"{name}: no label {key}"
    selector = workload(manifests)["spec"]["selector"]["matchLabels"]
    wanted = {f"app.kubernetes.io/{label}" for label in ("name", "instance", "component")}
    yield from expect("selector of the workload", set(selector), wanted=wanted)


@rule(29)
def encryption(manifests: list[Manifest]) -> Iterator[str]:
    for each in of_kind(manifests, "Ingress", "Gateway", "TCPRoute"):
        yield name_of(each)
    for parent in only(manifests, "HTTPRoute")["spec"]["parentRefs"]:
        if parent.get("sectionName", "http") == "http":
            yield f"listener {parent.get('sectionName')}"
    for each in of_kind(manifests, "Service"):
        yield from expect(f"{name_of(each)}: type", each["spec"].get("type"), wanted="ClusterIP")


@rule(31)
def migration(manifests: list[Manifest]) -> Iterator[str]:
    jobs = [each for each in of_kind(manifests, "Job") if "pre-upgrade" in hooks(each)]
    if len(jobs) != 1:
        yield f"{len(jobs)} migrations"
        return
    job, spec = jobs[0], jobs[0]["spec"]
    yield from expect("hooks", hooks(job), wanted=["pre-install", "pre-upgrade"])
    for key in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        if key not in spec:
            yield f"no {key}"
    yield from expect("restartPolicy", spec["template"]["spec"].get("restartPolicy"), wanted="Never")
    container = spec["template"]["spec"]["containers"][0]
    # No shell that could swallow the exit code.
    yield from expect("command", container.get("command"), wanted=["alembic", "upgrade", "head"])
    yield from expect("args", container.get("args"), wanted=None)
    deletion = job["metadata"]["annotations"]["helm.sh/hook-delete-policy"].split(",")
    if "hook-failed" in deletion:
        yield "a failed job is deleted before anybody has read its log"
    # `helm test --logs` knows of pods alone: it passes over jobs, and before Helm 4.3 it fails because of them.
    for each in of_kind(manifests, "Job"):
        if each["metadata"]["annotations"].get("helm.sh/hook-output-log-policy") != "hook-failed":
            yield f"nobody sees why {each['metadata']['name']} fails"
