"""The Terraform code of every cloud, by Terraform, checkov and our own rules; the clouds agree; each gate can fail."""

import copy
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from harness import hcl, planning, rendering, terraform
from harness.guarantees import GUARANTEES, guaranteed
from harness.hcl import Configuration, Rule
from harness.tools import BIN, require, run

from extensions.answers import checks as answers
from extensions.capacity.database import RESERVED_CONNECTIONS
from extensions.capacity.plan import Plan
from extensions.pipeline import build_model

CLOUDS = ("aws", "gcp", "azure")
CHECKOV = "checkov==3.3.30"
ANSWERS: dict[str, dict[str, Any]] = {
    "plain": {},
    # Everything that the code depends on is different here.
    "other": {
        "repository_host": "gitlab",
        "repository": "acme/shops/front-desk",
        "service_name": "front-desk-of-the-northern-shops-of-acme",
        "owner_team": 'Zoë & "Ops" ${x} %{y} #7',
        "environments": "test, pre-live-with-a-name, live",
        "availability": "99.5",
        "rpo_minutes": "60",
        "rto_minutes": "600",
        "peak_rps": "3000",
        "data_class": "restricted",
    },
}

OUTPUTS = {
    "image_repository", "database_id", "database_host", "database_port", "database_name", "database_secret",
    "database_ca_certificate", "database_ssl_mode", "database_cidrs", "service_account_annotations", "pod_labels",
    "secret_store", "deployer", "hostname", "alarm_targets", "helm_values",
}  # fmt: skip
VARIABLES = {
    "service", "environment", "repository", "owner", "data_class", "cluster", "network", "hostname", "dns_zone",
    "database", "alarm_targets", "log_retention_days", "outside_check", "port", "runbooks",
}  # fmt: skip
# What one cloud needs and another has no word for.
OWN_VARIABLES = {
    "aws": {"owner_email", "outside_alarm_targets"},
    "gcp": set[str](),
    "azure": {
        "backup_region_key", "certificate_authority", "cost_centre", "region", "resource_group", "standard_version",
    },
}  # fmt: skip
TAGS = {"service", "environment", "owner", "cost-centre", "data-class", "managed-by", "standard-version"}

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)
applied = pytest.mark.xdist_group("applied")
"""Needs what the modules' own tests print, which run once for each cloud."""
each_answer = pytest.mark.parametrize("answered", ANSWERS)


class Project:
    """A rendered repository with its Terraform code."""

    def __init__(self, root: Path, cloud: str) -> None:
        self.root = root
        self.code = root / "deploy" / "terraform" / cloud
        self.module = self.code / "modules" / "service"
        self.answers: dict[str, Any] = yaml.safe_load((root / ".copier-answers.yml").read_text(encoding="utf-8"))

    @property
    def environments(self) -> list[Path]:
        return sorted(path for path in (self.code / "environments").iterdir() if path.is_dir())

    @property
    def folders(self) -> list[Path]:
        return [self.module, *self.environments]

    def plan(self) -> Plan:
        """The capacity plan for the answers, not by way of the templates."""
        domain = yaml.safe_load((self.root / "domain.yaml").read_text(encoding="utf-8"))
        given = {name: answer for name, answer in self.answers.items() if not name.startswith("_")}
        return answers.planned({"folder": "", **given, "model": build_model(domain)})


Projects = Callable[..., Project]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    made: dict[tuple[str, str], Project] = {}

    def project(cloud: str, answered: str = "plain") -> Project:
        if (cloud, answered) not in made:
            root = rendering.copy(tmp_path_factory.mktemp(cloud) / "orders", {**ANSWERS[answered], "cloud": cloud})
            made[cloud, answered] = Project(root, cloud)
        return made[cloud, answered]

    return project


@pytest.fixture(scope="module")
def ready(project: Projects) -> Projects:
    """As `project`, after `terraform init`."""
    done = set()

    def ready(cloud: str, answered: str = "plain") -> Project:
        found = project(cloud, answered)
        if found.root not in done:
            for folder in found.folders:
                terraform.init(folder)
            done.add(found.root)
        return found

    return ready


