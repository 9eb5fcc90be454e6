"""The chart, by the tools that its users run and by the 32 rules for it, for every way of releasing."""

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import promql_parser
import pytest
import yaml
from harness import helm, kubernetes, rendering
from harness.helm import Manifest
from harness.kubernetes import RULES, VERSIONS, of_kind, only, workload
from harness.projects import make, make_fails

# The clouds differ in the secret store only, so each goes along with one way of releasing.
PROFILES = {"rolling": "aws", "canary": "gcp", "blue-green": "azure"}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

# What Terraform says, and everything that can be switched on.
FULL: dict[str, Any] = {
    "image": {"repository": "registry.example.com:5000/team/ordering", "digest": f"sha256:{'a1' * 32}"},
    "serviceAccount": {"annotations": {"cloud.example.com/role": "ordering"}},
    "podLabels": {"cloud.example.com/identity": "use"},
    "database": {
        "caCertificate": CERTIFICATE,
        "cidrs": ["10.8.0.0/24", "10.9.0.0/24"],
        "direct": {"host": "direct.example.invalid", "port": 5433},
    },
    "ownSettings": {"PAYMENTS_URL": "https://payments.example.com", "PAYMENTS_RETRIES": 2},
    "ownSecrets": {
        "payments_key": {"secret": "payments"},
        "payments_token": {"secret": "payments-json", "property": "token"},
    },
    "jobs": {"sweep": {"suspend": True, "schedule": "0 4 * * *"}},
    "networkPolicy": {
        "gateway": {"cidrs": ["10.1.0.0/16"]},
        "dns": {"cidrs": ["169.254.20.10/32"]},
        "own": {"payments": {"cidrs": ["10.2.0.0/24"], "port": 8443}},
    },
    "alerts": {"enabled": True, "labels": {"release": "prometheus"}, "certificate": "ordering", "gateway": "envoy"},
}

# Legal, and read as something else, or not at all, where a template forgets that they are texts.
ODD: dict[str, Any] = {
    "partOf": "1e3",
    "owner": "null",
    "serviceAccount": {"annotations": {"enabled": "true", "note": "a: b #c"}},
    "podLabels": {"version": "1", "enabled": "yes"},
    "settings": {"ENVIRONMENT": "null", "OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    "ownSettings": {"ON": True, "Y": "0x1", "LINES": "a: b\n#c", "MARKS": "{{ x }}"},
    "ownSecrets": {"on": {"secret": "123"}, "null": {"secret": "a: b #c", "property": "true"}},
    "database": {"secret": "1e3", "name": "123", "cidrs": ["::/0", "10.0.0.0/8"]},
    "route": {"hostname": "1.2", "gateway": {"name": "123", "namespace": "true", "listener": "1e3"}},
    "networkPolicy": {
        "gateway": {"namespaces": ["123", "null"], "cidrs": ["::1/128"]},
        "dns": {"namespaces": [], "cidrs": ["::/0"]},
        "own": {"a b": {"namespaces": ["1e3"], "port": 1}},
    },
}

Charts = Callable[[str], Path]


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Charts:
    """Way of releasing → the chart, rendered once; nobody writes into it."""
    made: dict[str, Path] = {}

    def chart(release: str) -> Path:
        if release not in made:
            answers = {"service_name": "ordering", "release": release, "cloud": PROFILES[release]}
            tree = rendering.copy(tmp_path_factory.mktemp("charts") / "ordering", {**answers, "peak_rps": "900"})
            made[release] = tree / "deploy" / "helm" / "ordering"
            helm.let_have_jobs(made[release])
        return made[release]

    return chart


@pytest.fixture(params=PROFILES)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def chart(charts: Charts, release: str) -> Path:
    return charts(release)


def sets(chart: Path) -> dict[str, list[Any]]:
    """The sets of values that everything is rendered with, by name."""
    environments = {path.stem.removeprefix("values-"): [path] for path in sorted(chart.glob("values-*.yaml"))}
    return {"default": [], **environments, "minimal": [helm.MINIMAL], "full": [chart / "values-production.yaml", FULL]}


@pytest.fixture(scope="session")
def rendered(charts: Charts) -> Callable[[str], dict[str, list[Manifest]]]:
    """Way of releasing → set of values → the objects."""
    made: dict[str, dict[str, list[Manifest]]] = {}

    def all_of(release: str) -> dict[str, list[Manifest]]:
        if release not in made:
            chart = charts(release)
            made[release] = {name: helm.manifests(chart, values=each) for name, each in sets(chart).items()}
        return made[release]

    return all_of


@pytest.fixture
def objects(rendered: Callable[[str], dict[str, list[Manifest]]], release: str) -> dict[str, list[Manifest]]:
    return rendered(release)


@pytest.fixture
def copied(chart: Path, tmp_path: Path) -> Path:
    """A copy of the chart, to be broken."""
    return shutil.copytree(chart, tmp_path / chart.name)


def values_of(chart: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    return values


# Rule 1


@pytest.mark.parametrize("version", helm.PACKAGES)
def test_lint(version: str, chart: Path) -> None:
    for name, values in sets(chart).items():
        options = [
            part for each in values for part in ("--values", each if isinstance(each, Path) else helm.written(each))
        ]
        said = helm.lint(chart, *options, version=version)
        assert said.returncode == 0, (name, said.stdout, said.stderr)
        assert not re.search(r"\[(WARNING|ERROR)\]", said.stdout), (name, said.stdout)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("templates/service.yaml", '"service.ports"', '"service.prots"'),
        ("templates/service.yaml", "kind: Service", "kind: Service\n kind: Service"),
        ("values.yaml", "  LOG_LEVEL: INFO", "  LOG_LEVEL: LOUD"),
        ("Chart.yaml", "version: 1.0.0", "version: one"),
    ],
)
def test_lint_can_fail(path: str, old: str, new: str, charts: Charts, tmp_path: Path) -> None:
    broken = shutil.copytree(charts("rolling"), tmp_path / "ordering")
    replace(broken / path, old, new)
    for version in helm.PACKAGES:
        assert helm.lint(broken, version=version).returncode != 0


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_both_versions_of_helm_agree(chart: Path) -> None:
    for values in sets(chart).values():
        old, new = (helm.manifests(chart, values=values, version=version) for version in helm.PACKAGES)
        assert sorted(old, key=json.dumps) == sorted(new, key=json.dumps)


# Rule 2


