locals {
  outside_check   = coalesce(var.outside_check, var.dns_zone != "")
  outside_address = var.port == 443 ? var.hostname : "${var.hostname}:${var.port}"
}

resource "azurerm_application_insights" "outside" {
  count = local.outside_check ? 1 : 0

  name                = "${local.name}-outside"
  resource_group_name = var.resource_group
  location            = var.region
  application_type    = "web"
  workspace_id        = azurerm_log_analytics_workspace.service.id
  retention_in_days   = 30
  tags                = local.tags
}

# Every five minutes from each of five places, one after the other. It fails, too, when the certificate was not renewed.
resource "azurerm_application_insights_standard_web_test" "outside" {
  count = local.outside_check ? 1 : 0

  name                    = "${local.name}-outside"
  resource_group_name     = var.resource_group
  location                = var.region
  application_insights_id = azurerm_application_insights.outside[0].id
  geo_locations           = ["emea-nl-ams-azr", "emea-gb-db3-azr", "us-va-ash-azr", "us-ca-sjc-azr", "apac-sg-sin-azr"]
  frequency               = 300
  timeout                 = 30
  retry_enabled           = true
  enabled                 = true
  tags                    = local.tags

  request {
    url = "https://${local.outside_address}/readyz"
  }

  validation_rules {
    expected_status_code        = 200
    ssl_check_enabled           = true
    ssl_cert_remaining_lifetime = 14
  }
}

resource "azurerm_monitor_metric_alert" "outside" {
  count = local.outside_check ? 1 : 0

  name                = "${local.name}-outside"
  description         = "${local.name} does not answer from outside, or its certificate ends in less than 14 days. ${var.owner} answers for it: ${var.runbooks}/NotReachable.md"
  resource_group_name = var.resource_group
  scopes              = [azurerm_application_insights_standard_web_test.outside[0].id, azurerm_application_insights.outside[0].id]
  severity            = 1
  frequency           = "PT1M"
  window_size         = "PT5M"
  tags                = local.tags

  application_insights_web_test_location_availability_criteria {
    web_test_id           = azurerm_application_insights_standard_web_test.outside[0].id
    component_id          = azurerm_application_insights.outside[0].id
    failed_location_count = 2
  }

  action {
    action_group_id = azurerm_monitor_action_group.service.id
  }
}