def summary(messages: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [message["test_summary"] for message in messages if message["type"] == "test_summary"]
    return dict(found)


@pytest.fixture(scope="module")
def outcomes(ready: Projects) -> Callable[[str], list[dict[str, Any]]]:
    """Cloud → the messages of its module's own tests, which run once."""
    made: dict[str, list[dict[str, Any]]] = {}

    def outcome(cloud: str) -> list[dict[str, Any]]:
        if cloud not in made:
            made[cloud] = list(terraform.test(ready(cloud).module))
        return made[cloud]

    return outcome


@pytest.fixture(scope="module")
def outputs(outcomes: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], dict[str, Any]]:
    """Cloud → the outputs of its module, applied to a made-up account by its own tests."""

    def values(cloud: str) -> dict[str, Any]:
        states = [message["test_state"] for message in outcomes(cloud) if message["type"] == "test_state"]
        return {name: output["value"] for name, output in states[0]["outputs"].items()}

    return values


# By the tools


@each_answer
@each_cloud
def test_format(cloud: str, answered: str, project: Projects) -> None:
    terraform.terraform(project(cloud, answered).code, "fmt", "-check", "-diff", "-recursive")


@each_answer
@each_cloud
def test_validity(cloud: str, answered: str, ready: Projects) -> None:
    for folder in ready(cloud, answered).folders:
        assert terraform.validate(folder) == [], folder.name


@applied
@each_cloud
def test_modules_own_tests(cloud: str, outcomes: Callable[[str], list[dict[str, Any]]]) -> None:
    failures = [message["@message"] for message in outcomes(cloud) if message["@level"] == "error"]
    found = summary(outcomes(cloud))
    assert found["status"] == "pass", failures
    assert found["passed"] >= 8
    assert found["skipped"] == 0


@pytest.mark.slow
@each_cloud
def test_modules_own_tests_with_other_answers(cloud: str, ready: Projects) -> None:
    messages = list(terraform.test(ready(cloud, "other").module))
    assert summary(messages)["status"] == "pass", [each["@message"] for each in messages if each["@level"] == "error"]


