"""Google Cloud."""

from .contributions import Capability, Cloud

DIRECTION = "(north|south|east|west|central|northeast|northwest|southeast|southwest)"

CAPABILITY = Capability(
    "cloud",
    "gcp",
    cloud=Cloud(
        default_region="europe-west3",
        region=rf"(africa|asia|australia|europe|me|northamerica|southamerica|us)-{DIRECTION}[1-9][0-9]?",
        largest_storage_gib=65_536,
        databases=frozenset({"postgres", "template0", "template1", "cloudsqladmin"}),
    ),
)
