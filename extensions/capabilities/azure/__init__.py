"""Microsoft Azure."""

from ..contributions import Capability, Cloud, Gateway, Reserved
from ..signals import DATABASE, OUTSIDE, Alarm

ZONELESS = frozenset(
    """
    australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth germanynorth
    jioindiacentral jioindiawest koreasouth northcentralus norwaywest southafricawest southindia switzerlandwest
    uaecentral ukwest westcentralus westindia westus
    """.split()
)

CAPABILITY = Capability(
    "cloud",
    "azure",
    cloud=Cloud(
        default_region="germanywestcentral",
        region=r"(?=[a-z]*(east|west|north|south|central|gov))[a-z]{6,24}[1-9]?",
        largest_storage_gib=16_384,
        # The clouds that Microsoft runs for governments and for China.
        apart=r"(usgov|usdod|china)[a-z0-9]*",
        apart_because=(
            "is in a cloud apart from public Azure, at other addresses than Terraform and the pipeline know; choose a "
            "region of public Azure, or of aws, which has us-gov-west-1 and cn-north-1"
        ),
        zoneless=ZONELESS,
        databases=frozenset({"postgres", "template0", "template1", "azure_maintenance", "azure_sys"}),
        reserved=Reserved(
            r"login|.*(microsoft|windows)",
            "a registry, a vault or a database of Azure, which keeps names that begin with login, or have microsoft or "
            "windows in them, to itself",
            "a registry or a database of Azure, which keeps names that have microsoft or windows in them to itself",
        ),
        database_classes={
            (2, 4): "B_Standard_B2s",
            (2, 8): "GP_Standard_D2ds_v5",
            (4, 16): "GP_Standard_D4ds_v5",
            (8, 32): "GP_Standard_D8ds_v5",
            (16, 64): "GP_Standard_D16ds_v5",
            (32, 128): "GP_Standard_D32ds_v5",
            (48, 192): "GP_Standard_D48ds_v5",
            (64, 256): "GP_Standard_D64ds_v5",
        },
        database_sla=99.99,
        log_days=35,
        keep_alive_s=3620,
        in_front="Envoy keeps it, an hour",
        gateway=Gateway("Application Gateway for Containers", "HealthCheckPolicy", "those of its subnet"),
        # The gateway's certificate is the platform's.
        alarms=(
            OUTSIDE,
            *DATABASE,
            Alarm("database-storage-plan", "DatabaseStorage", "More is stored than planned in the long run"),
            Alarm("database-replica-lag", "DatabaseStandby", "A replica is far behind"),
            Alarm("database-health", "DatabaseStandby", "The database or its standby is not available"),
            Alarm("rotation", "PasswordNotRotated", "The database's password was not replaced"),
        ),
        state_setting="storage_account_name",
        identity=("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"),
        cluster=("RESOURCE_GROUP", "CLUSTER"),
        audience="api://AzureADTokenExchange",
        own_runners=True,
    ),
)