def checkov(folder: Path) -> dict[str, Any]:
    done = run(
        BIN / "uvx", "--quiet", "--from", CHECKOV, "checkov",
        "--directory", folder, "--framework", "terraform", "--skip-download", "--output", "json",
        check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@each_answer
@each_cloud
def test_policies(cloud: str, answered: str, project: Projects, tmp_path: Path) -> None:
    code = terraform.copy(project(cloud, answered).code, tmp_path / cloud)
    found = checkov(code)
    failed = [
        f"{each['check_id']} {each['resource']}: {each['check_name']}" for each in found["results"]["failed_checks"]
    ]
    assert failed == []
    assert found["summary"]["passed"] > 25
    assert found["summary"]["parsing_errors"] == 0
    said = [line for path in code.rglob("*.tf") for line in path.read_text().splitlines() if "checkov:skip" in line]
    assert {each["check_id"] for each in found["results"]["skipped_checks"]} == {
        match[1] for line in said if (match := re.search(r"checkov:skip=(\w+):", line))
    }, "a suppression is out of date"


@pytest.mark.slow
def test_make_target(ready: Projects) -> None:
    """`make infrastructure` does all of it, and says so when Terraform is missing."""
    root = ready("aws").root
    said = run("make", "infrastructure", cwd=root, env=terraform.environment()).stdout
    assert said.count("The configuration is valid") == 3
    assert re.search(r"Success!\S* [1-9]\d* passed, 0 failed", said)
    without = run("make", "infrastructure", "TERRAFORM=no-such-program", cwd=root, check=False)
    assert without.returncode != 0
    assert "Terraform is not installed" in without.stderr


# By rules of our own


@pytest.mark.parametrize("rule", hcl.IN_MODULES, ids=lambda rule: rule.__name__)
@each_answer
@each_cloud
def test_modules_keep_the_rules(cloud: str, answered: str, rule: Rule, project: Projects) -> None:
    assert rule(Configuration(project(cloud, answered).module)) == []


@pytest.mark.parametrize("rule", hcl.EVERYWHERE, ids=lambda rule: rule.__name__)
@each_answer
@each_cloud
def test_environments_keep_the_rules(cloud: str, answered: str, rule: Rule, project: Projects) -> None:
    for folder in project(cloud, answered).environments:
        assert rule(Configuration(folder)) == [], folder.name


@each_answer
@each_cloud
def test_who_plans_may_read_what_the_plan_asks_for(cloud: str, answered: str, project: Projects) -> None:
    found = project(cloud, answered)
    needed = planning.needed(Configuration(found.module), cloud) | planning.ALWAYS[cloud]
    assert planning.rights(found.code, cloud) == needed


@each_cloud
def test_who_plans_reads_no_data_and_no_secret(cloud: str, project: Projects) -> None:
    found = project(cloud)
    assert [right for right in planning.rights(found.code, cloud) if planning.DATA[cloud].fullmatch(right)] == []
    for folder in found.folders:
        code = Configuration(folder)
        types = {block.labels[0] for kind in ("resource", "data", "ephemeral") for block in code.of(kind)}
        assert [each for each in types if planning.FORBIDDEN_TYPES.fullmatch(each)] == []


@pytest.mark.parametrize(
    ("cloud", "right"),
    [
        ("aws", "s3:*"), ("aws", "dynamodb:Scan"), ("aws", "secretsmanager:GetSecretValue"), ("aws", "kms:Decrypt"),
        ("aws", "logs:GetLogEvents"), ("aws", "logs:FilterLogEvents"), ("aws", "ecr:BatchGetImage"),
        ("aws", "rds:DownloadDBLogFilePortion"), ("aws", "ec2:CreateTags"),
        ("gcp", "secretmanager.versions.access"), ("gcp", "storage.objects.get"), ("gcp", "cloudsql.instances.export"),
        ("gcp", "logging.logEntries.list"), ("gcp", "cloudsql.users.update"), ("gcp", "datastore.entities.get"),
        ("azure", "KeyVault/vaults/secrets"), ("azure", "OperationalInsights/workspaces/query"), ("azure", "*"),
        ("azure", "ContainerRegistry/registries/pull"), ("azure", "DBforPostgreSQL/flexibleServers/logFiles"),
    ],
)  # fmt: skip
def test_a_right_to_data_is_found(cloud: str, right: str) -> None:
    assert planning.DATA[cloud].fullmatch(right)


@each_cloud
def test_documents_give_who_plans_those_rights_alone(cloud: str, project: Projects) -> None:
    """The states beside them: they are read only, since a plan takes no lock."""
    text = (project(cloud).code / "README.md").read_text(encoding="utf-8")
    if cloud == "azure":
        rows = [line.split("|") for line in text.splitlines() if re.match(r" +\| .* \| .* \| .* \|$", line)]
        granted = {row[2].strip() for row in rows if "---" not in row[2]} - {"to plan"}
        assert granted == {"the role of [plan.json](plan.json)", "the role of `plan.json`", "Storage Blob Data Reader"}
    granted = set(re.findall(r"--(?:role|policy-arn|role-name)[= ](\S+)", text)) - {'"$PLAN_ROLE"'}
    states = {"gcp": {'"projects/$PROJECT/roles/orders_plan"', "roles/storage.objectViewer"}}
    assert granted == states.get(cloud, set())
    assert "-lock=false" in "".join(
        path.read_text(encoding="utf-8") for path in project(cloud).root.glob(".github/actions/terraform/*")
    )


BACKENDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # Each has a lock: S3 by a file beside the state, the others by themselves.
    "aws": ("s3", "key", {"encrypt": True, "use_lockfile": True}),
    "gcp": ("gcs", "prefix", {}),
    "azure": ("azurerm", "key", {"use_azuread_auth": True}),
}


