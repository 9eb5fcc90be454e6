"""Run the command of the template that this service is from: `python -m dev.castrum update`.

The command is a part of the template, so it is taken from the same address and version; uv keeps it between runs.
"""

import os
import re
import sys
from pathlib import Path

import yaml

from . import ROOT

SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


def main() -> None:
    source = requirement(*recorded((ROOT / ".copier-answers.yml").read_text(encoding="utf-8")))
    uvx = Path(sys.executable).with_name("uvx")
    os.chdir(ROOT)
    os.execv(uvx, [str(uvx), "--quiet", "--python", sys.executable, "--from", source, "castrum", *sys.argv[1:]])  # noqa: S606 - our own tool


def recorded(text: str) -> tuple[str, str]:
    """Address and version of the template; of two versions between conflict markers, the newer one."""
    try:
        answers = yaml.safe_load(text)
        return str(answers["_src_path"]), str(answers["_commit"])
    except yaml.YAMLError:  # a merge waits for somebody
        pass
    addresses, versions = (re.findall(rf"^{name}: *(.+)$", text, re.MULTILINE) for name in ("_src_path", "_commit"))
    if not addresses or not versions:
        sys.exit(".copier-answers.yml does not say which template this is from; get it back from git")
    newest = max(versions, key=lambda version: [int(number) for number in re.findall(r"\d+", version)])
    return addresses[0].strip("'\""), newest.strip("'\"")


def requirement(address: str, version: str) -> str:
    """The template as a package: address and version as Copier records them, in the form that uv takes."""
    address = address.removeprefix("git+")
    for short, url in SHORT.items():
        if address.startswith(short):
            address = f"{url}{address.removeprefix(short)}"
    if host := re.fullmatch(r"(\w+@[\w.-]+):(?!/)(.+)", address):
        address = f"ssh://{host[1]}/{host[2]}"
    elif "://" not in address:
        folder = Path(address).expanduser()
        if not folder.is_absolute():
            sys.exit(f"The template's address, {address}, is relative; name it once: castrum update --template ADDRESS")
        address = folder.as_uri()
    described = re.search(r"-g([0-9a-f]+)$", version)  # so many commits after a tag
    return f"castrum @ git+{address}@{described[1] if described else version}"


if __name__ == "__main__":
    main()
