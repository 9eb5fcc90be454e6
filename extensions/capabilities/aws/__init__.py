"""Amazon Web Services."""

from ..contributions import Capability, Cloud, Gateway
from ..signals import CERTIFICATE, DATABASE, OUTSIDE

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
        database_classes={
            (2, 4): "db.t4g.medium",
            (2, 8): "db.m7g.large",
            (4, 16): "db.m7g.xlarge",
            (8, 32): "db.m7g.2xlarge",
            (16, 64): "db.m7g.4xlarge",
            (32, 128): "db.m7g.8xlarge",
            (48, 192): "db.m7g.12xlarge",
            (64, 256): "db.m7g.16xlarge",
        },
        database_sla=99.95,
        log_days=35,
        keep_alive_s=75,
        in_front="AWS' load balancers keep it, 60 s",
        gateway=Gateway("that of the AWS Load Balancer Controller", "TargetGroupConfiguration", "those of its subnets"),
        proxy="RDS Proxy",
        alarms=(OUTSIDE, CERTIFICATE, *DATABASE),
        state_setting="bucket",
        identity=("AWS_ROLE_ARN",),
        cluster=("CLUSTER",),
        audience="sts.amazonaws.com",
    ),
)