@each_answer
@each_cloud
def test_one_remote_state_for_each_environment(cloud: str, answered: str, project: Projects) -> None:
    kind, key, safe = BACKENDS[cloud]
    keys = []
    for folder in project(cloud, answered).environments:
        (settings,) = hcl.values(Configuration(folder).one("terraform"), "backend")
        assert list(settings[0]) == [kind]
        backend = settings[0][kind]
        assert backend.items() >= safe.items()
        assert folder.name in backend[key]
        keys.append(backend[key])
    assert len(set(keys)) == len(keys)


def test_the_shortest_name_has_a_place_for_its_states(tmp_path: Path) -> None:
    """A container of a storage account has three letters at least."""
    project = Project(rendering.copy(tmp_path / "qa", {"cloud": "azure", "service_name": "qa"}), "azure")
    for folder in project.environments:
        (settings,) = hcl.values(Configuration(folder).one("terraform"), "backend")
        assert settings[0]["azurerm"]["container_name"] == "qa-states"
    assert "with a container `qa-states`" in (project.code / "README.md").read_text(encoding="utf-8")


@each_answer
def test_the_subject_of_a_token_fits(answered: str, project: Projects) -> None:
    """Google refuses more than 127 characters, so the names of repositories have no place in it."""
    found = Configuration(project("gcp", answered).module).one("resource", "google_iam_workload_identity_pool_provider")
    (mapping,) = hcl.values(found, "attribute_mapping")
    (subject,) = mapping.values()
    assert re.fullmatch(r"assertion\.(repository|project)_id \+ ':' \+ assertion\.environment", subject)


@each_answer
@each_cloud
def test_everything_is_tagged(cloud: str, answered: str, project: Projects) -> None:
    found = project(cloud, answered)
    for folder in found.environments:
        root = Configuration(folder)
        provider, call = root.one("provider"), root.one("module")
        if cloud == "aws":
            (tags,) = hcl.values(provider, "default_tags.tags")
        elif cloud == "gcp":
            (tags,) = hcl.values(provider, "default_labels")
        else:  # a tag on each resource; the values come with the call
            module = Configuration(found.module)
            tags = module.locals["tags"]
            assert {"service", "environment", "owner", "cost_centre", "data_class", "standard_version"} <= set(call)
            kinds = terraform.schemas("azurerm")["resource_schemas"] if terraform.SCHEMAS else {}
            for block in module.of("resource"):
                if "tags" in kinds.get(block.labels[0], {}).get("block", {}).get("attributes", {}):
                    assert block.body.get("tags") == "${local.tags}", block
        assert {name.strip('"') for name in tags} == TAGS


each_guarantee = pytest.mark.parametrize("guarantee", GUARANTEES)


@each_guarantee
@each_cloud
def test_guarantees(cloud: str, guarantee: str, project: Projects) -> None:
    code = Configuration(project(cloud).module)
    missing = [each for each in GUARANTEES[guarantee][cloud] if not guaranteed(code, each)]
    assert missing == []


@each_guarantee
@each_cloud
def test_guarantees_can_fail(cloud: str, guarantee: str, project: Projects) -> None:
    """Without its argument, none of them holds."""
    for each in GUARANTEES[guarantee][cloud]:
        code = Configuration(project(cloud).module)
        blocks = copy.deepcopy(code.blocks)
        for block in blocks:
            if each[0] in (block.kind, *block.labels[:1]):
                remove(block.body, each[1].split("."))
        code.__dict__["blocks"] = blocks
        assert not guaranteed(code, each), each


def remove(body: Any, path: list[str]) -> None:
    for inner in body if isinstance(body, list) else [body]:
        if isinstance(inner, dict) and path[0] in inner:
            if len(path) == 1:
                del inner[path[0]]
            else:
                remove(inner[path[0]], path[1:])


# The clouds agree, and with the chart and the plan


@each_answer
@each_cloud
def test_outputs(cloud: str, answered: str, project: Projects) -> None:
    found = project(cloud, answered)
    for folder in found.folders:
        declared = Configuration(folder).of("output")
        assert {block.labels[0] for block in declared} == OUTPUTS, folder.name
        assert all(block.body["description"] for block in declared)
        if folder != found.module:
            assert all(block.body["value"] == f"${{module.service.{block.labels[0]}}}" for block in declared)
            assert not any(block.body.get("sensitive") for block in declared)


