"""Tools for development: an embedded PostgreSQL, a token issuer of our own, and the service run on both."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
STATE: Final = ROOT / ".dev"
