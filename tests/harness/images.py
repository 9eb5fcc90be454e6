"""Container images built and run without a daemon: buildah in a chroot, podman with crun. Needs root.

The base image that the generated Dockerfile names by digest is fabricated from Debian packages, once per machine, and
given to the build under that name, so the Dockerfile is tested as it is.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .tools import cached, run

SUITE = "trixie"  # its Python is 3.13
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates,netbase,tzdata"
BASE = "localhost/python-base:latest"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Some containers of machines may not raise their own limits.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


def _store(folder: Path | None = None) -> list[str]:
    """The options for the images of these tests, which are nobody else's."""
    folder = (folder or cached("images", [SUITE, PACKAGES, _python_settings()], _make_base)).resolve()
    # podman wants a short path for what it forgets at the end; two checkouts must not share it.
    passing = Path(tempfile.gettempdir()) / f"castrum-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    return ["--root", str(folder / "root"), "--runroot", str(passing), "--storage-driver", "overlay"]


def buildah(*arguments: str | Path, store: list[str] | None = None, timeout: float = 900) -> str:
    command = ["buildah", *(store or _store()), *arguments]
    return run(*command, env={"BUILDAH_ISOLATION": "chroot"}, timeout=timeout).stdout.strip()


def _python_settings() -> str:
    """How this machine reaches its Python packages, which a build on it has to know too."""
    found = run("python3", "-m", "pip", "config", "list", check=False).stdout
    return "\n".join(line for line in found.splitlines() if line.startswith(("global.index-url", "global.proxy")))


def _make_base(folder: Path) -> None:
    rootfs = folder / "rootfs"
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, rootfs, timeout=1200)
    for path in rootfs.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        path.unlink()
    for name in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(rootfs / name, ignore_errors=True)
        (rootfs / name).mkdir(parents=True)
    # The layout of the official image: everything under /usr/local/bin.
    (python,) = rootfs.glob("usr/bin/python3.[0-9][0-9]")
    for name in ("python", "python3", python.name):
        (rootfs / "usr/local/bin" / name).symlink_to(f"/usr/bin/{python.name}")
    pip = rootfs / "usr/local/bin/pip"
    pip.write_text('#!/bin/sh\nexec /usr/local/bin/python -m pip "$@"\n')
    pip.chmod(0o755)
    trusted = rootfs / "etc/ssl/certs/ca-certificates.crt"
    shutil.copyfile(CERTIFICATES, trusted)
    store = _store(folder)
    container = buildah("from", "scratch", store=store)
    buildah("copy", "--quiet", container, rootfs, "/", store=store)
    settings = {
        "PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
        "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
        **{f"PIP_{key}": value for key, value in _index_settings().items()},
        **{f"UV_{key}": value for key, value in _index_settings().items() if key == "INDEX_URL"},
        **{name: os.environ[name] for name in os.environ if re.fullmatch("(?i)(https?|no)_proxy", name)},
    }
    for name, value in settings.items():
        buildah("config", "--env", f"{name}={value}", container, store=store)
    buildah("config", "--cmd", "python3", container, store=store)
    buildah("commit", "--quiet", "--rm", container, BASE, store=store)
    shutil.rmtree(rootfs)


def _index_settings() -> dict[str, str]:
    found = re.findall(r"^global\.([\w-]+)='(.*)'$", _python_settings(), re.MULTILINE)
    return {key.upper().replace("-", "_"): value for key, value in found}


def build(project: Path, tag: str) -> str:
    """Build the generated Dockerfile as it is; the images that it names stand for the fabricated one. Gives its id."""
    dockerfile = project / "deploy" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    stages = {stage for _, stage in images}
    pinned = [name for name, _ in images if name not in stages]
    assert pinned, text
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", name) for name in pinned), pinned
    contexts = [word for name in pinned for word in ("--build-context", f"{name}=container-image://{BASE}")]
    with tempfile.TemporaryDirectory() as folder:
        identity = Path(folder) / "id"
        buildah(
            "bud", "--pull-never", "--layers=false", "--force-rm", "--format", "docker", *contexts,
            "--tag", tag, "--iidfile", identity, "--file", dockerfile, project, timeout=1200,
        )  # fmt: skip
        return identity.read_text(encoding="utf-8").strip().removeprefix("sha256:")


def podman(*arguments: str | Path) -> list[str]:
    """A podman command: in a mount namespace of its own, with the one kind of control group that crun wants."""
    groups = "mountpoint -q /sys/fs/cgroup && umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
    private = ["unshare", "-m", "--propagation", "private", "--", "bash", "-c", f'{groups} && exec podman "$@"', "_"]
    return [*private, *_store(), "--runtime", "crun", "--cgroup-manager", "cgroupfs", *map(str, arguments)]


def hardened(
    image: str,
    env: Mapping[str, str],
    *,
    entrypoint: str | None = None,
    command: tuple[str, ...] = (),
    volumes: Sequence[str] = (),
) -> list[str]:
    """A run as a cluster would have it: read-only, without capabilities, without new privileges."""
    variables = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    mounts = [f"--volume={volume}" for volume in volumes]
    return podman(
        "run", "--rm", "--pull", "never", "--network", "host", "--cgroups=disabled", "--no-healthcheck", *LIMITS,
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        *(("--entrypoint", entrypoint) if entrypoint else ()), *variables, *mounts, image, *command,
    )  # fmt: skip


def configuration(image: str) -> dict[str, object]:
    found = json.loads(buildah("inspect", "--type", "image", image))
    config: dict[str, object] = found["Docker"]["config"]
    return config


def megabytes(image: str) -> float:
    """The size of an image, with all that it is made from."""
    (found,) = json.loads(buildah("images", "--json", image))
    amount, unit = found["size"].split()
    return float(amount) * {"KB": 1e-3, "MB": 1, "GB": 1e3}[unit]


def remove(image: str) -> None:
    run("buildah", *_store(), "rmi", "--force", image, check=False)
