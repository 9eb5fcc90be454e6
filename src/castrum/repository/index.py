"""What git's index knows: files that are not checked out (sparse checkouts), and conflicts."""

from collections.abc import Iterable, Mapping

from . import objects
from .project import Project
from .trees import File


def listed(project: Project) -> tuple[set[str], dict[str, File]]:
    """The files that git tracks; and those of them that are not checked out, as the index has them."""
    tracked: set[str] = set()
    absent: dict[str, tuple[str, str]] = {}
    for entry in project.git("ls-files", "-z", "-t", "--stage").split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        tag, mode, digest, _ = about.split(" ")
        tracked.add(path)
        place = project.root / path
        if tag == "S" and not (place.is_symlink() or place.exists()):
            absent[path] = (mode, digest)
    return tracked, objects.files(project, absent)


def write(
    project: Project, unmerged: Mapping[str, tuple[File | None, File, File]], absent: Mapping[str, File | None]
) -> None:
    """Let git show conflicts as unmerged, with base, ours and theirs, so that it refuses to commit them.

    Files that are not checked out get their new content (``None``: they are removed) here alone.
    """
    entries: list[tuple[str, File | None, int]] = []
    for path, sides in unmerged.items():
        entries.append((path, None, 0))
        entries += [(path, side, stage) for stage, side in enumerate(sides, 1) if side is not None]
    entries += [(path, file, 0) for path, file in absent.items()]
    stored = iter(objects.store(project, [file.content for _, file, _ in entries if file]))
    put(
        project,
        [
            (path, f"{objects.mode(file)} {next(stored)} {stage}" if file else objects.GONE)
            for path, file, stage in entries
        ],
    )
    if left := [path for path, file in absent.items() if file]:
        project.git("update-index", "--skip-worktree", "-z", "--stdin", stdin="".join(f"{path}\0" for path in left))


def put(project: Project, entries: Iterable[tuple[str, str]]) -> None:
    """Write these paths into the index, each with its mode, object and stage."""
    lines = "".join(f"{about}\t{project.prefix}{path}\0" for path, about in entries)
    if lines:
        project.git("update-index", "-z", "--index-info", stdin=lines)


def unmerged(project: Project) -> set[str]:
    """The paths that git has in its index as unmerged."""
    listed = project.git("ls-files", "--unmerged", "-z").split("\0")[:-1]
    return {entry.partition("\t")[2] for entry in listed}
