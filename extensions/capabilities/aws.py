"""Amazon Web Services."""

from .contributions import Capability, Cloud

DIRECTION = "(north|south|east|west|central|northeast|northwest|southeast|southwest)"

# The name of a database gets a suffix where a server already has one of it, so none is taken.
CAPABILITY = Capability(
    "cloud",
    "aws",
    cloud=Cloud(
        default_region="eu-central-1",
        region=rf"(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-{DIRECTION}-[1-9]",
        largest_storage_gib=65_536,
        zoneless=frozenset({"us-west-1"}),
    ),
)
