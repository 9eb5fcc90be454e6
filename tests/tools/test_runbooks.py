"""Each alert has a page, and what the page says to type exists: names in the chart, targets, addresses, statements."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from harness import helm, kubernetes, rendering
from harness.tools import run

from extensions.capabilities import registry
from extensions.targets import alerts

PROFILES: dict[str, dict[str, str]] = {
    "aws": {"cloud": "aws"},
    "gcp": {"cloud": "gcp", "release": "canary", "repository_host": "gitlab", "service_name": "order-desk"},
    "azure": {"cloud": "azure", "availability": "99.5", "rpo_minutes": "60", "rto_minutes": "600"},
}
USES = {name: not each.question for name, each in registry.registered().items()}
"""What every service has."""
PARTS = ["Look first", "What to do", "Whom to call"]
BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Project:
    """A rendered repository, and the objects of its chart in production."""

    def __init__(self, root: Path, cloud: str) -> None:
        self.root = root
        self.cloud = cloud
        self.folder = root / "docs" / "runbooks"
        (chart,) = (root / "deploy" / "helm").iterdir()
        helm.let_have_jobs(chart)
        self.service = chart.name
        # The pipeline names release and namespace like the service.
        values = [chart / "values-production.yaml", {"alerts": {"enabled": True, "certificate": "host"}}]
        self.manifests: list[helm.Manifest] = [
            {**each, "metadata": {**each["metadata"], "namespace": chart.name}}
            for each in helm.manifests(chart, values=values)
        ]

    def pages(self) -> dict[str, str]:
        return {path.stem: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.md"))}

    def blocks(self, language: str) -> Iterator[tuple[str, str]]:
        for name, text in self.pages().items():
            for block in BLOCK.finditer(text):
                assert block["language"] in {"sh", "sql", "promql"}, (name, block["language"])
                if block["language"] == language:
                    yield name, re.sub(rf"^{block['indent']}", "", block["text"], flags=re.MULTILINE)


@pytest.fixture(scope="module")
def projects_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    made: dict[str, Project] = {}

    def project(profile: str) -> Project:
        if profile not in made:
            answers = {"service_name": "ordering", **PROFILES[profile]}
            root = rendering.copy(tmp_path_factory.mktemp(profile) / answers["service_name"], answers)
            made[profile] = Project(root, answers["cloud"])
        return made[profile]

    return project


@pytest.fixture(params=PROFILES)
def project(request: pytest.FixtureRequest, projects_of: Callable[[str], Project]) -> Project:
    return projects_of(request.param)


def test_each_alert_has_a_page_and_each_page_an_alert(project: Project) -> None:
    named = {alert.name for alert in alerts.every(USES)}
    named |= registry.alarm_pages(project.cloud)
    assert set(project.pages()) == named | {"README"}
    index = project.pages()["README"]
    for name in named:
        assert f"[{name}]({name}.md)" in index


def test_a_page_says_what_it_means_and_what_to_do(project: Project) -> None:
    for name, text in project.pages().items():
        if name == "README":
            continue
        assert text.startswith(f"# {name}\n\n"), name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS, name
        assert "\n**Users** " in text, name
        assert "{" not in re.sub(r"`[^`]*`|```.*?```", "", text, flags=re.DOTALL), name
        assert max(len(line) for line in BLOCK.sub("", text).splitlines() if not line.startswith("|")) <= 150, name


def test_links_lead_somewhere(project: Project) -> None:
    for name, text in project.pages().items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (project.folder / target).is_file(), (name, target)
        for path in re.findall(r"`((?:deploy|docs)/[^`*]+)`", text):
            assert (project.root / path).exists(), (name, path)


def test_rules_and_alarms_lead_to_their_pages(project: Project) -> None:
    (rule,) = kubernetes.of_kind(project.manifests, "PrometheusRule")
    pages = [each["annotations"]["runbook_url"] for each in rule["spec"]["groups"][0]["rules"]]
    host = "gitlab.com" if project.service == "order-desk" else "github.com"
    for page in pages:
        assert page.startswith(f"https://{host}/acme/{project.service}/"), page
        assert (project.root / page[page.index("docs/runbooks/") :]).is_file(), page
    code = project.root / "deploy" / "terraform" / project.cloud
    module = "".join((code / "modules" / "service" / f"{name}.tf").read_text("utf-8") for name in ("alarms", "outside"))
    alarms = re.findall(r"answers for it[^\n]*", module)
    assert len(alarms) >= 3
    for text in alarms:
        assert re.match(r"answers for it: \$\{var\.runbooks\}/(\$\{each\.value\.runbook\}|(\w+))\.md\"", text), text
    found = re.findall(r"var\.runbooks\}/(\w+)\.md|runbook +\S+ \"(\w+)\"", module)
    named = {name for pair in found for name in pair if name}
    assert named == registry.alarm_pages(project.cloud)
    (environment,) = (code / "environments").glob("production")
    address = registry.runbooks_url("gitlab" if host == "gitlab.com" else "github", f"acme/{project.service}")
    assert f'"{address}"' in (environment / "main.tf").read_text(encoding="utf-8")


# Commands


def commands(text: str) -> Iterator[list[str]]:
    """Each command of a block as its words; those behind a pipe, too."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while "|" in words:
            at = words.index("|")
            yield words[:at]
            words = words[at + 1 :]
        if words:
            yield words


