"""The capacity model: what every plan has to hold, for any answers, and the refusal of those that cannot be met."""

import json
import re
from itertools import pairwise
from math import ceil
from typing import Any

import pytest
from copier.errors import UserMessageError
from hypothesis import assume, example, given
from hypothesis import strategies as st

from extensions import capacity
from extensions.answers import checks as answers
from extensions.answers import delivery
from extensions.answers.contradictions import CHECKS, contradictions, needs
from extensions.answers.given import questions
from extensions.capabilities.registry import clouds, releases
from extensions.capacity import serving
from extensions.capacity.database import CLASSES
from extensions.capacity.load import Growth, Load
from extensions.capacity.plan import Answers, Plan
from extensions.pipeline.reading import build_model, sample_domain

MODEL = build_model(sample_domain())
ANSWERS = {
    "service_name": "orders",
    "description": "Takes orders.",
    "organisation": "Acme",
    "owner_team": "Orders",
    "owner_email": "orders@example.com",
    "api_url": "https://orders.example",
    "repository_host": "github",
    "repository": "acme/orders",
    "folder": "",
    "cloud": "aws",
    "region": "eu-central-1",
    "environments": "staging, production",
    "release": "rolling",
    "availability": "99.9",
    "peak_rps": "100",
    "p99_ms": "300",
    "rows_per_day": "100000",
    "retention_days": "365",
    "rpo_minutes": "5",
    "rto_minutes": "60",
    "data_class": "confidential",
    "model": MODEL,
}
AVAILABILITIES = st.sampled_from(list(capacity.load.ERROR_BUDGETS))
RELEASES = st.sampled_from(["rolling", "canary", "blue-green"])


def whole(question: str) -> st.SearchStrategy[int]:
    least, greatest = delivery.NUMBERS[question]
    # Most of a uniform range is huge; most services are not.
    return st.one_of(st.integers(least, min(greatest, 10 * least + 1000)), st.integers(least, greatest))


LOADS = st.builds(Load, whole("peak_rps"), whole("p99_ms"), AVAILABILITIES, RELEASES)
GROWTHS = st.builds(Growth, whole("rows_per_day"), whole("retention_days"), st.integers(50, 5000))
OPERATIONS = st.fixed_dictionaries(
    {name: whole(name).map(str) for name in delivery.NUMBERS}
    | {
        "availability": AVAILABILITIES,
        "release": RELEASES,
        "data_class": st.sampled_from(list(capacity.storage.BACKUP_DAYS)),
    }
)


def planned(**changes: str) -> Plan:
    return answers.planned(ANSWERS | changes)


def refusals(**changes: str) -> dict[str, str]:
    """Answer → why it was refused."""
    with pytest.raises(UserMessageError) as refusal:
        planned(**changes)
    heading, *lines = refusal.value.message.splitlines()
    assert re.fullmatch(r"(1 answer|\d+ answers) cannot be used:", heading)
    return dict(line.removeprefix("  - ").split(": ", 1) for line in lines)


# Pods


@given(LOADS, st.integers(1, 1000))
def test_more_requests_never_mean_less(load: Load, more: int) -> None:
    larger = load._replace(peak_rps=load.peak_rps + more)
    before, after = capacity.pods.pods(load), capacity.pods.pods(larger)
    assert before.rps <= after.rps
    assert before.least <= after.least
    assert before.most <= after.most
    assert before.most * before.rps <= after.most * after.rps
    for size in (capacity.pools.pool_size, capacity.pods.pod_cpu_m, capacity.pods.pod_memory_mib):
        assert size(before.rps, load.p99_ms) <= size(after.rps, load.p99_ms)
    assert capacity.database.connections(load) <= capacity.database.connections(larger)
    assert capacity.pods.rate_limit_per_minute(load.peak_rps) <= capacity.pods.rate_limit_per_minute(larger.peak_rps)


@given(LOADS, GROWTHS, st.integers(1, 1000))
def test_more_requests_never_mean_a_smaller_database(load: Load, growth: Growth, more: int) -> None:
    before = capacity.database.database_class(load, growth)
    after = capacity.database.database_class(load._replace(peak_rps=load.peak_rps + more), growth)
    assert after is None or (before is not None and CLASSES.index(before) <= CLASSES.index(after))


