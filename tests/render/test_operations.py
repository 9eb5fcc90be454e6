"""Answers move numbers: what follows from the operations answers is the same in every artefact."""

import ast
import re
from math import ceil, log, sqrt
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError
from harness import rendering

CLOUDS = {
    "aws": ["db.m7g.large", "db.m7g.xlarge", "db.m7g.2xlarge"],
    "gcp": ["db-custom-2-8192", "db-custom-4-16384", "db-custom-8-32768"],
    "azure": ["GP_Standard_D2ds_v5", "GP_Standard_D4ds_v5", "GP_Standard_D8ds_v5"],
}


def numbers(tree: Path) -> dict[str, Any]:
    """The same numbers from every file that has them; fails where two files differ."""
    chart = next((tree / "deploy/helm").iterdir())
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((tree / "compose.yaml").read_text(encoding="utf-8"))["services"]
    [terraform] = tree.glob("deploy/terraform/*/environments/production/main.tf")
    database = dict(re.findall(r"^ +(\w+) *= *\"?([\w.-]+)\"?$", terraform.read_text(encoding="utf-8"), re.MULTILINE))
    source = next(tree.glob("src/*/settings.py"))
    defaults = settings(source)
    page = (tree / "docs/settings.md").read_text(encoding="utf-8")
    document = capacity(tree / "docs/capacity.md")

    for name, default in defaults.items():
        assert values["settings"][name.upper()] == default
        assert f"| `{name.upper()}` | `{default}` |" in page
    [objective] = re.findall(r"^LATENCY_OBJECTIVE_S = (.+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
    assert float(objective) == values["objectives"]["latencySeconds"]
    assert compose["service"]["mem_limit"] == f"{document['memory of a pod'].removesuffix(' MiB')}m"
    assert values["resources"]["requests"]["memory"] == document["memory of a pod"].removesuffix("B").replace(" ", "")
    assert millicores(values["resources"]["requests"]["cpu"]) == int(document["processor of a pod"].removesuffix(" m"))
    assert values["autoscaling"]["minReplicas"] == int(document["fewest pods"])
    assert values["autoscaling"]["maxReplicas"] == int(document["most pods"])
    assert f"{values['autoscaling']['cpuPercent']} %" == document["the autoscaler aims at"]
    assert defaults["database_pool_size"] == int(document["pool of a pod"])
    assert f"--max_connections={document['allowed by the database']}" in compose["postgres"]["command"]
    assert database["max_connections"] == document["allowed by the database"]
    assert document["class"].startswith(f"`{database['class']}`: ")
    assert database["storage_gib"] == document["storage at first"].removesuffix(" GiB")
    assert database["max_storage_gib"] == document["storage at most"].removesuffix(" GiB")
    assert database["backup_days"] == document["backups kept"].removesuffix(" days")
    return {
        "least": values["autoscaling"]["minReplicas"],
        "most": values["autoscaling"]["maxReplicas"],
        "pool": defaults["database_pool_size"],
        "cpu_m": millicores(values["resources"]["requests"]["cpu"]),
        "class": database["class"],
        "allowed": int(database["max_connections"]),
        "connections": int(document["all at most"]),
        "storage": int(database["storage_gib"]),
        "backup_days": int(database["backup_days"]),
        "multi_zone": database["multi_zone"] == "true",
    }


def millicores(quantity: str | int) -> int:
    """A quantity of Kubernetes: `250m`, or whole processors."""
    text = str(quantity)
    return int(text.removesuffix("m")) if text.endswith("m") else 1000 * int(text)


def settings(path: Path) -> dict[str, Any]:
    """Defaults of the settings that come from the plan."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call) and node.value.args:
            name = ast.unparse(node.target)
            if name.startswith(("database_", "drain_", "rate_")) and "idle" not in name:
                found[name] = ast.literal_eval(node.value.args[0])
    found = {name: value for name, value in found.items() if isinstance(value, int | float)}
    assert len(found) == 9
    return found


def capacity(path: Path) -> dict[str, str]:
    """The document's tables: what → result."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(rows)


def expected(peak: int, p99_ms: int = 300) -> dict[str, int]:
    """The same arithmetic once more, for three zones, a rolling release and no more than 99.95 %."""
    rps = min(300, ceil(peak / 2))
    held_s = p99_ms / log(100) / 2 / 1000
    pool = ceil(rps * held_s + 3 * sqrt(rps * held_s) + 1)
    most = max(6, ceil(ceil(peak / rps) * 3 / 2))
    return {
        "least": max(3, ceil(most / 3)),
        "most": most,
        "pool": pool,
        "cpu_m": max(250, ceil(rps * 2 / 0.6 / 50) * 50),
        "connections": (most + ceil(most / 4)) * pool + 28,
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_twice_the_peak_changes_everything_that_depends_on_it(cloud: str, tmp_path: Path) -> None:
    made = {
        peak: numbers(rendering.copy(tmp_path / str(peak), {"cloud": cloud, "peak_rps": peak}))
        for peak in (500, 1000, 2000, 4000)
    }
    for peak, found in made.items():
        assert {name: found[name] for name in expected(peak)} == expected(peak)
        assert found["connections"] <= found["allowed"]
    assert [made[peak]["class"] for peak in (1000, 2000, 4000)] == CLOUDS[cloud]
    assert made[500]["pool"] < made[1000]["pool"]
    assert made[500]["cpu_m"] < made[1000]["cpu_m"]
    assert made[1000]["most"] < made[2000]["most"] < made[4000]["most"]
    assert made[2000]["least"] < made[4000]["least"]


def test_rows_and_their_class_change_storage_and_backups(tmp_path: Path) -> None:
    few = numbers(rendering.copy(tmp_path / "few", {"rows_per_day": 1000, "data_class": "public"}))
    many = numbers(rendering.copy(tmp_path / "many", {"rows_per_day": 10_000_000, "data_class": "restricted"}))
    assert (few["storage"], few["backup_days"]) == (32, 7)
    assert many["storage"] > few["storage"]
    assert many["backup_days"] == 35
    assert many["class"] != few["class"], "more rows of a week need more memory"


def test_availability_decides_on_zones(tmp_path: Path) -> None:
    low = numbers(rendering.copy(tmp_path / "low", {"availability": "99.5"}))
    high = numbers(rendering.copy(tmp_path / "high", {"availability": "99.99"}))
    assert (low["multi_zone"], low["least"]) == (False, 2)
    assert (high["multi_zone"], high["least"]) == (True, 6)


def test_the_arithmetic_in_the_document_is_right(tree: Path) -> None:
    """Products and sums of plain numbers, as the document shows them, give what it says."""
    document = (tree / "docs/capacity.md").read_text(encoding="utf-8")
    [(pods, surge, pool, jobs, each, total)] = re.findall(
        r"^\| all at most \| \((\d+) \+ (\d+)\) · (\d+), 2 of a migration, "
        r"(\d+) · (\d+) of jobs that run at once, 20 in reserve \| (\d+) \|$",
        document,
        re.MULTILINE,
    )
    assert (int(pods) + int(surge)) * int(pool) + int(jobs) * int(each) + 22 == int(total)
    [(rows, days, size, stored)] = re.findall(
        r"\| (\d+) · (\d+) · (\d+) bytes, 30 % of the space free \| ([\d.]+) GiB \|", document
    )
    assert float(stored) == pytest.approx(int(rows) * int(days) * int(size) / 0.7 / 2**30, abs=0.1)
    [(busy, root, again)] = re.findall(
        r"\| pool of a pod \| ([\d.]+) \+ 3 · √([\d.]+) \+ 1; 4 to 40 \| (\d+) \|", document
    )
    assert busy == root
    assert int(again) == min(40, max(4, ceil(float(busy) + 3 * sqrt(float(busy)) + 1)))
    limits = re.findall(r"(?:client|gateway|service|transaction|statement|lock) (\d+)", document.split("## Time")[1])[
        :6
    ]
    assert sorted(map(int, limits), reverse=True) == [int(limit) for limit in limits]


@pytest.mark.parametrize(
    ("host", "pipeline"), [("github", ".github/workflows/deploy.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_the_pipeline_asks_where_clients_do(host: str, pipeline: str, tmp_path: Path) -> None:
    """On the port of the API's address, if it names one."""
    for port in ("", ":8443"):
        data = {"repository_host": host, "api_url": f"https://orders.example.com{port}", "environments": "live"}
        text = (rendering.copy(tmp_path / f"made{port[1:]}", data) / pipeline).read_text(encoding="utf-8")
        found = re.findall(r"https://(?:\$HOST|\$\{\{ \S+hostname \}\}|orders\.example\.com)(\S*)", text)
        assert {each.removesuffix('/openapi.json"') for each in found} == {port}


@pytest.mark.parametrize("peak", [1, 100, 20_000])
def test_the_peak_that_the_document_proposes_is_accepted(peak: int, tmp_path: Path) -> None:
    tree = rendering.copy(tmp_path / "before", {"peak_rps": peak, "availability": "99.99"})
    document = (tree / "docs/capacity.md").read_text(encoding="utf-8")
    [proposed] = re.findall(r'ANSWERS="peak_rps=(\d+)"', document)
    assert int(proposed) != peak
    rendering.copy(tmp_path / "after", {"peak_rps": proposed, "availability": "99.99"})
    assert not re.search(r"\| 0(\.0*)? \|$", document, re.MULTILINE), "a need was rounded away"


def test_documents_promise_no_older_second_than_the_log_holds(tmp_path: Path) -> None:
    """Cloud SQL keeps its log for a week, whatever the class of the data asks for."""
    for cloud, days in (("aws", 30), ("gcp", 7), ("azure", 30)):
        tree = rendering.copy(tmp_path / cloud, {"cloud": cloud})
        capacity, deployment = (
            (tree / "docs" / name).read_text(encoding="utf-8") for name in ("capacity.md", "deployment.md")
        )
        assert f"any moment of the last {days} days" in deployment
        assert ("within 7 days" in capacity) == (cloud == "gcp")


def test_contradictions_write_nothing(tmp_path: Path) -> None:
    answers = {"availability": "99.5", "rpo_minutes": 0, "release": "canary", "peak_rps": 5, "region": "mars-north-1"}
    with pytest.raises(UserMessageError) as refusal:
        rendering.copy(tmp_path / "made", answers)
    heading, *lines = refusal.value.message.splitlines()
    assert heading == "3 answers cannot be used:"
    assert [line.split(":")[0].strip(" -") for line in lines] == ["region", "release", "rpo_minutes"]
    assert not (tmp_path / "made").exists()
