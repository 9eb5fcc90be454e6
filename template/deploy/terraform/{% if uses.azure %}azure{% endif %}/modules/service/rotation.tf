# Every month the database gets a new password: in the server, and then in the vault, where External Secrets finds it.
# Connections that are open stay; until the new password has come to the pods, in a minute or two, no new ones are opened.
# The workflow uses Azure's management interface alone and so needs no way into the network. Its first run, by hand after the
# first apply, makes the secret.

locals {
  rotation_days = 30

  rotation_authentication = {
    type     = "ManagedServiceIdentity"
    identity = azurerm_user_assigned_identity.rotation.id
    audience = "https://management.azure.com/"
  }

  # Leaves the password out of the history of the runs.
  rotation_confidential = { secureData = { properties = ["inputs"] } }
}

resource "azurerm_user_assigned_identity" "rotation" {
  name                = "${local.name}-rotation"
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags
}

resource "azurerm_role_definition" "rotation" {
  name        = "${local.name}-rotation"
  description = "Replaces the password of the database of ${local.name}."
  scope       = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${var.resource_group}"

  permissions {
    actions = [
      "Microsoft.DBforPostgreSQL/flexibleServers/read",
      "Microsoft.DBforPostgreSQL/flexibleServers/write",
      "Microsoft.KeyVault/vaults/secrets/write",
    ]
  }
}

resource "azurerm_role_assignment" "rotation" {
  for_each = {
    server = azurerm_postgresql_flexible_server.service.id
    vault  = azurerm_key_vault.service.id
  }

  scope              = each.value
  role_definition_id = azurerm_role_definition.rotation.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.rotation.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_logic_app_workflow" "rotation" {
  name                = "${local.short_name}-rotation"
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.rotation.id]
  }
}

resource "azurerm_logic_app_action_custom" "password" {
  name         = "password"
  logic_app_id = azurerm_logic_app_workflow.rotation.id

  body = jsonencode({
    type                 = "Compose"
    runAfter             = {}
    runtimeConfiguration = local.rotation_confidential
    inputs               = "@concat(toUpper(guid()), '-', guid())"
  })
}

resource "azurerm_logic_app_action_custom" "server" {
  name         = "server"
  logic_app_id = azurerm_logic_app_workflow.rotation.id

  body = jsonencode({
    type                 = "Http"
    runAfter             = { (azurerm_logic_app_action_custom.password.name) = ["Succeeded"] }
    runtimeConfiguration = local.rotation_confidential

    inputs = {
      method         = "PATCH"
      uri            = "https://management.azure.com${azurerm_postgresql_flexible_server.service.id}?api-version=2024-08-01"
      authentication = local.rotation_authentication
      body           = { properties = { administratorLoginPassword = "@{outputs('password')}" } }
    }
  })
}

resource "azurerm_logic_app_action_custom" "vault" {
  name         = "vault"
  logic_app_id = azurerm_logic_app_workflow.rotation.id

  body = jsonencode({
    type                 = "Http"
    runAfter             = { (azurerm_logic_app_action_custom.server.name) = ["Succeeded"] }
    runtimeConfiguration = local.rotation_confidential

    inputs = {
      method         = "PUT"
      uri            = "https://management.azure.com${azurerm_key_vault.service.id}/secrets/${local.database_secret}?api-version=2023-07-01"
      authentication = local.rotation_authentication
      retryPolicy    = { type = "exponential", interval = "PT10S", count = 10 }

      body = {
        tags = local.tags
        properties = {
          contentType = "application/json"
          value       = jsonencode({ username = local.database_username, password = "@{outputs('password')}" })
          attributes = {
            enabled = true
            # In seconds since 1970, three rotations ahead.
            exp = "@div(sub(ticks(addDays(utcNow(), ${3 * local.rotation_days})), ticks('1970-01-01')), 10000000)"
          }
        }
      }
    }
  })
}

resource "azurerm_logic_app_trigger_recurrence" "rotation" {
  name         = "monthly"
  logic_app_id = azurerm_logic_app_workflow.rotation.id
  frequency    = "Day"
  interval     = local.rotation_days
  start_time   = timeadd(plantimestamp(), "${24 * local.rotation_days}h")

  lifecycle {
    ignore_changes = [start_time]
  }

  depends_on = [azurerm_logic_app_action_custom.vault, azurerm_role_assignment.rotation]
}
