"""Services in folders of one repository: what the host reads at the root is theirs, complete, and never mixed up."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import github, monorepos, rendering
from harness.monorepos import FOLDERS, root_files, tracked
from harness.paths import ROOT
from harness.repository import commit_all, git

HOSTS = ("github", "gitlab")
ORDERS = FOLDERS["orders"]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Host → a repository with two services; nobody writes into it."""
    return {host: monorepos.made(tmp_path_factory.mktemp(host) / "shop", host) for host in HOSTS}


@pytest.fixture
def shop(shops: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(shops["github"], tmp_path / "shop")


@pytest.fixture(params=HOSTS)
def anywhere(request: pytest.FixtureRequest, shops: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(shops[request.param], tmp_path / "shop")


def words(value: Any, key: str) -> Iterator[Any]:
    """Each value of the key, however deep."""
    if isinstance(value, dict):
        yield from (each for name, each in value.items() if name == key)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from words(each, key)


def workflows(top: Path, service: str) -> dict[str, dict[str, Any]]:
    paths = sorted((top / ".github" / "workflows").glob(f"{service}-*.yml"))
    return {path.stem.removeprefix(f"{service}-"): github.workflow(top, path.stem) for path in paths}


def test_one_service_has_nothing_of_it(tmp_path: Path) -> None:
    """Nor has one in the folder of a repository of its own."""
    for host in HOSTS:
        files = rendering.files(rendering.copy(tmp_path / host, {"service_name": "orders", "repository_host": host}))
        assert not [name for name, content in files.items() if re.search(rb"root[-_]files", content)]
        assert not {"dev/root_files.py", ".gitlab/root.yml"} & files.keys()


def test_every_service_has_all_workflows_at_the_root(shop: Path) -> None:
    for name, folder in FOLDERS.items():
        own = sorted(path.stem for path in (shop / folder / ".github" / "workflows").iterdir())
        assert sorted(workflows(shop, name)) == own == ["ci", "deploy", "infrastructure", "release", "update"]
        for path in (shop / ".github" / "workflows").glob(f"{name}-*.yml"):
            source = f"{folder}/.github/workflows/{path.name.removeprefix(f'{name}-')}"
            head, _, rest = path.read_text(encoding="utf-8").partition("\n")
            assert head == f"# Made from {source} by make root-files: edit that one"
            assert rest == (shop / source).read_text(encoding="utf-8")


def test_no_name_of_a_workflow_is_used_twice(shop: Path) -> None:
    """Names that GitHub knows for the whole repository."""
    found: dict[str, list[str]] = {"name": [], "group": [], "environment": [], "check": [], "image": []}
    for service in FOLDERS:
        ours = workflows(shop, service)
        found["name"] += [each["name"] for each in ours.values()]
        found["group"] += {each for flow in ours.values() for each in words(flow, "group")}
        places = [job["environment"] for flow in ours.values() for job in flow["jobs"].values() if "environment" in job]
        found["environment"] += {place if isinstance(place, str) else place["name"] for place in places} - {"update"}
        found["check"] += [job["name"] for job in ours["ci"]["jobs"].values()]
        found["image"] += set(words(ours["release"], "IMAGE"))
        ruleset = json.loads((shop / FOLDERS[service] / ".github" / "ruleset.json").read_text(encoding="utf-8"))
        found["name"].append(ruleset["name"])
    for kind, names in found.items():
        assert len(set(names)) == len(names) >= len(FOLDERS), (kind, sorted(names))


@pytest.mark.parametrize("service", FOLDERS)
def test_every_path_at_the_root_is_there(service: str, shop: Path) -> None:
    """Folders that steps work in, files that actions read, patterns that start something, called files."""
    folder = FOLDERS[service]
    flows = workflows(shop, service)
    actions = {
        path: yaml.safe_load(path.read_text("utf-8")) for path in shop.glob(f".github/actions/{service}-*/*.yml")
    }
    assert actions
    everything = [*flows.values(), *actions.values()]
    environment = f"{folder}/deploy/terraform/aws/environments/staging"
    places = {place for each in everything for place in words(each, "working-directory")}
    places |= {place for each in everything for key in ("context", "file") for place in words(each, key)}
    assert places
    for place in places:
        assert place.startswith(folder), place
        assert (shop / re.sub(r"\$\{\{.*?\}\}", "staging", place)).exists(), place
    assert (shop / environment).is_dir()
    called = [use for each in everything for use in words(each, "uses") if use.startswith("$/")]
    assert called
    for use in called:
        assert use.startswith((f"$/.github/workflows/{service}-", f"$/.github/actions/{service}-")), use
        assert (shop / use.removeprefix("$/")).exists(), use
    for each in flows.values():
        for pattern in (pattern for patterns in words(each["on"], "paths") for pattern in patterns):
            assert list(shop.glob(pattern)), pattern
        if any("run" in step for step in words(each, "steps") for step in step) and each["name"] != f"{service}-deploy":
            default = each.get("defaults", {}).get("run", {}).get("working-directory")
            assert default == folder or each["name"] == f"{service}-infrastructure"
    assert flows["deploy"]["defaults"]["run"]["working-directory"] == folder


def test_a_required_check_never_waits_for_a_workflow_that_does_not_start(shop: Path) -> None:
    """It starts for every pull request; its jobs are skipped, which passes, unless the first one failed."""
    for service, folder in FOLDERS.items():
        flow = workflows(shop, service)["ci"]
        assert "paths" not in (flow["on"]["pull_request"] or {})
        jobs = {job["name"]: job for job in flow["jobs"].values()}
        ruleset = json.loads((shop / folder / ".github" / "ruleset.json").read_text(encoding="utf-8"))
        required = set(words(ruleset, "context"))
        assert required == jobs.keys() - {f"{service}-drift"}
        assert f"{service}-changes" in required, "one that fails has the others skipped, too"
        for name in required - {f"{service}-changes"}:
            assert jobs[name]["needs"] == "changes"
            assert jobs[name]["if"].startswith("needs.changes.outputs.here == 'true'")


def test_owners_are_of_folders(anywhere: Path) -> None:
    (path,) = [path for path in tracked(anywhere) if path.endswith("CODEOWNERS")]
    text = (anywhere / path).read_text(encoding="utf-8")
    patterns = [line.split()[0] for line in text.splitlines() if line and not line.startswith("#")]
    for service, folder in FOLDERS.items():
        assert f"/{folder}/ @acme/team-{service}" in text
    own = tuple(f"/{folder}/" for folder in FOLDERS.values())
    beside = tuple(f"/.github/{kind}/{service}-" for kind in ("workflows", "actions") for service in FOLDERS)
    assert all(pattern.startswith((*own, *beside)) for pattern in patterns)


def test_writing_again_changes_nothing(anywhere: Path) -> None:
    before = tracked(anywhere)
    for folder in FOLDERS.values():
        assert root_files(anywhere / folder, "--check").stdout == ""
        assert root_files(anywhere / folder).stdout == ""
    assert tracked(anywhere) == before
    assert git(anywhere, "status", "--porcelain") == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_people_write_at_the_root_is_kept(end: str, anywhere: Path) -> None:
    """Before, between and behind the blocks, byte for byte; also by the first service of all."""
    names = [name for name in tracked(anywhere) if name.endswith(("CODEOWNERS", "gitlab-ci.yml"))]
    for name in names:
        blocks = re.split(r"(?m)^(?=# >>> )", (anywhere / name).read_text(encoding="utf-8"))
        text = "# Before.\n\n\n" + "# Between.\n\n".join(blocks) + "\n\n# Behind, without an end of the line"
        (anywhere / name).write_bytes(text.replace("\n", end).encode())
    own = anywhere / ".github" / "workflows" / "ours.yml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("# Ours.\n", encoding="utf-8")
    before = tracked(anywhere)
    root_files(anywhere / ORDERS)
    assert tracked(anywhere) == before
    for folder in FOLDERS.values():
        root_files(anywhere / folder, "--remove")
    left = tracked(anywhere)
    assert left.keys() >= {*names, ".github/workflows/ours.yml"}
    for name in names:
        assert b">>>" not in left[name]
        for text in ("# Before.", "# Between.", "# Behind, without an end of the line"):
            assert left[name].count(text.encode()) == before[name].count(text.encode())
        root_files(anywhere / ORDERS)
        assert (anywhere / name).read_bytes().replace(b"\r\n", b"\n").startswith(left[name].replace(b"\r\n", b"\n"))


def test_removing_a_service_takes_away_what_it_brought(anywhere: Path) -> None:
    both = tracked(anywhere)
    assert monorepos.added(anywhere, "parcels", {"service_name": "parcels", "repository_host": _host(anywhere)})
    assert tracked(anywhere) != both
    assert root_files(anywhere / "parcels", "--remove").stdout
    shutil.rmtree(anywhere / "parcels")
    assert tracked(anywhere) == both


def _host(top: Path) -> str:
    return "gitlab" if (top / ".gitlab-ci.yml").exists() else "github"


def test_what_a_service_left_that_is_gone_is_taken_away_by_the_next(anywhere: Path) -> None:
    git(anywhere, "rm", "-r", "--quiet", FOLDERS["billing"])
    assert root_files(anywhere / ORDERS, "--check", check=False).returncode == 1
    root_files(anywhere / ORDERS)
    root = {name: content for name, content in tracked(anywhere).items() if name != "renovate.json"}
    assert not [name for name, content in root.items() if b"billing" in content or "billing" in name]


def test_a_moved_service_takes_its_files_along(anywhere: Path) -> None:
    """The gate names the command; with the new answer everything at the root is of the new folder."""
    (anywhere / "apps").mkdir(exist_ok=True)
    git(anywhere, "mv", ORDERS, "apps/orders")
    done = root_files(anywhere / "apps/orders", "--check", check=False)
    assert done.returncode == 1
    assert 'make regen ANSWERS="folder=apps/orders"' in done.stdout
    data = {"service_name": "orders", "repository_host": _host(anywhere)}
    git(anywhere, "rm", "-r", "--quiet", "--cached", "apps/orders")
    monorepos.added(anywhere, "apps/orders", data)
    root = {name: content for name, content in tracked(anywhere).items() if not name.startswith("apps/orders/")}
    assert not [name for name, content in root.items() if name != "renovate.json" and ORDERS.encode() in content]
    assert root_files(anywhere / FOLDERS["billing"], "--check").stdout == ""


@pytest.mark.parametrize("place", ["root", "folder"])
def test_the_gate_is_red_when_the_root_is_not_what_the_folder_says(place: str, shop: Path) -> None:
    name = ".github/workflows/orders-ci.yml"
    source = f"{ORDERS}/.github/workflows/ci.yml"
    path = shop / (name if place == "root" else source)
    path.write_text(path.read_text("utf-8").replace("make check", "true"), encoding="utf-8")
    done = root_files(shop / ORDERS, "--check", check=False)
    assert done.returncode == 1
    assert done.stdout == f"{name}: is not what {ORDERS} says at the root; make root-files\n"
    makefile = (shop / ORDERS / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^ownership:.*\n.*\n\t@\$\(RUN\) dev\.root_files --check$", makefile, re.MULTILINE)
    assert re.search(r"^check: ownership ", makefile, re.MULTILINE)
    root_files(shop / ORDERS)
    assert root_files(shop / ORDERS, "--check").stdout == ""


def test_a_sparse_checkout_has_the_root_in_its_index(anywhere: Path) -> None:
    git(anywhere, "reset", "--quiet", "--hard")  # git leaves out only what it knows to be unchanged
    git(anywhere, "sparse-checkout", "set", ORDERS)
    assert not (anywhere / ".github").exists()
    assert not (anywhere / ".gitlab").exists()
    assert root_files(anywhere / ORDERS, "--check").stdout == ""
    assert root_files(anywhere / ORDERS).stdout == ""
    assert git(anywhere, "status", "--porcelain") == ""


def test_a_file_that_somebody_else_has_is_refused(tmp_path: Path) -> None:
    """Nothing is written, neither over a person's file nor over that of a service with the same name."""
    top = tmp_path / "shop"
    (top / ".github" / "workflows").mkdir(parents=True)
    git(top, "init", "--quiet", "--initial-branch", "main")
    (top / ".github" / "workflows" / "orders-ci.yml").write_text("# Ours.\n", encoding="utf-8")
    rendering.copy(top / "orders", {"service_name": "orders", "folder": "orders"})
    before = tracked(top)
    done = root_files(top / "orders", check=False)
    assert done.returncode == 1
    assert ".github/workflows/orders-ci.yml: is there already, and not from orders; move it" in done.stdout
    assert tracked(top) == before
    (top / ".github" / "workflows" / "orders-ci.yml").unlink()
    root_files(top / "orders")
    rendering.copy(top / "other", {"service_name": "orders", "folder": "other"})
    assert "is there already, and not from other" in root_files(top / "other", check=False).stdout
    assert root_files(top / "orders", "--check").stdout == ""


def test_conflicts_stay_in_the_folder(shop: Path) -> None:
    path = shop / ORDERS / ".github" / "workflows" / "ci.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n", encoding="utf-8")
    done = root_files(shop / ORDERS, check=False)
    assert done.returncode == 1
    assert f"{ORDERS}/.github/workflows/ci.yml: has conflict markers" in done.stdout
    assert git(shop, "status", "--porcelain", "--", ".github") == ""


def test_two_services_added_on_two_branches_merge(shop: Path) -> None:
    """Their files have names of their own; a block that the merge left out is written again."""
    top = shop
    git(top, "checkout", "--quiet", "-b", "one")
    monorepos.added(top, "one", {"service_name": "one"})
    commit_all(top, "One")
    git(top, "checkout", "--quiet", "-b", "two", "main")
    monorepos.added(top, "two", {"service_name": "two"})
    commit_all(top, "Two")
    merge = ("-c", "merge.conflictStyle=merge", "merge", "--quiet", "--strategy-option", "ours", "one")
    git(top, *merge)
    for folder in ("one", "two"):
        root_files(top / folder)
    for folder in (*FOLDERS.values(), "one", "two"):
        assert root_files(top / folder, "--check").stdout == ""


@pytest.mark.parametrize("folder", ["services/orders", "orders", "a/b.c/d_e-f", ""])
def test_folders_that_are_one(folder: str, tmp_path: Path) -> None:
    rendering.copy(tmp_path / "orders", {"service_name": "orders", "folder": folder})


NONE = (
    "/services",
    "services/",
    "a//b",
    "../a",
    "a/..",
    "./a",
    "a b",
    "on",
    "a/Yes",
    "1st",
    "ä",
    "-x",
    "a/.git",
    "a" * 101,
)


@pytest.mark.parametrize("folder", NONE)
def test_folders_that_are_none(folder: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is not a folder of the repository by its path from there"):
        rendering.copy(tmp_path / "orders", {"service_name": "orders", "folder": folder})


@pytest.mark.parametrize(
    ("host", "cloud", "names"),
    [("github", "aws", 3), ("github", "gcp", 1), ("github", "azure", 1), ("gitlab", "gcp", 1)],
)
def test_the_cloud_trusts_the_environments_that_the_pipeline_has(
    host: str, cloud: str, names: int, tmp_path: Path
) -> None:
    """Where the token of a job names its environment."""
    data = {"service_name": "orders", "folder": ORDERS, "repository_host": host, "cloud": cloud}
    tree = rendering.copy(tmp_path / "orders", data)
    trust = (tree / f"deploy/terraform/{cloud}/modules/service/deployer.tf").read_text(encoding="utf-8")
    begin = "orders/" if host == "gitlab" else "orders-"
    claimed = re.findall(r"""(?:environment:|environment == '|\[")(\S*)\$\{var\.environment\}""", trust)
    assert claimed == [begin] * names
    pipeline = ".gitlab-ci.yml" if host == "gitlab" else ".github/workflows/deploy.yml"
    text = (tree / pipeline).read_text(encoding="utf-8")
    deployed = re.findall(r"^ +environment:\n +name: (\S+)", text, re.MULTILINE)
    assert deployed
    assert all(name.startswith(begin) for name in deployed)


def test_the_hooks_of_git_work_in_the_folder(shop: Path) -> None:
    """Git calls them at the root; they run this service's tools on this service's files."""
    config = yaml.safe_load((shop / ORDERS / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    for hook in config["repos"][0]["hooks"]:
        if hook["id"] != "conflicts":
            assert ORDERS in hook["entry"], hook["id"]
            assert hook.get("files", f"^{ORDERS}/").startswith(f"^{ORDERS}/")


def test_the_page_names_commands_that_there_are(shop: Path) -> None:
    page = (ROOT / "docs" / "monorepos.md").read_text(encoding="utf-8")
    makefile = (shop / ORDERS / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^make (\S+)(?: (\w+)=)?", page, re.MULTILINE)
    assert {target for target, _ in commands} == {"root-files", "regen"}
    for target, variable in commands:
        (recipe,) = re.findall(rf"^{target}: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert variable in recipe
