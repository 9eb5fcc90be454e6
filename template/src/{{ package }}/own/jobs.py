"""Jobs of your own, by a schedule: `python -m <package> job NAME` runs one. `make jobs` tells the chart of them."""

from ..platform.jobs import Jobs
from .wiring import OwnWiring

jobs = Jobs[OwnWiring]()