@given(LOADS)
def test_the_peak_is_carried_when_a_zone_is_lost(load: Load) -> None:
    pods, zones = capacity.pods.pods(load), capacity.load.zones(load.availability)
    left = pods.most - (1 if zones == 1 else ceil(pods.most / zones))
    assert left * pods.rps >= load.peak_rps
    # The autoscaler has as many running at the peak as it takes, so that nobody waits for new ones.
    running = load.peak_rps * capacity.pods.REQUEST_CPU_MS / capacity.pods.pod_cpu_m(pods.rps, load.p99_ms)
    assert running / (capacity.pods.autoscaling_percent(load.availability) / 100) <= pods.most + 1


@given(LOADS)
def test_replicas_are_spread_and_have_room(load: Load) -> None:
    pods, zones = capacity.pods.pods(load), capacity.load.zones(load.availability)
    assert 2 <= zones * 1 + (zones == 1) <= pods.least <= pods.most
    assert pods.most >= 2 * capacity.pods.fewest_pods(load.availability)
    assert pods.least * capacity.pods.BURST >= pods.most
    assert (zones == 1) == (load.availability == "99.5")


@given(LOADS)
def test_a_pod_can_do_what_is_planned_for_it(load: Load) -> None:
    pods = capacity.pods.pods(load)
    share = capacity.pods.pod_cpu_m(pods.rps, load.p99_ms) / 1000
    used = pods.rps * capacity.pods.REQUEST_CPU_MS / 1000
    assert 1 <= pods.rps <= capacity.pods.largest_pod_rps(load.p99_ms)
    assert used <= capacity.pods.POD_UTILISATION * share + 1e-9
    # 99 of 100 requests are through the processor within their half of the objective.
    through_ms = capacity.load.P99_TO_MEAN * capacity.pods.REQUEST_CPU_MS / share / (1 - capacity.pods.POD_UTILISATION)
    assert through_ms <= load.p99_ms * (1 - capacity.pools.DATABASE_SHARE) + 1e-9
    busy = capacity.pools.busy_connections(pods.rps, load.p99_ms)
    assert capacity.pools.pool_size(pods.rps, load.p99_ms) >= busy + capacity.pools.POOL_DEVIATIONS * busy**0.5


# The database


@given(LOADS, GROWTHS, st.sampled_from(["aws", "gcp", "azure"]))
def test_connections_never_exceed_the_database(load: Load, growth: Growth, cloud: str) -> None:
    assume(capacity.database.database_class(load, growth) is not None)
    plan = capacity.plan.plan(Answers(load, growth, 10_000, cloud, "internal", ("test", "live"), "x.y"))
    for environment in plan.environments:
        most = environment.replicas.max
        pods = most + capacity.pods.surge(most, load.release)
        jobs = capacity.database.JOBS_AT_ONCE * (capacity.pools.JOB_POOL + 1)
        besides = capacity.database.MIGRATION_CONNECTIONS + jobs + capacity.database.RESERVED_CONNECTIONS
        wanted = pods * plan.pool_size + besides
        assert wanted <= environment.database.max_connections
        assert environment.database.storage_gib < environment.database.max_storage_gib
    assert plan.working.connections == wanted


def test_every_class_is_larger_than_the_one_before() -> None:
    for smaller, larger in pairwise((capacity.database.SMALL_CLASS, *CLASSES)):
        assert smaller.vcpus <= larger.vcpus
        assert smaller.memory_gib < larger.memory_gib
        assert smaller.max_connections <= larger.max_connections
        assert all(smaller.names[cloud] != larger.names[cloud] for cloud in smaller.names)
    for size in (capacity.database.SMALL_CLASS, *CLASSES):
        assert f"db-custom-{size.vcpus}-{1024 * size.memory_gib}" == size.names["gcp"]
        assert re.fullmatch(rf"(GP_Standard_D{size.vcpus}ds_v5|B_Standard_B2s)", size.names["azure"])


@given(GROWTHS, st.sampled_from(["aws", "gcp", "azure"]))
def test_storage_holds_what_is_kept(growth: Growth, cloud: str) -> None:
    stored = capacity.storage.stored_gib(*growth)
    assume(stored <= clouds()[cloud].largest_storage_gib)
    first, last = capacity.storage.storage_gib(growth, cloud)
    assert stored <= last <= clouds()[cloud].largest_storage_gib
    assert first < last
    assert {first.bit_count(), last.bit_count()} == {1}
    more = growth._replace(rows_per_day=growth.rows_per_day + 1)
    assert (first, last) <= capacity.storage.storage_gib(more, cloud)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("boolean", 1),
        ("numeric(10, 4)", 10),
        ("varchar(3)", 3),
        ("varchar(10000)", 201),
        ("uuid[]", 104),
        ("jsonb", 500),
    ],
)
def test_bytes_of_a_column(sql: str, expected: int) -> None:
    assert capacity.rows.column_bytes(sql) == expected


