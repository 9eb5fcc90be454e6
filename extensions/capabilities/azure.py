"""Microsoft Azure."""

from .contributions import Capability, Cloud

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
    ),
)
