"""Google Cloud."""

from ..contributions import Capability, Cloud, Gateway
from ..signals import CERTIFICATE, DATABASE, OUTSIDE, Alarm

DIRECTION = "(north|south|east|west|central|northeast|northwest|southeast|southwest)"

CAPABILITY = Capability(
    "cloud",
    "gcp",
    cloud=Cloud(
        default_region="europe-west3",
        region=rf"(africa|asia|australia|europe|me|northamerica|southamerica|us)-{DIRECTION}[1-9][0-9]?",
        largest_storage_gib=65_536,
        databases=frozenset({"postgres", "template0", "template1", "cloudsqladmin"}),
        database_classes={
            (2, 4): "db-custom-2-4096",
            (2, 8): "db-custom-2-8192",
            (4, 16): "db-custom-4-16384",
            (8, 32): "db-custom-8-32768",
            (16, 64): "db-custom-16-65536",
            (32, 128): "db-custom-32-131072",
            (48, 192): "db-custom-48-196608",
            (64, 256): "db-custom-64-262144",
        },
        database_sla=99.95,
        log_days=7,
        keep_alive_s=620,
        in_front="Google's load balancers keep it, 600 s",
        gateway=Gateway("GKE's own", "HealthCheckPolicy", "35.191.0.0/16 and 130.211.0.0/22"),
        alarms=(
            OUTSIDE,
            CERTIFICATE,
            *DATABASE,
            Alarm("database-standby", "DatabaseStandby", "The standby could not take over"),
            Alarm("database-rotation", "PasswordNotRotated", "The database's password was not replaced"),
        ),
        state_setting="bucket",
        identity=("WORKLOAD_IDENTITY_PROVIDER", "SERVICE_ACCOUNT"),
        cluster=("PROJECT", "LOCATION", "CLUSTER"),
        audience="https://iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER",
    ),
)
