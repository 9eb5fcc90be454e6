"""Where the template is: the place from which this package was installed, unless the person names another one."""

import importlib.metadata
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

CHECKOUT = Path(__file__).resolve().parents[3]
PACKAGED = Path(__file__).resolve().parents[1] / "_template"


class NoTemplateError(Exception):
    """The installation does not say where it came from; the message tells the person what to do."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that Copier can copy.

    ``url`` is what Copier understands (a git URL or a folder), ``ref`` the revision (``None``: the newest release).
    """

    url: str
    ref: str | None = None


def named(place: str) -> Template:
    """The template at ``place``, a git URL or a folder; a folder is taken as it stands, not at its newest release.

    Raises NoTemplateError for a folder that holds none.
    """
    address = absolute(place)
    return Template(address, "HEAD" if _is_template(Path(address)) else None)


def absolute(place: str) -> str:
    """The address; a folder of this machine by its full path.

    Raises NoTemplateError for a folder that holds neither a template nor a bare repository.
    """
    path = Path(place).expanduser()
    if "://" in place or not path.exists():
        return place
    if not place or (path.is_dir() and not _is_template(path) and not (path / "HEAD").is_file()):
        message = f"{path.resolve()} holds no template of services: it has no copier.yml with extensions/ beside it"
        raise NoTemplateError(message)
    return str(path.resolve())


def installed() -> Template:
    """The template of this installation.

    Installers record where a package came from (PEP 610): a git repository with its commit, or a folder. The template
    is the same repository at the same commit, so what renders is what was installed.

    Raises NoTemplateError when there is no such record.
    """
    if _is_template(CHECKOUT):
        return Template(str(CHECKOUT), "HEAD")
    record = json.loads(importlib.metadata.distribution("castrum").read_text("direct_url.json") or "{}")
    url = record.get("url", "")
    if "vcs_info" in record:
        return Template(f"git+{url}", record["vcs_info"]["commit_id"])
    if "dir_info" in record:
        folder = Path(url2pathname(urlsplit(url).path))
        if _is_template(folder):
            return Template(str(folder), "HEAD")
    message = "this installation does not say where its template is; name it with --template URL"
    raise NoTemplateError(message)


def files() -> Path:
    """The folder with this installation's ``copier.yml``, ``questions/`` and ``extensions/``.

    A checkout serves its own files, also when it was installed as a wheel from there and has changed since; any other
    wheel carries them.
    """
    if _is_template(CHECKOUT):
        return CHECKOUT
    try:
        folder = Path(installed().url)
    except NoTemplateError:
        return PACKAGED
    return folder if _is_template(folder) else PACKAGED


def _is_template(folder: Path) -> bool:
    return (folder / "copier.yml").is_file() and (folder / "extensions").is_dir()