def test_a_key_has_an_index_of_all_its_columns() -> None:
    aggregate: dict[str, Any] = {"fields": {"number": "int", "code": "uuid"}}
    sizes = []
    for keys in ([], [["number", "code"]]):
        (table,) = build_model({"context": "a", "aggregates": {"Thing": aggregate | {"unique": keys}}})["aggregates"]
        sizes.append(capacity.rows.table_bytes(table))
    assert sizes[1] - sizes[0] == pytest.approx((16 + 4 + 16) / 0.7)


def test_bytes_of_a_row_are_the_mean_of_all_tables() -> None:
    tables = [table for aggregate in MODEL["aggregates"] for table in (aggregate, *aggregate["parts"])]
    sizes = [capacity.rows.table_bytes(table) for table in tables]
    assert len(sizes) == 3
    assert capacity.rows.row_bytes(MODEL) == ceil(sum(sizes) / 3)
    assert min(sizes) > capacity.rows.ROW_HEADER_BYTES + 16


# Time


@given(whole("p99_ms"))
def test_timeouts_lie_within_each_other(p99_ms: int) -> None:
    limits = capacity.timeouts.timeouts(p99_ms)
    order = ["client_ms", "gateway_ms", "service_ms", "command_ms", "statement_ms", "lock_ms"]
    assert all(getattr(limits, outer) > getattr(limits, inner) for outer, inner in pairwise(order))
    assert limits.acquire_ms + limits.command_ms <= limits.service_ms
    assert limits.statement_ms >= 2 * p99_ms
    end = serving.shutdown(limits.service_ms)
    assert end.drain_s * 1000 >= limits.service_ms
    assert end.grace_s == end.pre_stop_s + end.settle_s + end.drain_s + end.margin_s
    assert end.margin_s > serving.CANCELLING_S + serving.TELEMETRY_S + serving.DATABASE_S


@given(st.integers(capacity.pools.LEAST_POOL, capacity.pools.LARGEST_POOL))
def test_a_pod_works_at_more_requests_than_it_has_connections(pool: int) -> None:
    under_way = serving.requests_under_way(pool)
    assert 4 * pool < under_way < 10 * pool


@given(whole("peak_rps"), whole("p99_ms"))
def test_open_connections_fit_into_the_memory(peak_rps: int, p99_ms: int) -> None:
    planned = capacity.pods.pods(Load(peak_rps, p99_ms, "99.9", "rolling"))
    memory = capacity.pods.pod_memory_mib(planned.rps, p99_ms)
    connections = serving.open_connections(memory)
    assert connections >= 6000
    assert serving.IDLE_MIB + connections * serving.CONNECTION_KIB / 1024 <= memory


@pytest.mark.parametrize(("cloud", "in_front_s"), [("aws", 60), ("gcp", 600), ("azure", 3600)])
def test_idle_connections_outlast_what_is_in_front(cloud: str, in_front_s: int) -> None:
    """As AWS, Google and Envoy document them; a balancer sends no request on a connection that is being closed."""
    assert clouds()[cloud].keep_alive_s >= in_front_s + 15


@given(whole("peak_rps"))
@example(20)
def test_a_canary_is_judged_by_enough_requests(peak_rps: int) -> None:
    steps = releases()["canary"].steps
    assert steps is not None
    enough = capacity.steps.requests_seen(steps, peak_rps) >= steps.requests
    assert enough == (peak_rps >= capacity.steps.least_rps(steps))


# The plan


