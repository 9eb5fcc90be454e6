"""What Terraform asks a cloud when it plans, and what nobody who only plans may ask.

A pull request plans its own code, so who may push a branch may do what the identity for planning may do.
"""

import json
import re
from pathlib import Path

import yaml

from .hcl import Configuration

READS = {
    "aws": {
        "aws_acm_certificate": "acm:DescribeCertificate acm:ListTagsForCertificate",
        "aws_acm_certificate_validation": "acm:DescribeCertificate",
        "aws_caller_identity": "",
        "aws_cloudwatch_log_group": "logs:DescribeLogGroups logs:ListTagsForResource",
        "aws_cloudwatch_metric_alarm": "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource",
        "aws_db_instance": "rds:DescribeDBInstances rds:ListTagsForResource",
        "aws_db_parameter_group": "rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource",
        "aws_db_subnet_group": "rds:DescribeDBSubnetGroups rds:ListTagsForResource",
        "aws_ec2_instance_type": "ec2:DescribeInstanceTypes",
        "aws_ecr_lifecycle_policy": "ecr:GetLifecyclePolicy",
        "aws_ecr_repository": "ecr:DescribeRepositories ecr:ListTagsForResource",
        "aws_eks_access_entry": "eks:DescribeAccessEntry",
        "aws_eks_cluster": "eks:DescribeCluster",
        "aws_flow_log": "ec2:DescribeFlowLogs",
        "aws_iam_openid_connect_provider": "iam:GetOpenIDConnectProvider iam:ListOpenIDConnectProviders",
        "aws_iam_policy_document": "",
        "aws_iam_role": "iam:GetRole iam:ListAttachedRolePolicies iam:ListRolePolicies",
        "aws_iam_role_policy": "iam:GetRolePolicy",
        "aws_iam_role_policy_attachment": "iam:ListAttachedRolePolicies",
        "aws_kms_alias": "kms:ListAliases",
        "aws_kms_key": "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
        "aws_partition": "",
        "aws_region": "",
        "aws_route53_health_check": "route53:GetHealthCheck route53:ListTagsForResource",
        "aws_route53_record": "route53:GetHostedZone route53:ListResourceRecordSets",
        "aws_route53_zone": "route53:GetHostedZone route53:ListHostedZones route53:ListTagsForResource",
        "aws_route_table": "ec2:DescribeRouteTables",
        "aws_route_table_association": "ec2:DescribeRouteTables",
        "aws_security_group": "ec2:DescribeSecurityGroups",
        "aws_sns_topic": "sns:GetTopicAttributes sns:ListTagsForResource",
        "aws_sns_topic_policy": "sns:GetTopicAttributes",
        "aws_sns_topic_subscription": "sns:GetSubscriptionAttributes",
        "aws_subnet": "ec2:DescribeSubnets",
        "aws_vpc_security_group_ingress_rule": "ec2:DescribeSecurityGroupRules",
    },
    "gcp": {
        "google_artifact_registry_repository": "artifactregistry.repositories.get",
        "google_artifact_registry_repository_iam_member": "artifactregistry.repositories.getIamPolicy",
        "google_certificate_manager_certificate": "certificatemanager.certs.get",
        "google_certificate_manager_certificate_map_entry": "certificatemanager.certmapentries.get",
        "google_certificate_manager_dns_authorization": "certificatemanager.dnsauthorizations.get",
        "google_cloud_scheduler_job": "cloudscheduler.jobs.get",
        "google_compute_address": "compute.addresses.get",
        "google_compute_forwarding_rule": "compute.forwardingRules.get",
        "google_compute_subnetwork": "compute.subnetworks.get",
        "google_container_cluster": "container.clusters.get",
        "google_dns_managed_zones": "dns.managedZones.list",
        "google_dns_record_set": "dns.resourceRecordSets.list",
        "google_iam_workload_identity_pool": "iam.workloadIdentityPools.get",
        "google_iam_workload_identity_pool_provider": "iam.workloadIdentityPoolProviders.get",
        "google_kms_crypto_key": "cloudkms.cryptoKeys.get",
        "google_kms_crypto_key_iam_member": "cloudkms.cryptoKeys.getIamPolicy",
        "google_kms_key_ring": "cloudkms.keyRings.get",
        "google_logging_project_bucket_config": "logging.buckets.get",
        "google_logging_project_cmek_settings": "logging.cmekSettings.get",
        "google_logging_project_sink": "logging.sinks.get",
        "google_monitoring_alert_policy": "monitoring.alertPolicies.get",
        "google_monitoring_uptime_check_config": "monitoring.uptimeCheckConfigs.get",
        "google_project": "resourcemanager.projects.get",
        "google_project_iam_custom_role": "iam.roles.get",
        "google_project_iam_member": "resourcemanager.projects.getIamPolicy",
        "google_secret_manager_secret": "secretmanager.secrets.get",
        "google_secret_manager_secret_iam_member": "secretmanager.secrets.getIamPolicy",
        # The provider reads the value of an enabled version; the first rotation disables it.
        "google_secret_manager_secret_version": "secretmanager.versions.get",
        "google_service_account": "iam.serviceAccounts.get",
        "google_service_account_iam_member": "iam.serviceAccounts.getIamPolicy",
        "google_sql_ca_certs": "cloudsql.instances.get cloudsql.instances.listServerCas",
        "google_sql_database": "cloudsql.databases.get",
        "google_sql_database_instance": "cloudsql.instances.get",
        "google_sql_user": "cloudsql.users.list",
        "google_workflows_workflow": "workflows.workflows.get",
    },
    "azure": {
        "azurerm_application_insights": "Insights/components Insights/components/CurrentBillingFeatures",
        "azurerm_application_insights_standard_web_test": "Insights/webTests",
        "azurerm_client_config": "",
        "azurerm_container_registry": "ContainerRegistry/registries ContainerRegistry/registries/replications",
        "azurerm_dns_a_record": "Network/dnsZones/A",
        "azurerm_dns_caa_record": "Network/dnsZones/CAA",
        "azurerm_federated_identity_credential": "ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        "azurerm_key_vault": "KeyVault/vaults",
        "azurerm_key_vault_key": "KeyVault/vaults/keys KeyVault/vaults/keyrotationpolicies",
        "azurerm_kubernetes_cluster": "ContainerService/managedClusters",
        "azurerm_log_analytics_workspace": "OperationalInsights/workspaces",
        "azurerm_logic_app_action_custom": "Logic/workflows",
        "azurerm_logic_app_trigger_recurrence": "Logic/workflows",
        "azurerm_logic_app_workflow": "Logic/workflows",
        "azurerm_management_lock": "Authorization/locks",
        "azurerm_monitor_action_group": "Insights/actionGroups",
        "azurerm_monitor_activity_log_alert": "Insights/activityLogAlerts",
        "azurerm_monitor_diagnostic_setting": "Insights/diagnosticSettings",
        "azurerm_monitor_metric_alert": "Insights/metricAlerts",
        "azurerm_network_security_group": "Network/networkSecurityGroups",
        "azurerm_network_watcher_flow_log": "Network/networkWatchers Network/networkWatchers/flowLogs",
        "azurerm_postgresql_flexible_server": "DBforPostgreSQL/flexibleServers",
        "azurerm_postgresql_flexible_server_configuration": "DBforPostgreSQL/flexibleServers/configurations",
        "azurerm_postgresql_flexible_server_database": "DBforPostgreSQL/flexibleServers/databases",
        "azurerm_private_dns_zone": "Network/privateDnsZones Network/privateDnsZones/SOA",
        "azurerm_private_dns_zone_virtual_network_link": "Network/privateDnsZones/virtualNetworkLinks",
        "azurerm_private_endpoint": "Network/privateEndpoints Network/privateEndpoints/privateDnsZoneGroups",
        "azurerm_role_assignment": "Authorization/roleAssignments",
        "azurerm_role_definition": "Authorization/roleDefinitions",
        "azurerm_subnet": "Network/virtualNetworks/subnets",
        "azurerm_subnet_network_security_group_association": "Network/virtualNetworks/subnets",
        "azurerm_user_assigned_identity": "ManagedIdentity/userAssignedIdentities",
        "azurerm_virtual_network": "Network/virtualNetworks",
        "azurerm_virtual_network_peering": "Network/virtualNetworks/virtualNetworkPeerings",
    },
}
"""What the providers ask for to refresh each type, resource or data source."""

