locals {
  database_name = replace(var.service, "-", "_")

  parameters = {
    "connection_throttle.enable" = "on"
    "log_checkpoints"            = "on"
    "log_connections"            = "on"
    "log_disconnections"         = "on"
    "log_lock_waits"             = "on"
    "log_min_duration_statement" = "1000"
    "log_statement"              = "ddl"
    "max_connections"            = tostring(var.database.max_connections)
    "require_secure_transport"   = "on"
    "ssl_min_protocol_version"   = "TLSv1.2"

    # Neither rows nor arguments: they may be personal data.
    "log_error_verbosity"               = "terse"
    "log_parameter_max_length"          = "0"
    "log_parameter_max_length_on_error" = "0"
  }
}

resource "azurerm_postgresql_flexible_server" "service" {
  #checkov:skip=CKV2_AZURE_57:The server lives in a delegated subnet, which excludes a private endpoint (review by 2027-11)
  #checkov:skip=CKV_AZURE_136:Copies leave the region only where backup_region_key allows it (review by 2027-11)
  name                = "${trim(substr(local.name, 0, 56), "-")}-${local.suffix}"
  resource_group_name = var.resource_group
  location            = var.region
  version             = "18"
  sku_name            = var.database.class

  delegated_subnet_id           = local.database_subnet_id
  private_dns_zone_id           = local.database_dns_zone_id
  public_network_access_enabled = false

  storage_mb        = var.database.storage_gib * 1024
  auto_grow_enabled = true

  backup_retention_days        = var.database.backup_days
  geo_redundant_backup_enabled = var.backup_region_key != null

  administrator_login               = local.database_username
  administrator_password_wo         = local.first_password
  administrator_password_wo_version = 1

  authentication {
    password_auth_enabled         = true
    active_directory_auth_enabled = false
  }

  identity {
    type         = "UserAssigned"
    identity_ids = compact([azurerm_user_assigned_identity.encryption.id, try(var.backup_region_key.identity_id, null)])
  }

  customer_managed_key {
    key_vault_key_id                     = azurerm_key_vault_key.data.versionless_id
    primary_user_assigned_identity_id    = azurerm_user_assigned_identity.encryption.id
    geo_backup_key_vault_key_id          = try(var.backup_region_key.key_id, null)
    geo_backup_user_assigned_identity_id = try(var.backup_region_key.identity_id, null)
  }

  dynamic "high_availability" {
    for_each = var.database.multi_zone ? ["ZoneRedundant"] : []

    content {
      mode = high_availability.value
    }
  }

  maintenance_window {
    day_of_week  = 0
    start_hour   = 3
    start_minute = 0
  }

  tags = local.tags

  lifecycle {
    # The storage grows by itself, and a failover exchanges the zones.
    ignore_changes = [storage_mb, zone, high_availability[0].standby_availability_zone]
  }

  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.database,
    azurerm_role_assignment.encryption,
    azurerm_subnet_network_security_group_association.database,
  ]
}

# Nothing else keeps a server from being deleted; taking the lock away needs a right that the deployer does not have.
resource "azurerm_management_lock" "database" {
  count = var.database.deletion_protection ? 1 : 0

  name       = "keep"
  scope      = azurerm_postgresql_flexible_server.service.id
  lock_level = "CanNotDelete"
  notes      = "The data of ${local.name}; ${var.owner} answers for it."
}

resource "azurerm_postgresql_flexible_server_configuration" "service" {
  for_each = local.parameters

  server_id = azurerm_postgresql_flexible_server.service.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server_database" "service" {
  server_id = azurerm_postgresql_flexible_server.service.id
  name      = local.database_name
  charset   = "UTF8"
  collation = "en_US.utf8"
}
