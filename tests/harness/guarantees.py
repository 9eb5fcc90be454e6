"""What the infrastructure guarantees, in every cloud by other means: one table, so that the clouds are at parity."""

from typing import Any

from . import hcl
from .hcl import Configuration

# What every cloud has to guarantee: the resource that does it, the argument, and its value.
PRESENT = object()
Guarantee = tuple[str, str, Any]
GUARANTEES: dict[str, dict[str, list[Guarantee]]] = {
    "the database has no public address": {
        "aws": [("aws_db_instance", "publicly_accessible", False)],
        "gcp": [("google_sql_database_instance", "settings.ip_configuration.ipv4_enabled", False)],
        "azure": [("azurerm_postgresql_flexible_server", "public_network_access_enabled", False)],
    },
    "data and backups are encrypted with a key of the service": {
        "aws": [
            ("aws_db_instance", "storage_encrypted", True),
            ("aws_db_instance", "kms_key_id", "${aws_kms_key.service.arn}"),
            ("aws_db_instance", "performance_insights_kms_key_id", "${aws_kms_key.service.arn}"),
        ],
        "gcp": [("google_sql_database_instance", "encryption_key_name", "${google_kms_crypto_key.service.id}")],
        "azure": [("azurerm_postgresql_flexible_server", "customer_managed_key.key_vault_key_id", PRESENT)],
    },
    "the key rotates": {
        "aws": [("aws_kms_key", "enable_key_rotation", True)],
        "gcp": [("google_kms_crypto_key", "rotation_period", PRESENT)],
        "azure": [("azurerm_key_vault_key", "rotation_policy.automatic", PRESENT)],
    },
    "connections without TLS are refused": {
        "aws": [("aws_db_parameter_group", "parameter", {"name": "rds.force_ssl", "value": "1"})],
        "gcp": [("google_sql_database_instance", "settings.ip_configuration.ssl_mode", "ENCRYPTED_ONLY")],
        "azure": [("locals", "parameters.require_secure_transport", "on")],
    },
    "a standby as planned": {
        "aws": [("aws_db_instance", "multi_az", "${var.database.multi_zone}")],
        "gcp": [
            (
                "google_sql_database_instance",
                "settings.availability_type",
                '${var.database.multi_zone ? "REGIONAL" : "ZONAL"}',
            )
        ],
        "azure": [
            (
                "azurerm_postgresql_flexible_server",
                "dynamic.high_availability.for_each",
                '${var.database.multi_zone ? ["ZoneRedundant"] : []}',
            )
        ],
    },
    "protection from deletion as planned": {
        "aws": [("aws_db_instance", "deletion_protection", "${var.database.deletion_protection}")],
        "gcp": [
            ("google_sql_database_instance", "deletion_protection", "${var.database.deletion_protection}"),
            (
                "google_sql_database_instance",
                "settings.deletion_protection_enabled",
                "${var.database.deletion_protection}",
            ),
        ],
        "azure": [("azurerm_management_lock", "count", "${var.database.deletion_protection ? 1 : 0}")],
    },
    "backups as planned, to any moment, and kept when the database goes": {
        "aws": [
            ("aws_db_instance", "backup_retention_period", "${var.database.backup_days}"),
            ("aws_db_instance", "skip_final_snapshot", False),
            ("aws_db_instance", "final_snapshot_identifier", PRESENT),
        ],
        "gcp": [
            (
                "google_sql_database_instance",
                "settings.backup_configuration.backup_retention_settings.retained_backups",
                "${var.database.backup_days}",
            ),
            ("google_sql_database_instance", "settings.backup_configuration.enabled", True),
            ("google_sql_database_instance", "settings.backup_configuration.point_in_time_recovery_enabled", True),
            ("google_sql_database_instance", "settings.retain_backups_on_delete", True),
        ],
        # Point-in-time recovery is always on.
        "azure": [("azurerm_postgresql_flexible_server", "backup_retention_days", "${var.database.backup_days}")],
    },
    "storage as planned, growing by itself": {
        "aws": [
            ("aws_db_instance", "allocated_storage", "${var.database.storage_gib}"),
            ("aws_db_instance", "max_allocated_storage", "${var.database.max_storage_gib}"),
        ],
        "gcp": [
            ("google_sql_database_instance", "settings.disk_size", "${var.database.storage_gib}"),
            ("google_sql_database_instance", "settings.disk_autoresize_limit", "${var.database.max_storage_gib}"),
        ],
        "azure": [("azurerm_postgresql_flexible_server", "auto_grow_enabled", True)],
    },
    "class and connections as planned": {
        "aws": [
            ("aws_db_instance", "instance_class", "${var.database.class}"),
            (
                "aws_db_parameter_group",
                "parameter",
                {
                    "name": "max_connections",
                    "value": "${var.database.max_connections}",
                    "apply_method": "pending-reboot",
                },
            ),
        ],
        "gcp": [
            ("google_sql_database_instance", "settings.tier", "${var.database.class}"),
            (
                "google_sql_database_instance",
                "settings.database_flags",
                {"name": "max_connections", "value": "${var.database.max_connections}"},
            ),
        ],
        "azure": [
            ("azurerm_postgresql_flexible_server", "sku_name", "${var.database.class}"),
            ("locals", "parameters.max_connections", "${tostring(var.database.max_connections)}"),
        ],
    },
    "nobody keeps the password, and it is replaced": {
        "aws": [("aws_db_instance", "manage_master_user_password", True)],
        "gcp": [("google_cloud_scheduler_job", "schedule", PRESENT)],
        "azure": [("azurerm_logic_app_trigger_recurrence", "frequency", PRESENT)],
    },
    "images cannot be replaced": {
        "aws": [
            ("aws_ecr_repository", "image_tag_mutability", "IMMUTABLE"),
            ("aws_ecr_repository", "image_scanning_configuration.scan_on_push", True),
        ],
        "gcp": [("google_artifact_registry_repository", "docker_config.immutable_tags", True)],
        "azure": [("azurerm_container_registry", "admin_enabled", False)],
    },
    "slow statements, changes of the schema and the traffic are logged, and kept": {
        "aws": [
            ("aws_db_instance", "enabled_cloudwatch_logs_exports", PRESENT),
            ("aws_db_parameter_group", "parameter", {"name": "log_statement", "value": "ddl"}),
            ("aws_cloudwatch_log_group", "retention_in_days", "${var.log_retention_days}"),
            ("aws_flow_log", "traffic_type", "ALL"),
        ],
        "gcp": [
            ("google_sql_database_instance", "settings.database_flags", {"name": "log_statement", "value": "ddl"}),
            ("google_logging_project_bucket_config", "retention_days", "${var.log_retention_days}"),
        ],
        "azure": [
            ("locals", "parameters.log_statement", "ddl"),
            ("azurerm_log_analytics_workspace", "retention_in_days", PRESENT),
            ("azurerm_network_watcher_flow_log", "enabled", True),
        ],
    },
    "the log of the database quotes neither rows nor arguments": {
        "aws": [
            ("aws_db_parameter_group", "parameter", {"name": name, "value": value})
            for name, value in {
                "log_error_verbosity": "terse",
                "log_parameter_max_length": "0",
                "log_parameter_max_length_on_error": "0",
            }.items()
        ],
        "gcp": [
            ("google_sql_database_instance", "settings.database_flags", {"name": name, "value": value})
            for name, value in {"log_error_verbosity": "terse", "pgaudit.log": "ddl,role"}.items()
        ],
        "azure": [
            ("locals", f"parameters.{name}", value)
            for name, value in {
                "log_error_verbosity": "terse",
                "log_parameter_max_length": "0",
                "log_parameter_max_length_on_error": "0",
            }.items()
        ],
    },
    "what a database runs out of has an alarm": {
        "aws": [("locals", f"alarms.{name}", PRESENT) for name in ("cpu", "memory", "connections", "storage")],
        "gcp": [("locals", f"alarms.{name}", PRESENT) for name in ("cpu", "memory", "connections", "storage")],
        "azure": [
            ("locals", f"database_alarms.{name}", PRESENT) for name in ("cpu", "memory", "connections", "storage")
        ],
    },
    "the service is asked from outside whether it is ready, with an alarm": {
        "aws": [
            ("aws_route53_health_check", "resource_path", "/readyz"),
            ("aws_route53_health_check", "fqdn", "${var.hostname}"),
            ("aws_cloudwatch_metric_alarm", "metric_name", "HealthCheckStatus"),
        ],
        "gcp": [
            ("google_monitoring_uptime_check_config", "http_check.path", "/readyz"),
            ("google_monitoring_uptime_check_config", "monitored_resource.labels.host", "${var.hostname}"),
            (
                "google_monitoring_alert_policy",
                "conditions.condition_threshold.aggregations.cross_series_reducer",
                "REDUCE_COUNT_FALSE",
            ),
        ],
        "azure": [
            (
                "azurerm_application_insights_standard_web_test",
                "request.url",
                "https://${local.outside_address}/readyz",
            ),
            (
                "azurerm_monitor_metric_alert",
                "application_insights_web_test_location_availability_criteria.failed_location_count",
                2,
            ),
        ],
    },
    "a certificate that is not renewed has an alarm": {
        "aws": [("aws_cloudwatch_metric_alarm", "metric_name", "DaysToExpiry")],
        "gcp": [("google_monitoring_alert_policy", "conditions.condition_threshold.threshold_value", 14)],
        "azure": [
            ("azurerm_application_insights_standard_web_test", "validation_rules.ssl_cert_remaining_lifetime", 14)
        ],
    },
    "alarms reach somebody": {
        "aws": [("aws_cloudwatch_metric_alarm", "alarm_actions", "${local.alarm_targets}")],
        "gcp": [("google_monitoring_alert_policy", "notification_channels", "${var.alarm_targets}")],
        "azure": [("azurerm_monitor_metric_alert", "action.action_group_id", PRESENT)],
    },
}


def guaranteed(code: Configuration, guarantee: Guarantee) -> bool:
    kind, path, expected = guarantee
    bodies = [code.locals] if kind == "locals" else [block.body for block in code.of("resource", kind)]
    found = [value for body in bodies for value in hcl.values(body, path)]
    flat = [inner for value in found for inner in (value if isinstance(value, list) else [value])]
    return bool(found) if expected is PRESENT else expected in [*found, *flat]
