locals {
  database_username = "service"
  database_secret   = "database"

  # Nobody knows it: the first rotation replaces it, and puts the new one into the vault. The argument that takes it is
  # write-only, so no plan and no state hold it. 244 random bits, in characters that a URL takes as they are, of all kinds.
  first_password = "${upper(uuid())}-${uuid()}"
}

resource "azurerm_key_vault" "service" {
  name                          = "${trim(substr(var.service, 0, 17), "-")}-${local.suffix}"
  resource_group_name           = var.resource_group
  location                      = var.region
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "premium"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = false
  tags                          = local.tags

  network_acls {
    default_action = "Deny"
    bypass         = "AzureServices" # the database server unwraps its key as one of them
  }
}

resource "azurerm_private_endpoint" "vault" {
  name                = "${local.short_name}-vault"
  resource_group_name = var.resource_group
  location            = var.region
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "vault"
    private_connection_resource_id = azurerm_key_vault.service.id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vault"
    private_dns_zone_ids = [var.network.vault_dns_zone_id]
  }

  # The key is made through it, by a runner in a peer.
  depends_on = [azurerm_virtual_network_peering.from_peer, azurerm_virtual_network_peering.to_peer]
}

# Encrypts the database and its backups. Who disables or deletes it takes the data away.
resource "azurerm_key_vault_key" "data" {
  name            = "data"
  key_vault_id    = azurerm_key_vault.service.id
  key_type        = "RSA-HSM"
  key_size        = 3072
  key_opts        = ["unwrapKey", "wrapKey"]
  expiration_date = timeadd(plantimestamp(), "17520h")
  tags            = local.tags

  rotation_policy {
    expire_after         = "P2Y"
    notify_before_expiry = "P90D"

    automatic {
      time_after_creation = "P1Y"
    }
  }

  lifecycle {
    ignore_changes = [expiration_date] # each rotation sets a date of its own
  }

  depends_on = [azurerm_private_endpoint.vault]
}

resource "azurerm_user_assigned_identity" "encryption" {
  name                = "${local.name}-encryption"
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags
}

resource "azurerm_role_assignment" "encryption" {
  scope                = azurerm_key_vault_key.data.resource_versionless_id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.encryption.principal_id
  principal_type       = "ServicePrincipal"
}

# The rotation makes and replaces the secret. Terraform, which would read it for every plan, does not know it.
removed {
  from = azurerm_key_vault_secret.database

  lifecycle {
    destroy = false
  }
}