@each_cloud
def test_variables(cloud: str, project: Projects) -> None:
    module = Configuration(project(cloud).module)
    assert set(module.names("variable")) == VARIABLES | OWN_VARIABLES[cloud]
    (database,) = [block.body["type"] for block in module.of("variable", "database")]
    assert set(re.findall(r"(\w+)['\"]?\s*[:=]\s*", str(database))) == {
        "class", "storage_gib", "max_storage_gib", "max_connections", "multi_zone", "backup_days",
        "deletion_protection", "planned_connections",
    }  # fmt: skip


@each_cloud
def test_every_host_that_the_question_takes_is_a_hostname(cloud: str, project: Projects) -> None:
    (validation,) = Configuration(project(cloud).module).one("variable", "hostname")["validation"]
    pattern = re.search(r'regex\("(.+)", var', str(validation["condition"]))
    assert pattern
    hostname, address = pattern[1].replace("\\\\", "\\"), answers.RULES["api_url"][0]
    for host in ("orders.example.com", "pay.xn--p1ai", "a.b", "1.x-2y"):
        assert re.fullmatch(address, f"https://{host}")
        assert re.search(hostname, host)
    for wrong in ("orders", "a..b", "a.-b", "a.b-", "a.1", "https://a.b", "a.b:443", "a.b/c"):
        assert not re.search(hostname, wrong), wrong


def shape(value: Any) -> Any:
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


# Maps whose keys are the cloud's own.
FREE = {"annotations", "podLabels", "secretStore"}