def test_chart_file(chart: Path) -> None:
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    project = (chart.parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert about["apiVersion"] == "v2"
    assert re.fullmatch(r"\d+\.\d+\.\d+", about["version"])
    assert f'version = "{about["appVersion"]}"' in project
    assert about["kubeVersion"] == f">={kubernetes.OLDEST}.0-0"
    assert about["maintainers"] == [{"name": "Team Ordering", "email": "ordering@example.com"}]


def test_older_kubernetes_is_refused(chart: Path) -> None:
    assert "incompatible with Kubernetes" in helm.template(chart, kubernetes="1.32", check=False).stderr
    for version in VERSIONS:
        helm.template(chart, kubernetes=version)


# Rule 3


def test_every_value_that_is_used_exists(chart: Path) -> None:
    values = values_of(chart)
    found = list(helm.used(chart))
    assert len(found) > 50
    for template, path in found:
        try:
            helm.at(values, path.split("."))
        except (KeyError, TypeError):
            pytest.fail(f"{template} uses .Values.{path}, which values.yaml does not have")


def test_a_use_of_nothing_is_found(chart: Path, copied: Path) -> None:
    replace(copied / "templates" / "service.yaml", "spec:", "spec:\n  {{- with .Values.service }}{{ .prot }}{{ end }}")
    assert ("service.yaml", "service.prot") in set(helm.used(copied)) - set(helm.used(chart))


def test_every_value_is_used(chart: Path) -> None:
    """Each is given a value of its own, which has to turn up in what is rendered."""
    values = values_of(chart)
    for path, value in FULL["networkPolicy"].items():
        values["networkPolicy"][path].update(value)
    values["database"] |= FULL["database"]
    values |= {key: FULL[key] for key in ("serviceAccount", "podLabels", "ownSettings", "ownSecrets", "jobs")}
    values["alerts"] |= FULL["alerts"]
    marked = dict(marks(values))
    assert len(marked) > 50
    text = helm.template(chart, "--skip-schema-validation", values=[planted(values, marked)]).stdout
    # Four numbers are rendered as their sum.
    end = [
        *(("shutdown", name) for name in ("preStopSeconds", "marginSeconds")),
        *(("settings", name) for name in ("DRAIN_SETTLE_S", "DRAIN_TIMEOUT_S")),
    ]
    assert f"terminationGracePeriodSeconds: {sum(marked[path] for path in end)}" in text
    unused = [".".join(path) for path, mark in marked.items() if str(mark) not in text and path != end[1]]
    assert not unused, unused


def marks(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path of a value → another one of its kind that occurs nowhere else."""
    for number, (path, value) in enumerate(helm.leaves(values), start=40001):
        if isinstance(value, bool) or path in {("alerts", "enabled"), ("alerts", "gateway")}:
            continue
        if isinstance(value, str | list):
            yield path, f"mark-{number}"
        else:
            yield path, number


def planted(values: Mapping[str, Any], marked: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(dict(values))
    for path, mark in marked.items():
        place = helm.at(changed, path[:-1])
        place[path[-1]] = [mark] if isinstance(place[path[-1]], list) else mark
    return changed


# Rule 4


OPEN = {
    ("serviceAccount", "annotations"), ("podLabels",), ("ownSettings",), ("ownSecrets",), ("jobs",),
    ("networkPolicy", "own"), ("alerts", "labels"),
}  # fmt: skip


def test_a_misspelt_value_is_refused_at_every_level(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    values = values_of(chart)
    assert not list(validator.iter_errors(values))
    for path in helm.maps(values):
        closed = path not in OPEN and path[:1] != ("secretStore",)
        for key in ("misspelt", *helm.at(values, path)):
            broken = copy.deepcopy(values)
            place = helm.at(broken, path)
            place[f"{key}x"] = place.pop(key, "text")
            assert any(validator.iter_errors(broken)) or not closed, (path, key)


@pytest.mark.parametrize("version", helm.PACKAGES)
@pytest.mark.parametrize(
    "wrong",
    [
        {"replicas": 3},
        {"settings": {"DATABASE_POOLSIZE": 3}},
        {"route": {"gateway": {"listner": "https"}}},
        {"networkPolicy": {"dns": {"namespaces": [], "cidrs": []}}},
        {"autoscaling": {"minReplicas": 0}},
        {"jobs": {"sweep": {"limitSeconds": 1}}},
        {"image": {"digest": "latest"}},
    ],
)
def test_helm_refuses_what_the_schema_does_not_know(wrong: dict[str, Any], version: str, charts: Charts) -> None:
    said = helm.template(charts("rolling"), values=[wrong], version=version, check=False)
    assert said.returncode != 0
    assert "don't meet the specifications of the schema" in said.stderr


def test_settings_of_the_schema_are_those_of_the_service(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    documented = (chart.parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    variables = set(re.findall(r"^\| `([A-Z_]+)` \|(?!.*Secret\.)", documented, re.MULTILINE))
    assert set(schema["properties"]["settings"]["properties"]) == variables - {"HOST", "PORT", "SECRETS_DIR"}


# Rule 5


LITERAL = re.compile(
    r"^\s*-?\s*(?:namespace|replicas|minReplicas|maxReplicas|image|host|hostname|hostnames|address|cpu|memory|"
    r"ephemeral-storage|sizeLimit): *(?!\[?\{\{)\S",
    re.MULTILINE,
)


def test_templates_hold_no_literals(chart: Path) -> None:
    for path in (chart / "templates").rglob("*"):
        if path.is_file():
            assert not LITERAL.search(path.read_text(encoding="utf-8")), path
    assert LITERAL.search("  namespace: default\n")


# Rules 6, 8 to 29 and 31


@pytest.mark.parametrize("number", sorted(RULES))
def test_rule(number: int, objects: dict[str, list[Manifest]]) -> None:
    for name, manifests in objects.items():
        assert not list(RULES[number](manifests)), (name, list(RULES[number](manifests)))


def test_production_scales_from_two_replicas_on(objects: dict[str, list[Manifest]]) -> None:
    assert only(objects["production"], "HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2


def test_every_rule_has_a_test() -> None:
    """The others have tests of their own here: lint, chart file, values, schema, literals, units, checksum, checkov."""
    assert set(RULES) | {1, 2, 3, 4, 5, 7, 30, 32} == set(range(1, 33))


def pod_of(manifests: list[Manifest]) -> dict[str, Any]:
    spec: dict[str, Any] = workload(manifests)["spec"]["template"]["spec"]
    return spec


def container_of(manifests: list[Manifest]) -> dict[str, Any]:
    container: dict[str, Any] = pod_of(manifests)["containers"][0]
    return container


def job_of(manifests: list[Manifest]) -> Manifest:
    return next(each for each in of_kind(manifests, "Job") if "pre-upgrade" in kubernetes.hooks(each))


def policy_of(manifests: list[Manifest]) -> dict[str, Any]:
    name = workload(manifests)["metadata"]["name"]
    spec: dict[str, Any] = next(
        each["spec"] for each in of_kind(manifests, "NetworkPolicy") if each["metadata"]["name"] == name
    )
    return spec


Defect = Callable[[list[Manifest]], Any]
DEFECTS: list[tuple[int, Defect]] = [
    (6, lambda m: pod_of(m).update(serviceAccuntName="x")),
    (6, lambda m: only(m, "PodDisruptionBudget").update(apiVersion="policy/v1beta1")),
    (6, lambda m: only(m, "HTTPRoute")["spec"].update(hostname="x")),
    (6, lambda m: of_kind(m, "ExternalSecret")[0]["spec"]["target"].update(creationPolicy="Sometimes")),
    (6, lambda m: of_kind(m, "SecretStore")[0]["spec"].pop("provider")),
    (6, lambda m: only(m, "PrometheusRule")["spec"]["groups"][0]["rules"][0].update(expression="1")),
    (6, lambda m: only(m, "HTTPRoute").update(kind="HttpRoute")),
    (8, lambda m: pod_of(m)["securityContext"].pop("runAsNonRoot")),
    (8, lambda m: pod_of(m)["securityContext"].update(runAsGroup=0)),
    (8, lambda m: container_of(m)["securityContext"].update(runAsUser=0)),
    (9, lambda m: container_of(m)["securityContext"].pop("allowPrivilegeEscalation")),
    (9, lambda m: container_of(m)["securityContext"].update(privileged=True)),
    (10, lambda m: container_of(m)["securityContext"]["capabilities"].update(add=["SYS_ADMIN"])),
    (10, lambda m: container_of(m)["securityContext"].pop("capabilities")),
    (11, lambda m: pod_of(m)["securityContext"].pop("seccompProfile")),
    (12, lambda m: container_of(m)["securityContext"].pop("readOnlyRootFilesystem")),
    (12, lambda m: pod_of(m)["volumes"][0].update(emptyDir={})),
    (12, lambda m: container_of(m)["volumeMounts"].pop(0)),
    (13, lambda m: pod_of(m).update(hostNetwork=True)),
    (14, lambda m: pod_of(m)["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    (15, lambda m: pod_of(m).pop("automountServiceAccountToken")),
    (15, lambda m: pod_of(m).update(serviceAccountName="default")),
    (15, lambda m: of_kind(m, "ServiceAccount")[0].pop("automountServiceAccountToken")),
    (16, lambda m: m.append({"kind": "Role", "metadata": {"name": "x"}})),
    (17, lambda m: container_of(m).update(image="registry.example.com/ordering:latest")),
    (17, lambda m: container_of(m).update(imagePullPolicy="Never")),
    (18, lambda m: m.append({"kind": "Secret", "metadata": {"name": "x"}})),
    (18, lambda m: only(m, "ConfigMap")["data"].update(DATABASE_URL="x")),
    (18, lambda m: only(m, "ConfigMap")["data"].update(CORS_ORIGINS="https://me:hidden@example.com")),
    (18, lambda m: container_of(m)["envFrom"].append({"secretRef": {"name": "x"}})),
    (18, lambda m: pod_of(m)["volumes"][1]["secret"].update(secretName="x")),
    (19, lambda m: container_of(m)["resources"]["requests"].pop("ephemeral-storage")),
    (19, lambda m: container_of(m)["resources"]["limits"].update(memory="1Gi")),
    (20, lambda m: container_of(m).pop("startupProbe")),
    (20, lambda m: container_of(m)["livenessProbe"]["httpGet"].update(path="/readyz")),
    (21, lambda m: pod_of(m).update(terminationGracePeriodSeconds=10)),
    (21, lambda m: only(m, "ConfigMap")["data"].update(DRAIN_TIMEOUT_S="1")),
    (22, lambda m: policy_of(m)["policyTypes"].remove("Egress")),
    (22, lambda m: policy_of(m)["egress"].append({"ports": [{"port": 443}]})),
    (22, lambda m: policy_of(m)["ingress"][0]["from"].append({"podSelector": {}})),
    (23, lambda m: policy_of(m)["podSelector"]["matchLabels"].update(app="x")),
    (23, lambda m: of_kind(m, "Service")[0]["spec"]["selector"].pop("app.kubernetes.io/component")),
    (24, lambda m: only(m, "PodDisruptionBudget")["spec"].update(maxUnavailable=0)),
    (24, lambda m: only(m, "PodDisruptionBudget")["spec"].pop("unhealthyPodEvictionPolicy")),
    (24, lambda m: only(m, "HorizontalPodAutoscaler")["spec"].update(minReplicas=1)),
    (25, lambda m: pod_of(m)["topologySpreadConstraints"].pop()),
    (26, lambda m: workload(m)["spec"].update(replicas=3)),
    (26, lambda m: only(m, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(kind="StatefulSet")),
    (26, lambda m: container_of(m)["resources"]["requests"].pop("cpu")),
    (28, lambda m: m[0]["metadata"]["labels"].pop("owner")),
    (28, lambda m: workload(m)["spec"]["selector"]["matchLabels"].update({"app.kubernetes.io/version": "1"})),
    (29, lambda m: only(m, "HTTPRoute")["spec"]["parentRefs"][0].pop("sectionName")),
    (29, lambda m: of_kind(m, "Service")[0]["spec"].update(type="LoadBalancer")),
    (31, lambda m: job_of(m)["metadata"]["annotations"].update({"helm.sh/hook": "post-upgrade"})),
    (31, lambda m: job_of(m)["spec"].pop("activeDeadlineSeconds")),
    (31, lambda m: job_of(m)["metadata"]["annotations"].pop("helm.sh/hook-output-log-policy")),
    (
        31,
        lambda m: job_of(m)["spec"]["template"]["spec"]["containers"][0].update(
            command=["sh", "-c", "alembic; exit 0"]
        ),
    ),
]


@pytest.mark.parametrize(("number", "defect"), DEFECTS)
def test_rule_can_fail(number: int, defect: Defect, rendered: Callable[[str], dict[str, list[Manifest]]]) -> None:
    broken = copy.deepcopy(rendered("rolling")["full"])
    defect(broken)
    assert list(RULES[number](broken))


@pytest.mark.parametrize(
    ("number", "release", "defect"),
    [
        (6, "canary", lambda s: s["strategy"]["canary"].update(stableServce="x")),
        (6, "canary", lambda s: s["template"]["spec"].update(serviceAccuntName="x")),
        (6, "blue-green", lambda s: s["strategy"]["blueGreen"].pop("activeService")),
        (27, "rolling", lambda s: s["strategy"]["rollingUpdate"].update(maxUnavailable=1)),
        (27, "rolling", lambda s: s["strategy"]["rollingUpdate"].update(maxSurge="0%")),
        (27, "canary", lambda s: s["strategy"]["canary"].pop("maxUnavailable")),
    ],
)
def test_rule_about_releases_can_fail(
    number: int, release: str, defect: Callable[[Any], Any], rendered: Callable[[str], dict[str, list[Manifest]]]
) -> None:
    broken = copy.deepcopy(rendered(release)["full"])
    defect(workload(broken)["spec"])
    assert list(RULES[number](broken))


def test_every_rule_can_fail() -> None:
    assert {number for number, _ in DEFECTS} | {27} == set(RULES)


# Rule 7: a unit for each template and for each way of releasing; those of toggles follow.


UNITS: dict[str, Callable[[list[Manifest]], bool]] = {
    "alerts.yaml": lambda m: only(m, "PrometheusRule")["metadata"]["labels"]["release"] == "prometheus",
    "analysis.yaml": lambda m: (
        {each["name"] for each in only(m, "AnalysisTemplate")["spec"]["metrics"]} == {"errors", "latency"}
    ),
    "autoscaler.yaml": lambda m: only(m, "HorizontalPodAutoscaler")["spec"]["metrics"][0]["resource"]["name"] == "cpu",
    "configmap.yaml": lambda m: all(isinstance(value, str) for value in only(m, "ConfigMap")["data"].values()),
    "cronjobs.yaml": lambda m: names(m, "CronJob") == {"ordering-on", "ordering-sweep"},
    "deployment.yaml": lambda m: only(m, "Deployment")["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%",
    "disruptionbudget.yaml": lambda m: only(m, "PodDisruptionBudget")["spec"]["maxUnavailable"] == "10%",
    "httproute.yaml": lambda m: only(m, "HTTPRoute")["spec"]["hostnames"] == ["ordering.example"],
    "migration.yaml": lambda m: job_of(m)["metadata"]["name"] == "ordering-migration",
    "networkpolicy.yaml": lambda m: len(policy_of(m)["egress"]) == 5,
    "rollout.yaml": lambda m: only(m, "Rollout")["spec"]["progressDeadlineAbort"] is True,
    "secrets.yaml": lambda m: only([each for each in m if not kubernetes.hooks(each)], "SecretStore") is not None,
    "service-canary.yaml": lambda m: "ordering-canary" in names(m, "Service"),
    "service-preview.yaml": lambda m: "ordering-preview" in names(m, "Service"),
    "service.yaml": lambda m: "ordering" in names(m, "Service"),
    "serviceaccount.yaml": lambda m: "ordering" in names(m, "ServiceAccount"),
    "smoke.yaml": lambda m: any(kubernetes.hooks(each) == ["test"] for each in of_kind(m, "Job")),
}
FOR_ONE = {
    "rolling": {"deployment.yaml"},
    "canary": {"rollout.yaml", "analysis.yaml", "service-canary.yaml"},
    "blue-green": {"rollout.yaml", "analysis.yaml", "service-preview.yaml"},
}


def names(manifests: list[Manifest], kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in of_kind(manifests, kind)}


def test_every_template_has_a_unit_test(release: str, chart: Path, objects: dict[str, list[Manifest]]) -> None:
    templates = {path.name for path in (chart / "templates").rglob("*.yaml")}
    assert templates == UNITS.keys() - set().union(*FOR_ONE.values()) | FOR_ONE[release]
    for name in templates:
        assert UNITS[name](objects["full"]), name


def test_nothing_of_another_way_of_releasing(release: str, chart: Path) -> None:
    words = {
        "rolling": ("Rollout", "argoproj", "canary", "preview", "analysis", "blueGreen"),
        "canary": ("apps/v1", "Deployment", "RollingUpdate", "rolling", "preview", "blueGreen"),
        "blue-green": ("apps/v1", "Deployment", "RollingUpdate", "rolling:", "canary"),
    }[release]
    for path in chart.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], path


def test_files_are_tidy(chart: Path) -> None:
    for path in chart.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert not re.search(r"\n\n\n|[ \t]\n|\{%|%\}", text), path
            assert max(map(len, text.splitlines())) <= 140, path
    for values in sets(chart).values():
        assert not re.search(r"^[ \t]+$", helm.template(chart, values=values).stdout, re.MULTILINE)


# Jobs


def test_a_job_is_the_service_with_another_command(objects: dict[str, list[Manifest]]) -> None:
    manifests = objects["full"]
    jobs = {each["metadata"]["name"]: each["spec"] for each in of_kind(manifests, "CronJob")}
    server, serving = pod_of(manifests), container_of(manifests)
    for name, spec in jobs.items():
        run = spec["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = run["containers"]
        assert container["args"] == ["job", name.removeprefix("ordering-")]
        same = ("image", "securityContext", "resources", "env", "envFrom", "volumeMounts")
        assert {key: container[key] for key in same} == {key: serving[key] for key in same}
        assert run["volumes"] == server["volumes"]
        assert run["serviceAccountName"] == server["serviceAccountName"]
        assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
    assert (jobs["ordering-sweep"]["schedule"], jobs["ordering-sweep"]["suspend"]) == ("0 4 * * *", True)
    assert (jobs["ordering-on"]["schedule"], jobs["ordering-on"]["suspend"]) == ("@hourly", False)
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(manifests, "NetworkPolicy")}
    assert policies["ordering-job"]["egress"] == policies["ordering"]["egress"]
    assert "ingress" not in policies["ordering-job"]


def test_the_time_of_a_job_has_room_for_a_second_run(objects: dict[str, list[Manifest]]) -> None:
    for each in of_kind(objects["production"], "CronJob"):
        job = each["spec"]["jobTemplate"]["spec"]
        limit = {"ordering-sweep": 600, "ordering-on": 60}[each["metadata"]["name"]]
        run = job["template"]["spec"]["activeDeadlineSeconds"]
        assert run > limit
        assert job["activeDeadlineSeconds"] > run * (job["backoffLimit"] + 1)


def test_without_jobs_there_is_nothing_of_them(copied: Path) -> None:
    (copied / "jobs.yaml").write_text("# none\n{}\n", encoding="utf-8")
    manifests = helm.manifests(copied, values=[{"alerts": {"enabled": True}}])
    assert not of_kind(manifests, "CronJob")
    assert "-job" not in json.dumps(sorted(names(manifests, "NetworkPolicy")))
    assert not [rule for rule in rules_of(manifests) if rule["alert"].startswith("Job")]


def test_a_job_that_cannot_be_is_refused(charts: Charts, tmp_path: Path) -> None:
    chart = shutil.copytree(charts("rolling"), tmp_path / "ordering")
    done = helm.template(chart, values=[{"jobs": {"sweeep": {"suspend": True}}}], check=False)
    assert "jobs.sweeep: there is no such job in jobs.yaml" in done.stderr
    replace(chart / "jobs.yaml", "sweep:", f"{'s' * 44}:")
    assert "is longer than the 52 characters" in helm.template(chart, check=False).stderr


# Toggles and branches


def test_alerts_are_made_where_the_operator_is(chart: Path) -> None:
    """Unless the values decide it."""
    operator = ("--api-versions", "monitoring.coreos.com/v1")
    for enabled, without, within in (("auto", 0, 1), (True, 1, 1), (False, 0, 0)):
        values = [{"alerts": {"enabled": enabled}}]
        assert len(of_kind(helm.manifests(chart, values=values), "PrometheusRule")) == without
        assert len(of_kind(helm.manifests(chart, *operator, values=values), "PrometheusRule")) == within
    assert values_of(chart)["alerts"]["enabled"] == "auto"


def test_only_production_calls_somebody_out_of_bed(chart: Path) -> None:
    for environment, severities in (("staging", {"ticket"}), ("production", {"page", "ticket"})):
        values = [chart / f"values-{environment}.yaml", {"alerts": {"enabled": True}}]
        rules = rules_of(helm.manifests(chart, values=values))
        assert {rule["labels"]["severity"] for rule in rules} == severities
        assert {rule["labels"]["environment"] for rule in rules} == {environment}
        assert len({json.dumps([rule["alert"], rule["labels"]]) for rule in rules}) == len(rules)


def test_without_telemetry_nobody_misses_it(objects: dict[str, list[Manifest]], chart: Path) -> None:
    found = {rule["alert"] for rule in rules_of(objects["full"])}
    silent = rules_of(helm.manifests(chart, values=[FULL, helm.MINIMAL]))
    assert found - {rule["alert"] for rule in silent} == {"TelemetryMissing"}


def test_connections_are_those_of_the_values(chart: Path, objects: dict[str, list[Manifest]]) -> None:
    """Rule 22: exactly the gateway and the test come in; exactly names, database, issuer and collector are reached."""

    def namespace(name: str) -> str:
        return json.dumps({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}})

    def block(cidr: str) -> str:
        return json.dumps({"ipBlock": {"cidr": cidr}})

    def allowed(manifests: list[Manifest], direction: str, peers: str) -> set[tuple[str, Any]]:
        rules = policy_of(manifests)[direction]
        return {(json.dumps(peer), port["port"]) for each in rules for peer in each[peers] for port in each["ports"]}

    smoke = {"name": "ordering", "instance": "ordering", "component": "smoke"}
    test = json.dumps({"podSelector": {"matchLabels": {f"app.kubernetes.io/{key}": smoke[key] for key in smoke}}})
    dns, issuer = (namespace("kube-system"), 53), (block("0.0.0.0/0"), 443)
    collector = (namespace("observability"), 4318)
    database = {(block("10.8.0.0/24"), 5432), (block("10.9.0.0/24"), 5432)}
    assert allowed(objects["default"], "ingress", "from") == {(namespace("gateway"), "http"), (test, "http")}
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects["full"], "NetworkPolicy")}
    ports = {port["port"] for rule in policies["ordering-migration"]["egress"] for port in rule["ports"]}
    assert ports == {53, 5432, 5433}
    assert allowed(objects["default"], "egress", "to") == {dns, issuer, collector}
    assert allowed(objects["minimal"], "ingress", "from") == {(block("10.1.0.0/16"), "http"), (test, "http")}
    assert allowed(objects["minimal"], "egress", "to") == {dns, issuer}
    assert allowed(objects["full"], "egress", "to") == {
        dns, (block("169.254.20.10/32"), 53), issuer, collector, *database, (block("10.2.0.0/24"), 8443)
    }  # fmt: skip


@pytest.mark.parametrize("password", ["simple", "p@ss/w:o?r#d+ %40&=", "ünïcode", "a{{b}}'\"\\"])
def test_database_url_survives_any_password(password: str, objects: dict[str, list[Manifest]], tmp_path: Path) -> None:
    """External Secrets fills in Go templates as Helm does, so Helm can stand in for it."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: stand-in, version: 1.0.0}", encoding="utf-8")
    for name, options in {
        "default": "sslmode=verify-full",
        "full": "sslmode=verify-full&sslrootcert=/run/secrets/ordering/database_ca",
    }.items():
        secrets = of_kind(objects[name], "ExternalSecret")
        urls = [
            (data.get(key), host, port)
            for data in (each["spec"]["target"]["template"]["data"] for each in secrets)
            for key, host, port in (
                ("database_url", "database.example.invalid", 5432),
                ("database_direct_url", "direct.example.invalid", 5433),
            )
        ]
        assert [url is None for url, _, _ in urls] == [False, name == "default"] * len(secrets)
        for url, host, port in urls:
            if url is None:
                continue
            text = f"{{{{ with .Values }}}}{json.dumps({'url': url})}{{{{ end }}}}"
            # What JSON has escaped is code for the template.
            (tmp_path / "templates" / "url.yaml").write_text(text.replace('\\"', '"'), encoding="utf-8")
            found = helm.manifests(
                tmp_path, release="stand-in", values=[{"username": "me@here", "password": password}]
            )[0]["url"]
            parts = urlsplit(found)
            assert (parts.scheme, parts.hostname, parts.port) == ("postgresql", host, port)
            assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("me@here", password)
            assert (parts.path, parts.query) == ("/ordering", options)


def test_certificate_lies_beside_the_url(objects: dict[str, list[Manifest]]) -> None:
    for each in of_kind(objects["full"], "ExternalSecret"):
        assert each["spec"]["target"]["template"]["data"]["database_ca"] == CERTIFICATE
    for each in of_kind(objects["default"], "ExternalSecret"):
        assert set(each["spec"]["target"]["template"]["data"]) == {"database_url"}
    for each in of_kind(objects["full"], "SecretStore"):
        assert len(each["spec"]["provider"]) == 1


def test_what_is_of_your_own_reaches_the_service(objects: dict[str, list[Manifest]]) -> None:
    settings = only(objects["full"], "ConfigMap")["data"]
    assert (settings["PAYMENTS_URL"], settings["PAYMENTS_RETRIES"]) == ("https://payments.example.com", "2")
    for each in of_kind(objects["full"], "ExternalSecret"):
        assert each["spec"]["target"]["template"]["data"]["payments_key"] == '{{ index . "payments_key" }}'
        assert {data["secretKey"]: data["remoteRef"] for data in each["spec"]["data"]} == {
            "username": {"key": "ordering-database", "property": "username"},
            "password": {"key": "ordering-database", "property": "password"},
            "payments_key": {"key": "payments"},
            "payments_token": {"key": "payments-json", "property": "token"},
        }


def test_identity_reaches_account_and_pods(objects: dict[str, list[Manifest]]) -> None:
    for each in of_kind(objects["full"], "ServiceAccount"):
        assert each["metadata"]["annotations"]["cloud.example.com/role"] == "ordering"
    assert workload(objects["full"])["spec"]["template"]["metadata"]["labels"]["cloud.example.com/identity"] == "use"


def test_telemetry_is_told_what_it_comes_from(objects: dict[str, list[Manifest]]) -> None:
    pod = workload(objects["staging"])["spec"]["template"]
    annotations = {key: value for key, value in pod["metadata"]["annotations"].items() if "opentelemetry" in key}
    assert annotations == {
        "resource.opentelemetry.io/service.name": pod["metadata"]["labels"]["app.kubernetes.io/name"],
        "resource.opentelemetry.io/service.namespace": pod["metadata"]["labels"]["app.kubernetes.io/part-of"],
        "resource.opentelemetry.io/service.version": pod["metadata"]["labels"]["app.kubernetes.io/version"],
        "resource.opentelemetry.io/deployment.environment.name": "staging",
    }
    environment = {each["name"]: each.get("value") for each in pod["spec"]["containers"][0]["env"]}
    assert environment["OTEL_RESOURCE_ATTRIBUTES"] == "service.namespace=ordering,service.instance.id=$(POD_NAME)"


@pytest.mark.parametrize(
    ("value", "text"), [(1048576, "1048576"), (0.05, "0.05"), (600000000, "600000000"), ("a,b", "a,b")]
)
def test_settings_keep_their_digits(value: Any, text: str, charts: Charts) -> None:
    name = "AUTH_ALGORITHMS" if isinstance(value, str) else "DATABASE_CONNECT_TIMEOUT_S"
    made = helm.manifests(
        charts("rolling"), "--show-only", "templates/configmap.yaml", values=[{"settings": {name: value}}]
    )
    assert made[0]["data"][name] == text


def test_the_log_of_a_pod_does_not_evict_it(objects: dict[str, list[Manifest]]) -> None:
    """A node counts the files of the log that it keeps: on AKS five of 50 MiB."""
    for manifests in objects.values():
        spec = workload(manifests)["spec"]["template"]["spec"]
        (temporary,) = [each["emptyDir"]["sizeLimit"] for each in spec["volumes"] if "emptyDir" in each]
        (container,) = spec["containers"]
        limit = container["resources"]["limits"]["ephemeral-storage"]
        assert int(limit.removesuffix("Mi")) >= int(temporary.removesuffix("Mi")) + 5 * 50


def test_texts_stay_texts(chart: Path) -> None:
    manifests = helm.manifests(chart, values=[ODD])
    assert list(kubernetes.schemas(manifests)) == []
    assert {"ON": "true", "Y": "0x1", "LINES": "a: b\n#c", "MARKS": "{{ x }}", "ENVIRONMENT": "null"}.items() <= (
        only(manifests, "ConfigMap")["data"].items()
    )
    (server, *_) = [each["spec"] for each in of_kind(manifests, "ExternalSecret")]
    assert {each["secretKey"]: each["remoteRef"] for each in server["data"]} == {
        "username": {"key": "1e3", "property": "username"},
        "password": {"key": "1e3", "property": "password"},
        "on": {"key": "123"},
        "null": {"key": "a: b #c", "property": "true"},
    }
    assert {"on", "null"} <= server["target"]["template"]["data"].keys()


def test_long_and_other_names_fit(chart: Path) -> None:
    for name in ("other", "r" * 53):
        for each in helm.manifests(chart, release=name, values=[FULL]):
            assert len(each["metadata"]["name"]) <= 63
            assert each["metadata"]["name"].startswith("r" * 46 if name[0] == "r" else "other-ordering")


# Rule 30


def test_changed_settings_roll_the_pods(chart: Path, objects: dict[str, list[Manifest]]) -> None:
    changed = helm.manifests(chart, values=[{"settings": {"LOG_LEVEL": "DEBUG"}}])
    before, after = (workload(each)["spec"]["template"] for each in (objects["default"], changed))
    assert before["metadata"]["annotations"].pop("checksum/settings") != after["metadata"]["annotations"].pop(
        "checksum/settings"
    )
    assert before == after


# Rule 31: what the migration needs is there before it, the first time too.


@pytest.mark.parametrize("options", [(), ("--is-upgrade",)])
def test_migration_finds_what_it_needs(options: tuple[str, ...], chart: Path) -> None:
    manifests = helm.manifests(chart, *options, values=[FULL])
    job, upgrade = job_of(manifests), bool(options)
    event = "pre-upgrade" if upgrade else "pre-install"
    # Objects of the release that is there count in an upgrade, and in the first installation nothing but earlier hooks.
    earlier = {
        (each["kind"], each["metadata"]["name"])
        for each in manifests
        if (event in kubernetes.hooks(each) and weight(each) < weight(job)) or (upgrade and not kubernetes.hooks(each))
    }
    pod = job["spec"]["template"]["spec"]
    secret = next(each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each)
    assert ("ServiceAccount", pod["serviceAccountName"]) in earlier
    assert ("ExternalSecret", secret) in earlier
    source = next(each for each in of_kind(manifests, "ExternalSecret") if each["metadata"]["name"] == secret)
    store = source["spec"]["secretStoreRef"]
    assert (store["kind"], store["name"]) in earlier
    assert weight(next(each for each in of_kind(manifests, "SecretStore") if kubernetes.hooks(each))) < weight(source)
    assert any(kind == "NetworkPolicy" and "migration" in name for kind, name in earlier)
    # It is the new version's secret, with the host of this release, not the one that the running pods have.
    assert kubernetes.hooks(source)


def weight(manifest: Manifest) -> int:
    return int(manifest["metadata"]["annotations"]["helm.sh/hook-weight"])


def test_hooks_leave_nothing_in_the_way_of_the_release(chart: Path) -> None:
    """An object of the release may be a hook too only if the hook is gone by then, or may be taken over."""
    for options in ((), ("--is-upgrade",)):
        manifests = helm.manifests(chart, *options, values=[FULL])
        made = {(each["kind"], each["metadata"]["name"]) for each in manifests if not kubernetes.hooks(each)}
        for each in manifests:
            if not kubernetes.hooks(each):
                continue
            annotations = each["metadata"]["annotations"]
            assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
            if (each["kind"], each["metadata"]["name"]) in made:
                # Deleting it before an upgrade would take the identity from running pods.
                assert kubernetes.hooks(each) == ["pre-install"]
                assert annotations["meta.helm.sh/release-name"] == "ordering"
                assert annotations["meta.helm.sh/release-namespace"] == "services"
                assert each["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"


# Canary and blue-green


def test_references_of_the_rollout_exist(release: str, objects: dict[str, list[Manifest]]) -> None:
    manifests = objects["full"]
    if release == "rolling":
        return
    strategy = only(manifests, "Rollout")["spec"]["strategy"]
    canary, blue_green = strategy.get("canary", {}), strategy.get("blueGreen", {})
    services = [canary.get("stableService"), canary.get("canaryService")] if canary else []
    services += [blue_green.get("activeService"), blue_green.get("previewService")] if blue_green else []
    assert len(set(services)) == 2
    assert set(services) == names(manifests, "Service")
    analysis = canary.get("analysis") or blue_green["postPromotionAnalysis"]
    assert [each["templateName"] for each in analysis["templates"]] == [
        only(manifests, "AnalysisTemplate")["metadata"]["name"]
    ]
    assert {each["name"] for each in analysis["args"]} == {
        each["name"] for each in only(manifests, "AnalysisTemplate")["spec"]["args"]
    }


def test_canary_moves_the_weights_of_the_route(rendered: Callable[[str], dict[str, list[Manifest]]]) -> None:
    manifests = rendered("canary")["full"]
    route, strategy = only(manifests, "HTTPRoute"), only(manifests, "Rollout")["spec"]["strategy"]["canary"]
    plugin = strategy["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"]
    assert plugin == {"httpRoute": route["metadata"]["name"], "namespace": route["metadata"]["namespace"]}
    backends = {each["name"]: each["weight"] for each in route["spec"]["rules"][0]["backendRefs"]}
    assert backends == {strategy["stableService"]: 100, strategy["canaryService"]: 0}
    weights = [step["setWeight"] for step in strategy["steps"] if "setWeight" in step]
    assert weights == sorted(set(weights))
    assert len(strategy["steps"]) == 2 * len(weights)


def test_blue_green_keeps_the_old_version_until_the_new_one_is_judged(
    rendered: Callable[[str], dict[str, list[Manifest]]],
) -> None:
    manifests = rendered("blue-green")["full"]
    strategy = only(manifests, "Rollout")["spec"]["strategy"]["blueGreen"]
    metrics = only(manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert all(each["interval"] == "1m" and each["count"] >= 1 for each in metrics)
    judged = 60 * max(each["count"] for each in metrics)
    # The plan has connections for two versions, not for a third that is released while the first still stands.
    assert judged + 60 <= strategy["scaleDownDelaySeconds"] <= judged + 120


DEPLOYMENTS = {"github": ".github/workflows/deploy.yml", "gitlab": ".gitlab/deploy.sh"}


@pytest.mark.parametrize("host", DEPLOYMENTS)
def test_pipelines_know_what_helm_cannot_do_with_a_rollout(host: str, release: str, tmp_path: Path) -> None:
    """Its watcher waits in vain, and server-side apply conflicts with what the controller writes."""
    tree = rendering.copy(tmp_path / "orders", {"release": release, "repository_host": host})
    text = (tree / DEPLOYMENTS[host]).read_text(encoding="utf-8")
    wanted = int(release != "rolling")
    assert text.count("--server-side=false") == wanted
    assert text.count("--wait=legacy") == 2 * wanted
    assert len(re.findall(r"--wait(?= )", text)) == 1 - wanted


def rules_of(manifests: list[Manifest]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = only(manifests, "PrometheusRule")["spec"]["groups"][0]["rules"]
    return rules


def expressions(manifests: list[Manifest]) -> dict[str, str]:
    rules = enumerate(rules_of(manifests))
    found = {f"{rule['alert']} {rule['labels']['severity']} {number}": rule["expr"] for number, rule in rules}
    for each in of_kind(manifests, "AnalysisTemplate"):
        found |= {metric["name"]: metric["provider"]["prometheus"]["query"] for metric in each["spec"]["metrics"]}
    return found


# What is measured, by whom, and the label that says of what; the service's are those of OpenTelemetry's conventions.
METRICS: dict[str, tuple[str, ...]] = {
    'job="ordering/ordering"': (
        "http_server_request_duration_seconds_count",
        "http_server_request_duration_seconds_bucket",
        "db_client_operation_duration_seconds_count",
        "db_client_connection_count",
        "db_client_connection_max",
        "db_client_connection_wait_time_seconds_count",
    ),
    'namespace="services"': (
        "kube_pod_container_status_ready",
        "kube_pod_container_status_restarts_total",
        "kube_pod_container_status_last_terminated_reason",
        "kube_horizontalpodautoscaler_status_desired_replicas",
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "kube_horizontalpodautoscaler_status_condition",
        "kube_job_failed",
        "kube_cronjob_created",
        "kube_cronjob_next_schedule_time",
        "kube_cronjob_status_last_schedule_time",
        "kube_cronjob_status_last_successful_time",
        "externalsecret_status_condition",
    ),
    "httproute/services/ordering/": ("envoy_cluster_upstream_rq_xx",),
    'destination_service_namespace="services"': ("istio_requests_total",),
    'name="ordering"': (
        "certmanager_certificate_expiration_timestamp_seconds",
        "certmanager_certificate_renewal_timestamp_seconds",
    ),
}


def test_queries_are_promql_over_metrics_that_there_are(
    release: str, chart: Path, objects: dict[str, list[Manifest]]
) -> None:
    found = expressions(objects["full"])
    assert len(found) == len(rules_of(objects["full"])) + (0 if release == "rolling" else 2)
    istio = expressions(helm.manifests(chart, values=[FULL, {"alerts": {"gateway": "istio"}}]))
    found |= {f"istio {name}": query for name, query in istio.items()}
    used = set()
    for name, text in found.items():
        query = text.replace("{{args.hash}}", "abc")
        promql_parser.parse(query)
        for metric, selector in re.findall(r"\b(\w+)\{(.*?)\}", query):
            assert any(metric in names and label in selector for label, names in METRICS.items()), (name, metric)
            used.add(metric)
    assert used == {metric for names in METRICS.values() for metric in names}
    with pytest.raises(ValueError, match=r".+"):
        promql_parser.parse("rate(x)")


def test_alerts_are_told_apart_by_their_labels(objects: dict[str, list[Manifest]]) -> None:
    """To Prometheus two rules of a group with the same name and labels are one, and to whom they call, too."""
    rules = rules_of(objects["full"])
    assert len({json.dumps([rule["alert"], rule["labels"]]) for rule in rules}) == len(rules)


def test_a_release_ends_where_somebody_would_be_called(release: str, objects: dict[str, list[Manifest]]) -> None:
    """The analysis asks what the fastest alert asks in its short window, of the new version's pods only."""
    if release == "rolling":
        return
    manifests = objects["full"]
    metrics = {each["name"]: each for each in only(manifests, "AnalysisTemplate")["spec"]["metrics"]}
    alerts = {rule["alert"]: rule["expr"] for rule in reversed(rules_of(manifests))}
    instance = ',instance=~"ordering-{{args.hash}}-.*"'
    for name, alert in (("errors", "ErrorsBurnBudget"), ("latency", "LatencyBurnsBudget")):
        query = metrics[name]["provider"]["prometheus"]["query"]
        assert instance in query
        # One error of few requests calls nobody, and ends no release.
        share, _, least = query.partition("\nand sum(increase(")
        assert squeezed(share.replace(instance, "")) in squeezed(alerts[alert])
        assert least.strip().endswith(">= 2") == (name == "errors")
    assert metrics["errors"]["successCondition"].endswith("<= 14.4 * 0.001")
    assert "> 14.4 * 0.001" in alerts["ErrorsBurnBudget"]
    assert metrics["latency"]["successCondition"].endswith("< 0.3")
    assert ">= 0.3" in alerts["LatencyBurnsBudget"]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


# The answers


def test_more_requests_make_more_pods(charts: Charts, tmp_path: Path) -> None:
    more = rendering.copy(tmp_path / "ordering", {"service_name": "ordering", "peak_rps": "9000"})
    once, tenfold = values_of(charts("rolling")), values_of(more / "deploy" / "helm" / "ordering")
    for key in ("minReplicas", "maxReplicas"):
        assert once["autoscaling"][key] < tenfold["autoscaling"][key]
    assert once["objectives"] == tenfold["objectives"]


@pytest.mark.parametrize("environments", ["production", "test, staging, live"])
def test_each_environment_has_its_values(environments: str, tmp_path: Path) -> None:
    tree = rendering.copy(
        tmp_path / "orders",
        {"service_name": "orders", "environments": environments, "api_url": "https://o.example.com"},
    )
    chart = tree / "deploy" / "helm" / "orders"
    expected = [each.strip() for each in environments.split(",")]
    assert {path.name for path in chart.glob("values-*.yaml")} == {f"values-{name}.yaml" for name in expected}
    for name in expected:
        manifests = helm.manifests(chart, values=[chart / f"values-{name}.yaml"])
        assert only(manifests, "ConfigMap")["data"]["ENVIRONMENT"] == name
        host = "o.example.com" if name == expected[-1] else f"{name}.o.example.com"
        assert only(manifests, "HTTPRoute")["spec"]["hostnames"] == [host]


def test_an_owner_that_looks_like_a_number_is_a_text(tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path / "orders", {"owner_team": "2026-11", "description": "Orders: all # of them"})
    chart = next((tree / "deploy" / "helm").iterdir())
    assert yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))["description"] == "Orders: all # of them"
    assert {each["metadata"]["labels"]["owner"] for each in helm.manifests(chart)} == {"2026-11"}


# Rule 32


@pytest.mark.slow
def test_policies(charts: Charts, rendered: Callable[[str], dict[str, list[Manifest]]], tmp_path: Path) -> None:
    """No finding, no suppression; and one finding where there is one defect."""
    for release in PROFILES:
        for name in ("default", "full"):
            text = yaml.safe_dump_all(rendered(release)[name])
            (tmp_path / f"{release}-{name}.yaml").write_text(text, encoding="utf-8")
    broken = copy.deepcopy(rendered("rolling")["full"])
    container_of(broken)["securityContext"]["allowPrivilegeEscalation"] = True
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump_all(broken), encoding="utf-8")
    plain, chart = helm.checkov("kubernetes", tmp_path), helm.checkov("helm", charts("rolling"))
    found = [(each["file_path"], each["check_id"]) for each in plain["results"]["failed_checks"]]
    assert found == [("/broken.yaml", "CKV_K8S_20")]
    assert chart["summary"]["failed"] == 0
    for report in (plain, chart):
        assert report["summary"]["skipped"] == report["summary"]["parsing_errors"] == 0
        assert report["summary"]["passed"] > 200
    assert not [path for path in charts("rolling").rglob("*") if path.is_file() and "checkov:skip" in path.read_text()]


# The gate of the generated repository


@pytest.mark.xdist_group("ordering")
def test_make_chart(projects: Callable[[str], Path]) -> None:
    said = make(projects("ordering"), "chart")
    assert f"2 environments, Kubernetes {VERSIONS[0]} and {VERSIONS[1]}, 0 failures." in said


@pytest.mark.xdist_group("ordering")
@pytest.mark.parametrize(
    ("path", "old", "new", "complaint"),
    [
        ("templates/_pod.tpl", "serviceAccountName", "serviceAccuntName", "serviceAccuntName' was unexpected"),
        ("templates/disruptionbudget.yaml", "policy/v1", "policy/v3", "Couldn't find schema"),
        ("values-staging.yaml", "autoscaling:", "autoscalng:", "helm lint fails with values-staging.yaml"),
    ],
)
def test_make_chart_can_fail(path: str, old: str, new: str, complaint: str, sample: Path) -> None:
    replace(sample / "deploy" / "helm" / "ordering" / path, old, new)
    assert complaint in make_fails(sample, "chart")


OWN_MANIFESTS = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  {{- include "service.metadata" (list . "server" "-own") | nindent 2 }}
spec:
  groups:
    - name: {{ include "service.name" . }}-own
      rules:
        - alert: OrdersStay
          expr: sum(increase(orders_placed_total{job={{ include "service.job" . | quote }}}[1h])) == 0
          labels:
            severity: ticket
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  {{- include "service.metadata" (list . "server" "-own") | nindent 2 }}
spec:
  encryptedData: {}
  template:
    type: Opaque
---
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "service.metadata" (list . "server" "-own") | nindent 2 }}
data: {}
"""


@pytest.mark.xdist_group("ordering")
def test_make_chart_takes_manifests_of_your_own(sample: Path) -> None:
    """Those that an operator defines, which it does not know, and those of Kubernetes, which it checks."""
    own = sample / "deploy" / "helm" / "ordering" / "templates" / "own.yaml"
    own.write_text(OWN_MANIFESTS.lstrip(), encoding="utf-8")
    assert ", 0 failures." in make(sample, "chart")
    own.write_text(OWN_MANIFESTS.replace("data: {}", "dat: {}"), encoding="utf-8")
    assert "'dat' was unexpected" in make_fails(sample, "chart")
