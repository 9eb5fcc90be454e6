"""Write the profiles: `PYTHONPATH=.:src:tests python -m profiles` adds what a new question or value asks for."""

import sys

from profiles import profiles
from profiles.array import Array

array = Array(profiles.VALUES, profiles.allowed, profiles.committed())
before = len(array.rows)
contradictory = array.grow()
profiles.write(array.rows)
print(f"{len(array.rows)} profiles, {len(array.rows) - before} of them new; {len(contradictory)} pairs contradict.")
sys.exit(0)