def closed(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    return {key: None if key in FREE else closed(inner) for key, inner in value.items()}


@applied
@each_cloud
def test_outputs_are_alike_in_every_cloud(cloud: str, outputs: Callable[[str], dict[str, Any]]) -> None:
    mine, first = outputs(cloud), outputs(CLOUDS[0])
    assert set(mine) == OUTPUTS
    assert closed(mine["helm_values"]) == closed(first["helm_values"])
    assert list(mine["secret_store"]) == [{"aws": "aws", "gcp": "gcpsm", "azure": "azurekv"}[cloud]]
    assert all(isinstance(value, str) for value in mine["deployer"].values())
    for name in ("alarm_targets", "database_cidrs", "database_id", "database_port"):
        assert type(mine[name]) is type(first[name])
    values = mine["helm_values"]
    assert values["image"] == {"repository": mine["image_repository"]}
    assert values["database"] == {
        "host": mine["database_host"],
        "port": mine["database_port"],
        "name": mine["database_name"],
        "secret": mine["database_secret"],
        "sslMode": mine["database_ssl_mode"],
        "caCertificate": mine["database_ca_certificate"],
        "cidrs": mine["database_cidrs"],
    }
    assert values["serviceAccount"] == {"annotations": mine["service_account_annotations"]}
    assert values["podLabels"] == mine["pod_labels"]
    assert values["secretStore"] == mine["secret_store"]
    assert values["route"] == {"hostname": mine["hostname"]}


ALARMS = {
    "aws": """
resource "aws_cloudwatch_metric_alarm" "deadlocks" {
  alarm_name          = "orders-deadlocks"
  namespace           = "AWS/RDS"
  metric_name         = "Deadlocks"
  dimensions          = { DBInstanceIdentifier = module.service.database_id }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  alarm_actions       = module.service.alarm_targets
}
""",
    "gcp": """
resource "google_monitoring_alert_policy" "deadlocks" {
  display_name          = "orders-deadlocks"
  combiner              = "OR"
  notification_channels = module.service.alarm_targets

  conditions {
    display_name = "transactions that wait for each other"

    condition_threshold {
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      filter = join(" AND ", [
        "resource.type = \\"cloudsql_database\\"",
        "resource.labels.database_id = \\"${module.service.database_id}\\"",
        "metric.type = \\"cloudsql.googleapis.com/database/postgresql/deadlock_count\\"",
      ])
    }
  }
}
""",
    "azure": """
resource "azurerm_monitor_metric_alert" "deadlocks" {
  name                = "orders-deadlocks"
  resource_group_name = "orders-production"
  scopes              = [module.service.database_id]

  criteria {
    metric_namespace = "Microsoft.DBforPostgreSQL/flexibleServers"
    metric_name      = "deadlocks"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  dynamic "action" {
    for_each = module.service.alarm_targets

    content {
      action_group_id = action.value
    }
  }
}
""",
}


@each_cloud
def test_an_alarm_of_your_own(cloud: str, project: Projects, tmp_path: Path) -> None:
    """It goes beside the root module of an environment: whom to call and what to watch is there."""
    found = project(cloud)
    asked = set(re.findall(r"module\.service\.(\w+)", ALARMS[cloud]))
    assert asked == set(re.findall(r"module\.service\.(\w+)", (found.root / "AGENTS.md").read_text(encoding="utf-8")))
    folder = terraform.copy(found.code, tmp_path / cloud) / "environments" / "production"
    (folder / "alarms.tf").write_text(ALARMS[cloud].lstrip(), encoding="utf-8")
    terraform.terraform(folder, "fmt", "-check", "-diff")
    terraform.init(folder)
    assert terraform.validate(folder) == []


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """As Helm lays one file of values over another."""
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def chart_values(root: Path, infrastructure: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The chart's schema, and the values that the pipeline gives to it."""
    chart = next((root / "deploy" / "helm").iterdir())
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    production = yaml.safe_load((chart / "values-production.yaml").read_text(encoding="utf-8"))
    values = merged(merged(merged(values, production), infrastructure), {"image": {"digest": f"sha256:{'0' * 64}"}})
    return json.loads((chart / "values.schema.json").read_text(encoding="utf-8")), values


@applied
@each_cloud
def test_chart_takes_the_outputs(cloud: str, project: Projects, outputs: Callable[[str], dict[str, Any]]) -> None:
    root = project(cloud).root
    schema, values = chart_values(root, outputs(cloud)["helm_values"])
    jsonschema.validate(values, schema)
    renamed = copy.deepcopy(outputs(cloud)["helm_values"])
    renamed["database"]["hostname"] = renamed["database"].pop("host")
    _, values = chart_values(root, renamed)
    with pytest.raises(jsonschema.ValidationError, match="hostname"):
        jsonschema.validate(values, schema)


@each_answer
@each_cloud
def test_numbers_are_those_of_the_plan(cloud: str, answered: str, project: Projects) -> None:
    found = project(cloud, answered)
    planned = {each.name: each for each in found.plan().environments}
    assert {folder.name for folder in found.environments} == set(planned)
    for folder in found.environments:
        call = Configuration(folder).one("module")
        assert call["environment"] == folder.name
        assert call["service"] == found.answers["service_name"]
        assert call["data_class"] == found.answers["data_class"]
        assert call["hostname"] == planned[folder.name].host
        database = dict(call["database"])
        most = database.pop("planned_connections")
        sizes = planned[folder.name].database._asdict()
        assert database.pop("class") == sizes["class_name"]
        assert database == {name: sizes[name] for name in database}
        assert len(database) == 6
        # All pods of a release, and a migration; the reserve for people is not planned to be used.
        assert most == planned[folder.name].planned_connections
        assert most <= database["max_connections"] - RESERVED_CONNECTIONS
        assert found.answers["region"] in "\n".join(Configuration(folder).sources.values()) + (
            folder / "terraform.tfvars"
        ).read_text(encoding="utf-8")
    production = list(planned.values())[-1].database
    assert production.deletion_protection


@each_cloud
def test_plan_changes_the_numbers(cloud: str, tmp_path: Path, project: Projects) -> None:
    """More requests and rows: another class, more connections and storage, and nothing else."""
    heavy = Project(
        rendering.copy(tmp_path / "orders", {"cloud": cloud, "peak_rps": "4000", "rows_per_day": "5000000"}), cloud
    )
    before, after = (
        {
            path.relative_to(each.code): path.read_text(encoding="utf-8")
            for path in each.code.rglob("*.tf*")
            if path.is_file()
        }
        for each in (project(cloud), heavy)
    )
    shutil.rmtree(tmp_path)
    changed = [path for path in before if before[path] != after.get(path)]
    assert sorted(path.as_posix() for path in changed) == [
        "environments/production/main.tf", "environments/staging/main.tf",
    ]  # fmt: skip
    # Before production only the pool of a pod changes, and so how many connections are no alarm.
    staging = Path("environments/staging/main.tf")
    less = [re.sub(r"planned_connections = \d+", "", each[staging]) for each in (before, after)]
    assert less[0] == less[1]


@each_cloud
def test_platform_facts_are_complete(cloud: str, project: Projects) -> None:
    """Every variable of a root that has no default is given a value, and no other is."""
    for folder in project(cloud).environments:
        variables = Configuration(folder).of("variable")
        given = re.findall(r"(?m)^(\w+)\s*=", (folder / "terraform.tfvars").read_text(encoding="utf-8"))
        assert {block.labels[0] for block in variables if "default" not in block.body} <= set(given)
        assert set(given) <= {block.labels[0] for block in variables}


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "af-south-1"])
def test_certificate_authority_of_the_region(region: str, tmp_path: Path) -> None:
    require("openssl")
    root = rendering.copy(tmp_path / "orders", {"cloud": "aws", "region": region})
    file = root / "deploy/terraform/aws/modules/service/rds-ca.pem"
    said = run("openssl", "x509", "-in", file, "-noout", "-subject", "-checkend", str(10 * 365 * 86400)).stdout
    assert f"Amazon RDS {region} Root CA RSA2048 G1" in said


