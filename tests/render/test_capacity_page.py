"""Every figure of docs/capacity.md is what some file of the service does, or follows from such figures.

Who adds a row or a sentence with a number says here where that number is put into force.
"""

import ast
import re
from collections.abc import Callable, Mapping
from math import ceil, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from harness import rendering

from extensions.capacity.rows import row_bytes
from extensions.pipeline.reading import build_model, sample_domain

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "aws": {"cloud": "aws"},
    "gcp": {"cloud": "gcp", "peak_rps": 3000, "p99_ms": 800, "release": "canary", "data_class": "restricted"},
    "azure": {"cloud": "azure", "peak_rps": 7, "availability": "99.5", "rto_minutes": 240, "p99_ms": 50},
}
BASE_MEMORY_MIB = 192
IDLE_MIB = 128


class Statement(NamedTuple):
    """A statement's limit: so many times the objective, within bounds."""

    times: int
    least_s: int
    most_s: int


STATEMENT = Statement(10, 2, 30)


class Service(NamedTuple):
    """What the files of a rendered service have in force."""

    asked: Mapping[str, str]
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    pod: str
    database: Mapping[str, str]
    constants: Mapping[str, float]
    page: str

    def figure(self, row: str) -> float:
        """The number in the last column of a row of the page."""
        found = re.search(rf"^\| {re.escape(row)}[^|]*\|(?:.*\|)? ([^|]+) \|$", self.page, re.MULTILINE)
        assert found, row
        return number(found[1])


def number(text: str) -> float:
    """The last number of a cell: `97.5 ms`, or `db.m7g.large`: 2 vCPU, 8 GiB."""
    return float(re.findall(r"\d+(?:\.\d+)?", text)[-1])


