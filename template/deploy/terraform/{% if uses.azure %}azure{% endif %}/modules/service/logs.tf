resource "azurerm_log_analytics_workspace" "service" {
  name                         = local.name
  resource_group_name          = var.resource_group
  location                     = var.region
  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_monitor_diagnostic_setting" "service" {
  for_each = {
    database = azurerm_postgresql_flexible_server.service.id
    registry = azurerm_container_registry.service.id
    rotation = azurerm_logic_app_workflow.rotation.id
    vault    = azurerm_key_vault.service.id
  }

  name                       = "logs"
  target_resource_id         = each.value
  log_analytics_workspace_id = azurerm_log_analytics_workspace.service.id

  enabled_log {
    category_group = "allLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
