resource "azurerm_container_registry" "service" {
  #checkov:skip=CKV_AZURE_164:Content trust ends in 2028; images are signed by cosign and verified before they are deployed (review by 2027-11)
  #checkov:skip=CKV_AZURE_165:The cluster that pulls is in one region, and so is the registry (review by 2027-11)
  #checkov:skip=CKV_AZURE_166:Quarantine hides every image until another product releases it; the pipeline scans before it pushes (review by 2027-11)
  #checkov:skip=CKV_AZURE_233:It is in as many zones as the database; not every region has them (review by 2027-11)
  name                          = "${substr(replace(local.name, "-", ""), 0, 44)}${local.suffix}"
  resource_group_name           = var.resource_group
  location                      = var.region
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
  data_endpoint_enabled         = true
  zone_redundancy_enabled       = var.database.multi_zone
  retention_policy_in_days      = 30
  tags                          = local.tags

  lifecycle {
    ignore_changes = [zone_redundancy_enabled] # a change would replace it, and lose the images
  }
}

resource "azurerm_private_endpoint" "registry" {
  name                = "${local.short_name}-registry"
  resource_group_name = var.resource_group
  location            = var.region
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "registry"
    private_connection_resource_id = azurerm_container_registry.service.id
    subresource_names              = ["registry"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "registry"
    private_dns_zone_ids = [var.network.registry_dns_zone_id]
  }
}