KINDS = {
    "pods": None, "pod": None, "events": None, "jobs": None, "cronjobs": None, "job": "Job",
    "externalsecret": "ExternalSecret",
    "secretstore": "SecretStore", "serviceaccount": "ServiceAccount", "configmap": "ConfigMap",
    "networkpolicy": "NetworkPolicy", "httproute": "HTTPRoute", "deployment": "Deployment", "rollout": "Rollout",
    "horizontalpodautoscaler": "HorizontalPodAutoscaler",
}  # fmt: skip
VERBS = {"get", "describe", "logs", "top", "create", "delete", "annotate"}
# Option → whether it has a value.
OPTIONS = {
    "--namespace": True, "--selector": True, "--output": True, "--sort-by": True, "--tail": True, "--prefix": False,
    "--previous": False, "--from": True, "--overwrite": False, "--wait": False,
}  # fmt: skip


def check_kubectl(words: list[str], project: Project) -> None:
    options: dict[str, str] = {}
    rest: list[str] = []
    given = iter(words)
    for word in given:
        if word.startswith("--"):
            options[word] = next(given) if OPTIONS[word] else ""
        else:
            rest.append(word)
    verb, *objects = rest
    assert verb in VERBS
    if objects[:1] == ["certificates"]:  # of cert-manager, in the gateway's namespace
        (route,) = kubernetes.of_kind(project.manifests, "HTTPRoute")
        assert options["--namespace"] == route["spec"]["parentRefs"][0]["namespace"]
        return
    assert options["--namespace"] == project.service
    if "--selector" in options:
        wanted = dict(pair.split("=") for pair in options["--selector"].split(","))
        found = [
            name
            for name, pod in kubernetes.pods(project.manifests)
            if kubernetes.selects({"matchLabels": wanted}, pod["metadata"]["labels"])
        ]
        meant = [kubernetes.workload(project.manifests)]
        if wanted["app.kubernetes.io/component"] == "job":
            meant = kubernetes.of_kind(project.manifests, "CronJob")
        assert found == [kubernetes.name_of(each) for each in meant]
    if verb == "create":  # a run by hand, of a job that the reader names
        jobs = kubernetes.of_kind(project.manifests, "CronJob")
        assert objects[0] == "job"
        assert options["--from"] == f"cronjob/{project.service}-NAME"
        assert all(each["metadata"]["name"].startswith(f"{project.service}-") for each in jobs)
        return
    named = [part for word in objects for part in word.split("/")]
    if verb == "logs" and not named:
        assert "--selector" in options
        return
    kind, *names = named
    if KINDS[kind] is None:
        assert not names
        return
    there = {each["metadata"]["name"] for each in kubernetes.of_kind(project.manifests, KINDS[kind] or "")}
    assert names[0] in there, (kind, names, there)
    assert len(names) == 1 or verb == "annotate"


def check_helm(words: list[str], project: Project) -> None:
    verb, release, *options = words
    assert verb in {"history", "rollback"}
    assert release == project.service
    assert options[:2] == ["--namespace", project.service]
    progressive = kubernetes.workload(project.manifests)["kind"] == "Rollout"
    if verb == "rollback":
        assert options[2:] == ["--wait=legacy" if progressive else "--wait"]
    done = run(helm.helm(), verb, "--help", env=helm.home())
    assert all(option.partition("=")[0] in done.stdout for option in options if option.startswith("--"))