def read(tree: Path) -> Service:
    [package] = (path.parent for path in tree.glob("src/*/settings.py"))
    chart = next((tree / "deploy/helm").iterdir())
    [terraform] = tree.glob("deploy/terraform/*/environments/production/main.tf")
    constants = {}
    for path in (package / "platform").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for name, value in re.findall(r"^([A-Z_]+_S|CONNECTIONS) = ([\d.]+)$", text, re.MULTILINE):
            constants[f"{path.stem}.{name}"] = float(value)
    defaults = {
        ast.unparse(node.target): node.value.args[0]
        for node in ast.walk(ast.parse((package / "settings.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call) and node.value.args
    }
    settings = {
        name: node.value
        for name, node in defaults.items()
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    }
    return Service(
        yaml.safe_load((tree / ".copier-answers.yml").read_text(encoding="utf-8")),
        settings,
        yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")),
        (chart / "templates/_pod.tpl").read_text(encoding="utf-8"),
        dict(re.findall(r"^ +(\w+) *= *\"?([\w.-]+)\"?$", terraform.read_text(encoding="utf-8"), re.MULTILINE)),
        constants,
        (tree / "docs/capacity.md").read_text(encoding="utf-8"),
    )


@pytest.fixture(scope="module", params=ANSWERS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Service:
    return read(rendering.copy(tmp_path_factory.mktemp("service") / "made", dict(ANSWERS[request.param])))


def millicores(quantity: str | int) -> int:
    text = str(quantity)
    return int(text.removesuffix("m")) if text.endswith("m") else 1000 * int(text)


def asked(name: str) -> Callable[[Service], float]:
    return lambda service: float(service.asked[name])


def gib(service: Service, days: float) -> float:
    """What the rows of so many days take."""
    return float(service.asked["rows_per_day"]) * days * service.figure("a row") / 2**30


def surge(service: Service) -> int:
    most: int = service.values["autoscaling"]["maxReplicas"]
    share = service.values["rolling"]["maxSurge"] if "rolling" in service.values else "100%"
    return ceil(most * int(share.removesuffix("%")) / 100)


def zones(service: Service) -> int:
    """Spread over zones is what the database's standby and the pods' topology have in common."""
    return 3 if service.database["multi_zone"] == "true" else 1


def planned_rps(service: Service) -> float:
    """The peak on those that are left of the fewest pods, at most what 60 % of a pod's processor can take."""
    [(most, peak, left)] = re.findall(r"min\((\d+), (\d+) / (\d+)\)", service.page)
    assert float(peak) == float(service.asked["peak_rps"])
    assert float(most) <= 1000 * 0.6 / 2
    return min(float(most), ceil(float(peak) / float(left)))


# Beginning of a row's first cell → its figure, from the files that put it into force or, where it is a step of the
# arithmetic, from those around it.
ROWS: Mapping[str, Callable[[Service], float]] = {
    "requests at the busiest time": asked("peak_rps"),
    "99 of 100 requests answered within": lambda it: 1000 * it.values["objectives"]["latencySeconds"],
    "availability": lambda it: 100 * (1 - it.values["objectives"]["errorBudget"]),
    "rows written": asked("rows_per_day"),
    "rows kept": asked("retention_days"),
    "data that a disaster may cost": asked("rpo_minutes"),
    "until the service is back": asked("rto_minutes"),
    "zones": zones,
    "planned load of a pod": planned_rps,
    "pods that the peak needs": lambda it: ceil(float(it.asked["peak_rps"]) / it.figure("planned load of a pod")),
    "most pods": lambda it: it.values["autoscaling"]["maxReplicas"],
    "fewest pods": lambda it: it.values["autoscaling"]["minReplicas"],
    "pods more during a release": surge,
    "processor of a pod": lambda it: millicores(it.values["resources"]["requests"]["cpu"]),
    "memory of a pod": lambda it: number(it.values["resources"]["limits"]["memory"]),
    "largest body": lambda it: it.settings["max_body_bytes"] / 1_000_000,
    "the autoscaler aims at": lambda it: it.values["autoscaling"]["cpuPercent"],
    "requests under way in a pod": lambda it: it.settings["max_requests_under_way"],
    "open connections of clients": lambda it: it.settings["max_connections"],
    "a connection may be idle for": lambda it: it.settings["keep_alive_s"],
    "requests of one caller to one pod": lambda it: it.settings["rate_limit_per_minute"],
    "in use in a pod": lambda it: it.figure("planned load of a pod") * held_s(it),
    "pool of a pod": lambda it: it.settings["database_pool_size"],
    "all at most": lambda it: (
        (it.figure("most pods") + it.figure("pods more during a release")) * it.figure("pool of a pod")
        + 22  # of a migration, and in reserve
        + 2 * (it.constants["jobs.CONNECTIONS"] + 1)  # of two jobs, each with its lock
    ),
    "allowed by the database": lambda it: number(it.database["max_connections"]),
    "processors needed": lambda it: float(it.asked["peak_rps"]) / 1000 / 0.5,
    "rows of a week": lambda it: gib(it, min(7, float(it.asked["retention_days"]))),
    "class": lambda it: it.figure("allowed by the database") / 50,
    "a row": lambda _: row_bytes(build_model(sample_domain())),  # tests/unit/test_capacity.py adds its columns up
    "stored after": lambda it: gib(it, float(it.asked["retention_days"])) / 0.7,
    "storage at first": lambda it: number(it.database["storage_gib"]),
    "storage at most": lambda it: number(it.database["max_storage_gib"]),
    "backups kept": lambda it: number(it.database["backup_days"]),
}


def held_s(service: Service) -> float:
    """How long a request has a connection: half of the mean response time, which is the objective through 4.6."""
    return float(service.values["objectives"]["latencySeconds"]) / 4.605 / 2


def test_every_row_is_in_force(service: Service) -> None:
    tables = service.page.split("## Environments")[0]
    rows = re.findall(r"^\| ([^|]+) \|(?:.*\|)? ([^|]+) \|$", tables, re.MULTILINE)
    figures = [(name, value) for name, value in rows if name not in {"what", "asked"} and re.search(r"\d", value)]
    known = {name: next((key for key in ROWS if name.startswith(key)), None) for name, _ in figures}
    assert None not in known.values(), known
    assert set(known.values()) == set(ROWS)
    wrong = {
        name: (value, expected)
        for name, value in figures
        if (expected := ROWS[str(known[name])](service)) != pytest.approx(number(value), rel=0.02, abs=0.06)
    }
    assert not wrong


def test_the_pool_and_the_memory_follow_from_the_load(service: Service) -> None:
    busy = service.figure("in use in a pod")
    assert service.figure("pool of a pod") == min(40, max(4, ceil(busy + 3 * sqrt(busy) + 1)))
    memory = service.figure("memory of a pod")
    assert memory % 64 == 0
    assert memory >= BASE_MEMORY_MIB + service.figure("pool of a pod") + 2 * busy
    body = service.figure("largest body") * 1_000_000
    under_way = service.figure("requests under way in a pod")
    assert body <= max(2**20, (memory - IDLE_MIB) * 2**20 / under_way / 2) * 1.06


# The sentences: a pattern whose groups are numbers, and what is in force, in the same order.
SENTENCES: Mapping[str, Callable[[Service], list[float]]] = {
    r"client (\d+) > gateway (\d+) > service (\d+) > transaction (\d+) > statement (\d+) > lock (\d+) ms": lambda it: [
        number(it.values["route"]["timeout"]) + 1000,  # nobody sets it for a client, who has to wait longer than others
        number(it.values["route"]["timeout"]),
        1000 * it.settings["request_timeout_s"],
        1000 * it.settings["database_command_timeout_s"],
        it.settings["database_statement_timeout_ms"],
        it.settings["database_lock_timeout_ms"],
    ],
    r"A request waits up to (\d+) ms for a connection": lambda it: [1000 * it.settings["database_acquire_timeout_s"]],
    r"A head and a body have (\d+) s each": lambda it: [it.settings["receive_timeout_s"]],
    r"A pod that ends waits (\d+) s until": lambda it: [it.values["shutdown"]["preStopSeconds"]],
    r"answers those that come during (\d+) s more": lambda it: [it.settings["drain_settle_s"]],
    r"finishes what is under way in up to (\d+) s": lambda it: [it.settings["drain_timeout_s"]],
    r"closes everything in up to (\d+) s": lambda it: [it.values["shutdown"]["marginSeconds"]],
    r"killed after (\d+) s": lambda it: [
        it.values["shutdown"]["preStopSeconds"]
        + it.settings["drain_settle_s"]
        + it.settings["drain_timeout_s"]
        + it.values["shutdown"]["marginSeconds"]
    ],
    r"`/livez` fails for (\d+) s when the event loop has stood still for (\d+) s": lambda it: [
        it.constants["about.REPORTED_S"],
        it.constants["about.STANDSTILL_S"],
    ],
    r"the probe's own time-out of\s(\d+) s has failed": lambda it: [probe(it, "liveness", "timeoutSeconds")],
    r"statement may take (ten) times the objective, from (\d+) to (\d+) s": lambda _: [
        STATEMENT.times,
        STATEMENT.least_s,
        STATEMENT.most_s,
    ],
    r"and (three) failures in a row restart the pod": lambda it: [probe(it, "liveness", "failureThreshold", default=3)],
}
WORDS = {"three": 3, "ten": 10}


def probe(service: Service, kind: str, name: str, default: float | None = None) -> float:
    """A number of a probe, which is Kubernetes' own where the chart says nothing."""
    [text] = re.findall(rf"^ +{kind}Probe:\n((?: {{8}}.+\n)+)", service.pod, re.MULTILINE)
    found = re.search(rf"{name}: (\d+)", text)
    if found is None:
        assert default is not None, text
        return default
    return float(found[1])


def test_every_sentence_about_time_is_in_force(service: Service) -> None:
    text = service.page.split("## Time")[1].split("## Database")[0]
    for pattern, expected in SENTENCES.items():
        found = re.search(pattern, text)
        assert found, pattern
        assert [float(WORDS.get(each, each)) for each in found.groups()] == expected(service), pattern
        text = text.replace(found[0], "")
    assert not re.findall(r"\d+", re.sub(r"\b50[34]\b", "", text)), text


def test_the_chart_sets_what_the_service_has_by_default(service: Service) -> None:
    given = {name.lower(): value for name, value in service.values["settings"].items() if name != "PORT"}
    numbers = {name for name, value in given.items() if isinstance(value, int | float)}
    assert {name: given[name] for name in numbers} == {name: service.settings[name] for name in numbers}
    assert len(numbers) >= 12


def test_limits_lie_within_each_other(service: Service) -> None:
    """Who is inside gives up first, and the statement's limit follows from the objective."""
    settings, objective_ms = service.settings, 1000 * service.values["objectives"]["latencySeconds"]
    statement = settings["database_statement_timeout_ms"]
    times, least_s, most_s = STATEMENT
    assert statement == min(1000 * most_s, max(1000 * least_s, ceil(times * objective_ms / 500) * 500))
    assert settings["database_lock_timeout_ms"] < statement < 1000 * settings["database_command_timeout_s"]
    within = settings["database_acquire_timeout_s"] + settings["database_command_timeout_s"]
    assert within <= settings["request_timeout_s"] < number(service.values["route"]["timeout"]) / 1000
    assert settings["drain_timeout_s"] >= settings["request_timeout_s"]
    assert "terminationGracePeriodSeconds: {{ add .preStopSeconds $drain .marginSeconds }}" in service.pod