# Every cloud also asks where the states and the things themselves are.
ALWAYS = {
    "aws": {"s3:GetObject", "s3:ListBucket"},
    "gcp": set[str](),
    "azure": {"Resources/subscriptions/providers", "Resources/subscriptions/resourceGroups", "Network/dnsZones"},
}

FORBIDDEN_TYPES = re.compile(
    r"random_password|tls_private_key|external|http|azurerm_key_vault_(secrets?|certificate\w*)"
    r"|aws_secretsmanager_(secret_version|random_password)|aws_ssm_parameter|aws_s3_object"
    r"|google_secret_manager_secret_version_access|google_storage_bucket_object\w*"
)
"""Types that read a secret or data for every plan, or keep a secret in the state."""

DATA = {
    "aws": re.compile(
        r".*\*.*|\w+:(Create|Put|Update|Delete|Start)\w*|ecr:(BatchGetImage|GetDownloadUrlForLayer)|rds:Download\w+"
        r"|(?!s3:GetObject$)(s3|dynamodb|kms|logs|secretsmanager|ssm|sqs|rds-data)"
        r":(Get(?!Key)|BatchGet|Scan|Query|Select|Decrypt|Filter|Execute|Receive)\w*"
    ),
    "gcp": re.compile(
        r".*\*.*|.*\.(access|export|read|select|use|create|update|delete|connect|login|(set|download|generate)\w*)"
        r"|(storage\.objects|logging\.(logEntries|views)|datastore|bigquery\.tables|artifactregistry\.files)\..*"
    ),
    "azure": re.compile(
        r".*\*.*|.*/(query|secrets|pull|logFiles|blobs|messages|listKeys|sharedKeys|runs|content|histories)(/.*)?"
    ),
}
"""Actions that read data or secrets, that write, or whose names nobody can know."""


def rights(code: Path, cloud: str) -> set[str]:
    """The actions that the file for planning allows, one by one."""
    if cloud == "gcp":
        role = yaml.safe_load((code / "plan.yaml").read_text(encoding="utf-8"))
        return set(role["includedPermissions"])
    policy = json.loads((code / "plan.json").read_text(encoding="utf-8"))
    if cloud == "azure":
        found = [*policy["Actions"], *policy["DataActions"]]
        assert all(each.startswith("Microsoft.") and each.endswith("/read") for each in found), found
        return {each.removeprefix("Microsoft.").removesuffix("/read") for each in found}
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def needed(code: Configuration, cloud: str) -> set[str]:
    """The actions that a plan of this code asks for."""
    types = {str(block.labels[0]) for kind in ("resource", "data") for block in code.of(kind)}
    assert types <= READS[cloud].keys(), "say what the provider asks for, here and in the template's plan.json or .yaml"
    return {action for each in types for action in READS[cloud][each].split()}