@given(OPERATIONS, st.sampled_from(["aws", "gcp", "azure"]))
def test_any_answers_are_planned_for_or_refused(operations: dict[str, str], cloud: str) -> None:
    given_answers = ANSWERS | operations | {"cloud": cloud, "region": delivery.default_region(cloud)}
    if refused := list(contradictions(given_answers)):
        assert all("; " in why for _, why in refused), "without a remedy"
        with pytest.raises(UserMessageError):
            answers.planned(given_answers)
        return
    plan = answers.planned(given_answers)
    assert json.loads(json.dumps(answers.capacity_plan(given_answers)))["pool_size"] == plan.pool_size
    last = plan.environments[-1]
    rpo, rto = int(operations["rpo_minutes"]), int(operations["rto_minutes"])
    # A standby has every commit and takes over in minutes; without one, the log and the backup have to do.
    standby = plan.database.multi_zone
    assert rpo >= (0 if standby else capacity.storage.BACKUP_RPO_MINUTES)
    assert rto >= (capacity.storage.FAILOVER_MINUTES if standby else plan.working.restore_minutes)
    assert rto <= plan.working.budget_minutes_year
    assert plan.database.backup_days >= plan.database.point_in_time_days >= 7
    assert 7 <= plan.database.backup_days <= 35
    assert plan.database.backup_days * 24 * 60 >= rpo
    assert last.production
    assert last.replicas == plan.replicas
    assert last.database == plan.database
    assert plan.database.class_name in [size.names[cloud] for size in CLASSES]
    assert last.database.deletion_protection
    assert [other.production for other in plan.environments[:-1]] == [False]


def test_environments_are_in_the_order_of_promotion() -> None:
    plan = planned(environments="qa,staging , live", api_url="https://api.example:8443")
    assert [each.name for each in plan.environments] == ["qa", "staging", "live"]
    assert [each.host for each in plan.environments] == ["qa.api.example", "staging.api.example", "api.example"]
    assert all(each.address == f"{each.host}:8443" for each in plan.environments)
    assert [each.production for each in planned(environments="live").environments] == [True]


# Refusals

AZURE = {"cloud": "azure", "region": "germanywestcentral"}


@pytest.mark.parametrize(
    ("changes", "question", "words"),
    [
        ({"availability": "99.5", "rpo_minutes": "0"}, "rpo_minutes", "answer 5 or more, or an availability from 99.9"),
        ({"availability": "99.5", "rto_minutes": "14"}, "rto_minutes", "20 or more, or an availability from 99.9"),
        (
            {"availability": "99.5", "rows_per_day": "10000000", "rto_minutes": "300"},
            "rto_minutes",
            "or more, or an availability from 99.9",
        ),
        ({"rto_minutes": "1"}, "rto_minutes", "answer 2 or more"),
        ({"rto_minutes": "526"}, "rto_minutes", "answer 525 or less, or an availability of 99.5"),
        (
            {"availability": "99.99", "rto_minutes": "53"},
            "rto_minutes",
            "answer 52 or less, or an availability of 99.95",
        ),
        ({"availability": "99.5", "rto_minutes": "2880"}, "rto_minutes", "answer 2628 or less"),
        ({"release": "canary", "peak_rps": "19"}, "release", "choose rolling or blue-green, or a peak_rps from 20"),
        ({"peak_rps": "40000", "p99_ms": "50"}, "peak_rps", "answer 32000 or less, or split the service"),
        ({"peak_rps": "20000", "p99_ms": "1000"}, "p99_ms", "answer 720 or less, or a lower peak_rps"),
        (
            {"peak_rps": "1000", "p99_ms": "10000", "release": "blue-green"},
            "p99_ms",
            "or less, or a rolling release, or a lower peak_rps",
        ),
        (
            {"rows_per_day": "1000000000", "retention_days": "3650"},
            "retention_days",
            "or less and archive what is older",
        ),
        ({"region": "us-west-1"}, "region", "choose another region, or 99.5"),
        ({"service_name": "login-desk", **AZURE}, "service_name", "choose another"),
        ({"service_name": "old-windows", **AZURE}, "service_name", "choose another"),
    ],
)
def test_contradictions_are_refused_with_a_remedy(changes: dict[str, str], question: str, words: str) -> None:
    said = refusals(**changes)
    assert list(said) == [question]
    assert words in said[question]


@pytest.mark.parametrize(
    ("cloud", "region", "name"),
    [
        ("gcp", "europe-west3", "postgres"),
        ("gcp", "europe-west3", "template1"),
        ("azure", "westeurope", "postgres"),
        ("azure", "westeurope", "azure-sys"),
    ],
)
def test_a_name_that_the_database_server_has_taken(cloud: str, region: str, name: str) -> None:
    said = refusals(cloud=cloud, region=region, service_name=name)
    assert list(said) == ["service_name"]
    assert "choose another" in said["service_name"]
    planned(service_name=name)