def test_plan_asks_for_the_certificate_authority_of_a_new_region(tmp_path: Path) -> None:
    project = Project(rendering.copy(tmp_path / "orders", {"cloud": "aws", "region": "il-central-1"}), "aws")
    assert (project.module / "rds-ca.pem").read_text(encoding="utf-8") == ""
    for folder in project.environments:
        (output,) = Configuration(folder).of("output", "database_ca_certificate")
        assert "truststore.pki.rds.amazonaws.com" in output.body["precondition"][0]["error_message"]


# The gates can fail


def broken(project: Project, destination: Path, file: str, old: str, new: str) -> Path:
    """A copy of the module with a defect, in its place beside the environments."""
    code = terraform.copy(project.code, destination / "terraform")
    path = code / "modules" / "service" / file
    text = path.read_text(encoding="utf-8")
    assert old in text, (file, old)
    path.write_text(text.replace(old, new, 1) if old else f"{text}\n{new}\n", encoding="utf-8")
    return code


DEFECTS: list[tuple[Rule, str, str, str]] = [
    (hcl.pinned_versions, "versions.tf", '"~> 6.47"', '">= 6.47"'),
    (hcl.pinned_versions, "versions.tf", '  required_version = "~> 1.11"\n', ""),
    (hcl.pinned_versions, "main.tf", "", 'module "vpc" {\n  source = "terraform-aws-modules/vpc/aws"\n}'),
    (hcl.pinned_versions, "main.tf", "", 'resource "random_id" "suffix" {\n  byte_length = 4\n}'),
    (hcl.layout, "main.tf", "", 'output "late" {\n  value = 1\n}'),
    (hcl.names, "main.tf", "", 'resource "aws_sns_topic" "Late-Topic" {\n}'),
    (hcl.variables, "variables.tf", "", 'variable "late" {\n  type = string\n}'),
    (
        hcl.variables,
        "variables.tf",
        "set(string)\n  default     = []\n  nullable    = false",
        "set(string)\n  default = []",
    ),
    (hcl.variables, "variables.tf", "set(string)", "any"),
    (
        hcl.variables,
        "variables.tf",
        "",
        'variable "password" {\n  description = "Secret."\n  type        = string\n  default     = "x"\n}',
    ),
    (hcl.unused, "variables.tf", "", 'variable "late" {\n  description = "Late."\n  type = string\n}'),
    (hcl.unused, "main.tf", "", "locals {\n  late = 1\n}"),
    (hcl.unused, "main.tf", "", 'data "aws_vpc" "late" {\n  id = "vpc-1"\n}'),
    (hcl.counts, "network.tf", "count = var.network.create ? 1 : 0", "count = length(local.cluster_zones)"),
    (hcl.no_providers, "main.tf", "", 'provider "aws" {\n  region = "eu-central-1"\n}'),
    (hcl.no_long_lived_credentials, "main.tf", "", 'resource "aws_iam_access_key" "late" {\n  user = "late"\n}'),
    (hcl.least_privilege, "identity.tf", '["kms:Decrypt"]', '["kms:*"]'),
    (hcl.least_privilege, "identity.tf", "[aws_kms_key.service.arn]", '["*"]'),
    (hcl.least_privilege, "deployer.tf", "StringEquals", "StringLike"),
    (hcl.least_privilege, "deployer.tf", "pipeline_issuer}:aud", "pipeline_issuer}:actor"),
    (
        hcl.closed_network,
        "main.tf",
        "",
        'resource "aws_security_group_rule" "late" {\n  cidr_blocks = ["0.0.0.0/0"]\n}',
    ),
    (hcl.suppressions, "main.tf", "", "# checkov:skip=CKV_AWS_157: no"),
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect[0].__name__)
def test_rules_can_fail(defect: tuple[Rule, str, str, str], project: Projects, tmp_path: Path) -> None:
    rule, *change = defect
    code = Configuration(broken(project("aws"), tmp_path, *change) / "modules" / "service")
    assert rule(code) != []


