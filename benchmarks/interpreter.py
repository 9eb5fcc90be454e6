"""The Python that the servers run on.

That of a distribution, or of the image of the service, was built by the profile of a run; one that was compiled on the
machine often was not, and takes up to a quarter more processor time. The Node beside it is as its makers built it.
"""

import subprocess
import sys
from functools import cache

CLEARLY = 0.95
"""Another Python is taken if it needs at most this share of the time of the running one."""

_OTHER = "/usr/bin/python3"
_VERSION = "import sys; print(sys.version_info[:2])"
_WORK = """
from time import process_time

class Node:
    def __init__(self, value):
        self.value = value

    def add(self, **more):
        return [Node(f"{self.value} {name}") for name in more]

def once():
    begun = process_time()
    for number in range(20_000):
        known = {each.value: each for each in Node(number).add(a=1, b=2, c=3)}
        sum(len(value) for value in known)
    return process_time() - begun

print(min(once() for _ in range(5)))
"""


@cache
def chosen() -> str:
    """The program: the one that runs this, or the system's of the same version where that is clearly faster."""
    if _said(_OTHER, _VERSION) != _said(sys.executable, _VERSION):
        return sys.executable
    return _OTHER if float(_said(_OTHER, _WORK)) < CLEARLY * float(_said(sys.executable, _WORK)) else sys.executable


def version() -> str:
    """Its version, and whether it is the system's."""
    text = _said(chosen(), "import platform; print(platform.python_version())")
    return f"{text}, the system's" if chosen() == _OTHER else text


def _said(program: str, code: str) -> str:
    """What a Python prints; empty where there is none."""
    try:
        return subprocess.run([program, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