@pytest.mark.parametrize("environments", ["windows, live", "staging, pre-microsoft"])
def test_an_environment_that_azure_keeps_to_itself(environments: str) -> None:
    said = refusals(environments=environments, **AZURE)
    assert list(said) == ["environments"]
    assert "choose another" in said["environments"]
    planned(environments=environments)


@pytest.mark.parametrize("region", ["usgovvirginia", "usdodeast", "chinanorth3"])
def test_a_cloud_apart_from_azure(region: str) -> None:
    said = refusals(cloud="azure", region=region)
    assert list(said) == ["region"]
    assert "choose a region of public Azure" in said["region"]


def test_what_a_refusal_proposes_is_accepted() -> None:
    planned(service_name="desk-login", **AZURE)
    planned(service_name="login-desk")
    planned(release="canary", peak_rps="20")
    planned(peak_rps="32000", p99_ms="50")
    planned(peak_rps="20000", p99_ms="720")
    days = re.search(
        r"answer (\d+) or less", refusals(rows_per_day="1000000000", retention_days="3650")["retention_days"]
    )
    assert days is not None
    planned(rows_per_day="1000000000", retention_days=days[1])
    planned(availability="99.5", rpo_minutes="5", rto_minutes="60")


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("peak_rps", "0", "a whole number from 1 to 50000"),
        ("peak_rps", "many", "a whole number from 1 to 50000"),
        ("peak_rps", "1.5", "a whole number"),
        ("p99_ms", "49", "a whole number from 50 to 10000"),
        ("p99_ms", "٣٠٠", "a whole number"),
        ("rpo_minutes", "-1", "a whole number from 0 to 1440"),
        ("rto_minutes", "2881", "a whole number from 1 to 2880"),
        ("rows_per_day", "1e9", "a whole number"),
        ("retention_days", "", "a whole number from 1 to 36500"),
        ("region", "eu-central", "a region of aws, e.g. eu-central-1"),
        ("region", "europe-west3", "a region of aws"),
        ("region", "eu-central-1a", "a region of aws"),
        ("repository", "orders", "owner/name as GitHub spells it"),
        ("repository", "acme/sales/orders", "owner/name as GitHub spells it"),
        ("repository", "https://github.com/acme/orders", "owner/name"),
        ("repository", "-acme/orders", "owner/name"),
        ("repository", "acme/orders.git", "owner/name"),
        ("repository", "acme/..", "owner/name"),
        ("environments", "", "beginning with a letter"),
        ("environments", "staging, staging", "'staging' is named twice"),
        ("environments", "staging, verify, production", "'verify' is what the pipeline calls something"),
        ("environments", "template, production", "'template' is what the pipeline calls something"),
        ("environments", "staging, update", "'update' is what the pipeline calls something"),
        ("environments", "staging-plan, production", "'staging-plan' is what the pipeline calls something"),
        ("environments", "live-apply, live", "'live-apply' is what the pipeline calls something"),
        ("environments", "staging,, production", "beginning with a letter"),
        ("environments", "staging, on", "a word of YAML's own"),
        ("service_name", "null", "a word of YAML's own"),
        ("api_url", "http://orders.example", "an https address"),
        ("api_url", "https://orders", "with a full domain name"),
        ("api_url", "https://10.0.0.1", "with a full domain name"),
        ("api_url", "https://orders..example", "with a full domain name"),
        ("api_url", "https://orders.example/v1", "without a path"),
        ("api_url", "https://orders.example:0", "an https address"),
        ("api_url", "https://orders.example:65536", "an https address"),
        ("api_url", f"https://{'orders.' * 33}example", "an https address"),
        ("environments", "Production", "lower-case letters"),
        ("environments", "development, production", "choose another"),
        ("environments", "a, b, c, d, e, f", "name 1 to 5"),
        ("environments", "a-very-long-name-of-it", "1 to 20"),
    ],
)
def test_single_answers_are_refused(question: str, answer: str, words: str) -> None:
    said = refusals(**{question: answer})
    assert list(said) == [question]
    assert words in said[question]


