"""Programs that stand in for those that a pipeline calls where they are installed."""

import sys
from pathlib import Path

YQ = f"""
{sys.executable} -c '
import json, sys, yaml
for name in sys.argv[1:]:
    if name.endswith(".yaml"):
        print(json.dumps(yaml.safe_load(open(name))))
' "$@"
"""
"""Code of a stub: every YAML file that it is given as JSON, one after the other, as yq does."""


def stub(folder: Path, name: str, code: str = "") -> None:
    """A program that notes how it was called in the file CALLS, and then does what the code says."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >>"$CALLS"\n{code}\n', encoding="utf-8")
    program.chmod(0o755)
