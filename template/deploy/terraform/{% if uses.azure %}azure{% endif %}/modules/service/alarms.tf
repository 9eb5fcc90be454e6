locals {
  # Four fifths, unless the service itself may have more at its planned peak.
  most_connections = max(floor(var.database.max_connections * 0.8), var.database.planned_connections)

  gib = pow(1024, 3)

  # What a database runs out of. Each has a value that is not healthy for a quarter of an hour.
  database_alarms = {
    cpu = {
      metric      = "cpu_percent"
      threshold   = 80
      description = "more than 80 % of the processors are in use"
      runbook     = "DatabaseBusy"
    }
    memory = {
      metric      = "memory_percent"
      threshold   = 90
      description = "more than 90 % of the memory is in use"
      runbook     = "DatabaseBusy"
    }
    connections = {
      metric      = "active_connections"
      threshold   = local.most_connections
      description = "more than ${local.most_connections} of ${var.database.max_connections} connections are in use"
      runbook     = "DatabaseConnections"
    }
    storage = {
      metric      = "storage_percent"
      threshold   = 90
      description = "less than 10 % of the storage is free, and it has not grown by itself"
      runbook     = "DatabaseStorage"
    }
    # Azure lets the storage grow without a limit of ours.
    storage-plan = {
      metric      = "storage_used"
      threshold   = floor(var.database.max_storage_gib * local.gib * 0.8)
      description = "more than 80 % of the ${var.database.max_storage_gib} GiB are in use that are planned in the long run"
      runbook     = "DatabaseStorage"
    }
    replica-lag = {
      metric      = "physical_replication_delay_in_bytes"
      threshold   = local.gib
      description = "a replica is more than 1 GiB of write-ahead log behind"
      runbook     = "DatabaseStandby"
    }
  }
}

resource "azurerm_monitor_action_group" "service" {
  name                = local.name
  resource_group_name = var.resource_group
  short_name          = substr(var.service, 0, 12)
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = var.alarm_targets

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

resource "azurerm_monitor_metric_alert" "database" {
  for_each = local.database_alarms

  name                = "${local.name}-database-${each.key}"
  description         = "Database of ${local.name}: ${each.value.description}. ${var.owner} answers for it: ${var.runbooks}/${each.value.runbook}.md"
  resource_group_name = var.resource_group
  scopes              = [azurerm_postgresql_flexible_server.service.id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.DBforPostgreSQL/flexibleServers"
    metric_name      = each.value.metric
    aggregation      = "Average"
    operator         = "GreaterThan"
    threshold        = each.value.threshold
  }

  action {
    action_group_id = azurerm_monitor_action_group.service.id
  }
}

resource "azurerm_monitor_metric_alert" "rotation" {
  name                = "${local.name}-rotation"
  description         = "Database of ${local.name}: its password was not rotated; run the workflow again. ${var.owner} answers for it: ${var.runbooks}/PasswordNotRotated.md"
  resource_group_name = var.resource_group
  scopes              = [azurerm_logic_app_workflow.rotation.id]
  severity            = 1
  frequency           = "PT5M"
  window_size         = "PT5M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.Logic/workflows"
    metric_name      = "RunsFailed"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  action {
    action_group_id = azurerm_monitor_action_group.service.id
  }
}

# A standby has no metrics: its loss shows in the health of its server.
resource "azurerm_monitor_activity_log_alert" "database" {
  name                = "${local.name}-database-health"
  description         = "Database of ${local.name}: it or its standby is not available. ${var.owner} answers for it: ${var.runbooks}/DatabaseStandby.md"
  resource_group_name = var.resource_group
  location            = "global"
  scopes              = [azurerm_postgresql_flexible_server.service.id]
  tags                = local.tags

  criteria {
    category = "ResourceHealth"

    resource_health {
      current = ["Degraded", "Unavailable"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.service.id
  }
}