def check_make(words: list[str], project: Project) -> None:
    target, *variables = words
    assert re.search(rf"^{target}:", (project.root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    answers = yaml.safe_load((project.root / ".copier-answers.yml").read_text(encoding="utf-8"))
    for variable in variables:
        name, _, value = variable.partition("=")
        assert name == "ANSWERS"
        assert value.partition("=")[0] in answers


def check_address(words: list[str], project: Project) -> None:
    address = next(word for word in words if word.startswith("https://"))
    (route,) = kubernetes.of_kind(project.manifests, "HTTPRoute")
    host, _, path = address.removeprefix("https://").partition("/")
    assert [host.partition(":")[0]] == route["spec"]["hostnames"]
    probes = kubernetes.workload(project.manifests)["spec"]["template"]["spec"]["containers"][0]
    assert f"/{path}" in {probes[each]["httpGet"]["path"] for each in ("readinessProbe", "livenessProbe")}


def check_host(words: list[str], project: Project) -> None:
    if words[0] != "s_client":
        assert words[0] == "x509"
        return
    (route,) = kubernetes.of_kind(project.manifests, "HTTPRoute")
    assert words[words.index("-servername") + 1] == route["spec"]["hostnames"][0]
    assert words[words.index("-connect") + 1] == f"{route['spec']['hostnames'][0]}:443"


def check_cloud(words: list[str], project: Project) -> None:
    """The database, or its resource group, as Terraform calls it."""
    assert f"{project.service}-production" in words
    code = project.root / "deploy" / "terraform" / project.cloud
    assert '"${var.service}-${var.environment}"' in (code / "modules/service/main.tf").read_text(encoding="utf-8")
    main = (code / "environments/production/main.tf").read_text(encoding="utf-8")
    assert re.search(rf'service +=\s"{project.service}"', main)
    if project.cloud == "azure":
        assert f'"{project.service}-production"' in main


CHECKS: dict[str, Callable[[list[str], Project], None]] = {
    "kubectl": check_kubectl, "helm": check_helm, "make": check_make, "curl": check_address, "openssl": check_host,
    "aws": check_cloud, "gcloud": check_cloud, "az": check_cloud,
}  # fmt: skip


def test_commands_name_what_there_is(project: Project) -> None:
    checked = 0
    for _, text in project.blocks("sh"):
        for program, *words in commands(text):
            CHECKS[program](words, project)
            checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    "line",
    [
        "kubectl --namespace ordering get pods --selector app=ordering",
        "kubectl --namespace ordering describe externalsecret orders",
        "kubectl --namespace default get events",
        "helm rollback orders --namespace ordering --wait",
        "make migrate",
        'make regen ANSWERS="peak=3"',
        "curl https://ordering.example/health",
        "openssl s_client -connect other.example:443 -servername other.example",
        "aws rds describe-db-instances --db-instance-identifier ordering",
    ],
)
def test_a_command_for_nothing_is_found(line: str, projects_of: Callable[[str], Project]) -> None:
    ((program, *words),) = commands(line)
    with pytest.raises((AssertionError, KeyError)):
        CHECKS[program](words, projects_of("aws"))


def test_queries_name_metrics_of_the_alerts(project: Project) -> None:
    (rule,) = kubernetes.of_kind(project.manifests, "PrometheusRule")
    known = set(re.findall(r"\b(\w+)\{", json.dumps(rule["spec"])))
    known |= {"db_client_operation_duration_seconds_bucket", "db_client_connection_pending_requests"}
    job = re.search(r'job=\\"([^"\\]+)\\"', json.dumps(rule["spec"]))
    assert job is not None
    found = [query for _, text in project.blocks("promql") for query in re.split(r"\n(?=\S)(?!\))", text.strip())]
    assert len(found) >= 5
    for query in found:
        promql_parser.parse(query)
        for metric, selector in re.findall(r"\b(\w+)\{(.*?)\}", query):
            assert metric in known, metric
            assert f'job="{job[1]}"' in selector


@pytest.mark.xdist_group("ordering")
def test_statements_run(projects: Callable[[str], Path], projects_of: Callable[[str], Project]) -> None:
    """On the tables of the service, as its own PostgreSQL has them."""
    texts = {text for profile in PROFILES for _, text in projects_of(profile).blocks("sql")}
    statements = {part.strip() for text in texts for part in text.split(";") if part.strip()}
    assert len(statements) > 10
    script = (
        "import asyncio, json, sys, asyncpg\n"
        "from dev import postgres\n"
        "async def main():\n"
        "    with postgres.server() as url:\n"
        "        connection = await asyncpg.connect(url)\n"
        "        await connection.execute('CREATE TABLE alembic_version (version_num varchar(32))')\n"
        "        for statement in json.load(sys.stdin):\n"
        "            await connection.fetch(statement)\n"
        "        await connection.close()\n"
        "asyncio.run(main())\n"
    )
    project = projects("ordering")
    run(project / ".venv/bin/python", "-c", script, cwd=project, stdin=json.dumps(sorted(statements)))
