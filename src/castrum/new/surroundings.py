"""What a new service takes over from the repository that its folder lies in."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from castrum.errors import Refusal
from castrum.repository.project import ANSWERS
from castrum.template import language

REMOTE = re.compile(r"(?:\w+://[^/]+/|[\w.-]+@[\w.-]+:)(?P<path>[^?#]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Surroundings:
    """The repository, and the folder of the new service in it."""

    top: Path
    folder: str

    @classmethod
    def of(cls, destination: Path) -> "Surroundings | None":
        """None where the service gets a repository of its own: outside of any, or where another one ignores it."""
        above = next(folder for folder in (destination, *destination.parents) if folder.is_dir())
        top = _git(above, "rev-parse", "--show-toplevel")
        if top is None or _git(above, "check-ignore", "--quiet", "--", str(destination)) is not None:
            return None
        folder = destination.resolve().relative_to(Path(top).resolve()).as_posix()
        return cls(Path(top), folder) if folder != "." else None

    def answers(self) -> dict[str, str]:
        """Defaults: the folder, and where the repository is hosted, as another service or the remote says.

        Refuses a folder that cannot be the answer.
        """
        problem = language.extension("answers.place").problem(self.folder)
        if problem:
            raise Refusal(
                f"{self.top} is a git repository, and a service in it has an answer for its folder: {problem}",
                "name another folder; for a repository of its own, a folder outside, or --data folder=",
            )
        return {"folder": self.folder, **(self._of_a_neighbour() or self._of_the_remote())}

    def _of_a_neighbour(self) -> dict[str, str]:
        for name in (_git(self.top, "ls-files", "--", f":(glob)**/{ANSWERS}") or "").splitlines():
            try:
                known = yaml.safe_load((self.top / name).read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError):
                continue
            if isinstance(known, dict) and known.get("folder"):
                return {each: str(known[each]) for each in ("repository_host", "repository") if each in known}
        return {}

    def _of_the_remote(self) -> dict[str, str]:
        address = _git(self.top, "remote", "get-url", "origin") or ""
        found = REMOTE.fullmatch(address)
        if not found or found["path"].count("/") < 1:
            return {}
        server = address.partition(found["path"])[0]
        host = language.extension("capabilities.registry").host_of(server, found["path"])
        return {"repository": found["path"], "repository_host": host}

    def sentence(self) -> str:
        """What a person has to know of it."""
        return (
            f"{self.folder} is a folder of the repository {self.top}: pipelines, owners and updates are made for that. "
            "In a repository of its own it would have had --data folder="
        )


def _git(folder: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()