@pytest.mark.parametrize(
    ("cloud", "region"),
    [
        *(("aws", each) for each in ("us-east-1", "ap-southeast-4", "us-gov-west-1", "il-central-1", "cn-northwest-1")),
        *(("gcp", each) for each in ("europe-west12", "northamerica-northeast1", "me-central2", "us-central1")),
        *(("azure", each) for each in ("westeurope", "eastus2", "uksouth", "swedencentral", "southeastasia")),
    ],
)
def test_regions(cloud: str, region: str) -> None:
    planned(cloud=cloud, region=region)
    for other in {"aws", "gcp", "azure"} - {cloud}:
        assert list(refusals(cloud=other, region=region)) == ["region"]


@pytest.mark.parametrize("path", ["acme/orders", "acme/sales/eu/orders", "a_b/c.d-e"])
def test_a_repository_on_gitlab_may_lie_in_subgroups(path: str) -> None:
    planned(repository_host="gitlab", repository=path)


@pytest.mark.parametrize("path", ["orders", "acme//orders", "/acme/orders", "acme/orders.git", "acme/-orders"])
def test_a_path_that_gitlab_does_not_know(path: str) -> None:
    assert list(refusals(repository_host="gitlab", repository=path)) == ["repository"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = refusals(
        service_name="Bad Name", cloud="gcp", availability="99.5", rpo_minutes="0", rto_minutes="9", p99_ms="many",
        release="canary", peak_rps="5", environments="a, a", repository="x",
    )  # fmt: skip
    assert list(said) == [
        "service_name", "repository", "region", "environments", "p99_ms", "release", "rpo_minutes", "rto_minutes",
    ]  # fmt: skip


CONF = {"defaults": False, "data": {}}


def error(question: str, answer: str, conf: Any = CONF, **others: Any) -> str:
    """What the prompt says; `others` are in its context, answered before it or recorded by an earlier update."""
    return answers.answer_error({question: answer, "_copier_conf": conf, **others}, question)


def test_a_prompt_sees_the_answers_before_it() -> None:
    assert error("peak_rps", "x") == "'x' is not a whole number from 1 to 50000"
    assert "choose rolling" in error("peak_rps", "5", release="canary")
    assert not error("peak_rps", "5", release="rolling")
    assert "from 99.9" in error("rpo_minutes", "0", availability="99.5")
    assert "15 minutes" in error(
        "rto_minutes", "9", availability="99.5", rows_per_day="0", retention_days="1", model=MODEL
    )
    assert "archive" in error("retention_days", "3650", rows_per_day="1000000000", cloud="aws", model=MODEL)
    assert "microsoft" in error("environments", "pre-microsoft", service_name="orders", cloud="azure")


def test_a_prompt_does_not_see_the_recorded_answers_behind_it() -> None:
    assert not error("peak_rps", "20000", p99_ms="10000", availability="99.9", release="rolling")
    assert not error("region", "us-west-1", cloud="aws", availability="99.9")


def test_a_prompt_says_nothing_of_other_answers() -> None:
    """They were refused at their own prompts, or came from elsewhere and are left to the plan."""
    assert not error("rows_per_day", "1", peak_rps="5", release="canary")
    assert not error("p99_ms", "10000", peak_rps="many", availability="99.9", release="rolling")


@pytest.mark.parametrize("conf", [{"defaults": True, "data": {}}, {"defaults": False, "data": {"peak_rps": "x"}}])
def test_answers_from_elsewhere_are_left_to_the_plan(conf: dict[str, Any]) -> None:
    assert not error("peak_rps", "x", conf)


def test_checks_need_what_is_asked() -> None:
    """A check with another name among its parameters would never be made at a prompt."""
    for question, check in CHECKS:
        assert {question, *needs(check)} <= {*questions(), "model"}
        assert question in needs(check)


def test_every_answer_that_may_be_wrong_is_judged_at_its_prompt() -> None:
    for question, asked in questions().items():
        judged = question in answers.JUDGED
        assert judged == ("choices" not in asked and question != "domain")
        if judged:
            assert asked["validator"] == f"{{{{ answer_error('{question}') }}}}"
    assert set(answers.JUDGED) <= set(questions())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme", "acme"),
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ('O\'Reilly "and" Sons', "oreilly-and-sons"),
        ("株式会社", "organisation"),
        ("x" * 50, "x" * 39),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert delivery.slug(text) == expected


@given(st.text(max_size=100))
def test_a_slug_is_an_owner_on_github(text: str) -> None:
    planned(repository=f"{delivery.slug(text)}/orders")