def test_validations_can_be_missed(project: Projects) -> None:
    code = Configuration(project("aws").module)
    code.sources["variables.tf"] = re.sub(r"(?ms)^  validation \{.*?^  \}\n", "", code.sources["variables.tf"])
    assert len(hcl.validations(code)) == len(hcl.CHECKED)


def test_format_can_fail(project: Projects, tmp_path: Path) -> None:
    code = broken(project("aws"), tmp_path, "main.tf", "", "locals {\n  late    = 1\n}")
    assert "main.tf" in terraform.terraform(code, "fmt", "-check", "-recursive", check=False)


@pytest.mark.parametrize(
    ("defect", "complaint"),
    [
        ('resource "aws_sns_topic" "late" {\n  nam = "late"\n}', "Unsupported argument"),
        ('resource "aws_sns_topik" "late" {\n}', "Invalid resource type"),
        ('resource "aws_sns_topic" "late" {\n  name = var.late\n}', "undeclared input variable"),
        ('resource "aws_kms_alias" "late" {\n  name = "alias/late"\n}', "Missing required argument"),
    ],
)
def test_validity_can_fail(defect: str, complaint: str, project: Projects, tmp_path: Path) -> None:
    module = broken(project("aws"), tmp_path, "main.tf", "", defect) / "modules" / "service"
    terraform.init(module)
    assert complaint in "\n".join(terraform.validate(module))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cloud", "old", "new"),
    [
        ("aws", "= var.database.deletion_protection", "= false"),
        ("gcp", '"ENCRYPTED_ONLY"', '"ALLOW_UNENCRYPTED_AND_ENCRYPTED"'),
        ("azure", '"on"', '"off"'),
    ],
)
def test_modules_own_tests_can_fail(cloud: str, old: str, new: str, project: Projects, tmp_path: Path) -> None:
    module = broken(project(cloud), tmp_path, "database.tf", old, new) / "modules" / "service"
    terraform.init(module)
    assert summary(list(terraform.test(module)))["status"] == "fail"


@pytest.mark.slow
def test_policies_can_fail(project: Projects, tmp_path: Path) -> None:
    code = broken(
        project("aws"), tmp_path, "database.tf", "storage_encrypted     = true", "storage_encrypted     = false"
    )
    assert "CKV_AWS_16" in {each["check_id"] for each in checkov(code / "modules")["results"]["failed_checks"]}
