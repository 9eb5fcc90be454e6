# An own network has a subnet that only the database server may use, and one for the private endpoints. Its peers are the
# networks of those who have to reach them: the cluster's, and that of the runners which apply this.

locals {
  database_subnet_id   = var.network.create ? azurerm_subnet.database[0].id : var.network.database_subnet_id
  endpoint_subnet_id   = var.network.create ? azurerm_subnet.endpoints[0].id : var.network.endpoint_subnet_id
  database_dns_zone_id = var.network.create ? azurerm_private_dns_zone.database[0].id : var.network.database_dns_zone_id
  database_cidrs       = var.network.create ? [local.database_cidr] : var.network.database_cidrs

  database_cidr = try(cidrsubnet(var.network.cidr, 2, 0), null)
  endpoint_cidr = try(cidrsubnet(var.network.cidr, 2, 1), null)

  peers      = var.network.create ? var.network.peers : {}
  peer_cidrs = flatten([for network in data.azurerm_virtual_network.peer : network.address_space])
}

resource "azurerm_virtual_network" "own" {
  count = var.network.create ? 1 : 0

  name                = local.name
  resource_group_name = var.resource_group
  location            = var.region
  address_space       = [var.network.cidr]
  tags                = local.tags
}

resource "azurerm_subnet" "database" {
  count = var.network.create ? 1 : 0

  name                            = "database"
  resource_group_name             = var.resource_group
  virtual_network_name            = azurerm_virtual_network.own[0].name
  address_prefixes                = [local.database_cidr]
  default_outbound_access_enabled = false
  # The server ships its write-ahead log to a storage account.
  service_endpoints = ["Microsoft.Storage"]

  delegation {
    name = "postgresql"

    service_delegation {
      name    = "Microsoft.DBforPostgreSQL/flexibleServers"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

resource "azurerm_subnet" "endpoints" {
  count = var.network.create ? 1 : 0

  name                              = "endpoints"
  resource_group_name               = var.resource_group
  virtual_network_name              = azurerm_virtual_network.own[0].name
  address_prefixes                  = [local.endpoint_cidr]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

resource "azurerm_network_security_group" "database" {
  count = var.network.create ? 1 : 0

  name                = "${local.name}-database"
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags

  security_rule {
    name                       = "postgresql-from-peers"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefixes    = local.peer_cidrs
    source_port_range          = "*"
    destination_address_prefix = local.database_cidr
    destination_port_range     = "5432"
  }

  security_rule {
    name                       = "standby-in"
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = local.database_cidr
    source_port_range          = "*"
    destination_address_prefix = local.database_cidr
    destination_port_ranges    = ["5432", "6432"]
  }

  security_rule {
    name                       = "nothing-else-in"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }

  security_rule {
    name                       = "standby-out"
    priority                   = 100
    direction                  = "Outbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = local.database_cidr
    source_port_range          = "*"
    destination_address_prefix = local.database_cidr
    destination_port_ranges    = ["5432", "6432"]
  }

  # The write-ahead log goes to storage; the key comes from a vault, by an identity of the directory.
  dynamic "security_rule" {
    for_each = { Storage = 110, AzureKeyVault = 120, AzureActiveDirectory = 130 }

    content {
      name                       = security_rule.key
      priority                   = security_rule.value
      direction                  = "Outbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = local.database_cidr
      source_port_range          = "*"
      destination_address_prefix = security_rule.key
      destination_port_range     = "443"
    }
  }

  security_rule {
    name                       = "nothing-else-out"
    priority                   = 4096
    direction                  = "Outbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_network_security_group" "endpoints" {
  count = var.network.create ? 1 : 0

  name                = "${local.name}-endpoints"
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags

  security_rule {
    name                       = "https-from-peers"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefixes    = local.peer_cidrs
    source_port_range          = "*"
    destination_address_prefix = local.endpoint_cidr
    destination_port_range     = "443"
  }

  security_rule {
    name                       = "nothing-else-in"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }

  security_rule {
    name                       = "nothing-out"
    priority                   = 4096
    direction                  = "Outbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "database" {
  count = var.network.create ? 1 : 0

  subnet_id                 = azurerm_subnet.database[0].id
  network_security_group_id = azurerm_network_security_group.database[0].id
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  count = var.network.create ? 1 : 0

  subnet_id                 = azurerm_subnet.endpoints[0].id
  network_security_group_id = azurerm_network_security_group.endpoints[0].id
}

data "azurerm_virtual_network" "peer" {
  for_each = local.peers

  name                = each.value.name
  resource_group_name = each.value.resource_group
}

resource "azurerm_virtual_network_peering" "to_peer" {
  for_each = local.peers

  name                      = "${local.name}-to-${each.key}"
  resource_group_name       = var.resource_group
  virtual_network_name      = azurerm_virtual_network.own[0].name
  remote_virtual_network_id = data.azurerm_virtual_network.peer[each.key].id
}

resource "azurerm_virtual_network_peering" "from_peer" {
  for_each = local.peers

  name                      = "${each.key}-to-${local.name}"
  resource_group_name       = each.value.resource_group
  virtual_network_name      = each.value.name
  remote_virtual_network_id = azurerm_virtual_network.own[0].id
}

resource "azurerm_private_dns_zone" "database" {
  count = var.network.create ? 1 : 0

  name                = "${local.name}.private.postgres.database.azure.com"
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  for_each = var.network.create ? merge(
    { own = azurerm_virtual_network.own[0].id },
    { for key, network in data.azurerm_virtual_network.peer : key => network.id },
  ) : {}

  name                  = each.key
  resource_group_name   = var.resource_group
  private_dns_zone_name = azurerm_private_dns_zone.database[0].name
  virtual_network_id    = each.value
  tags                  = local.tags
}

# Azure keeps one network watcher in each region of a subscription, under these names.
resource "azurerm_network_watcher_flow_log" "own" {
  count = var.network.create ? 1 : 0

  name                 = local.name
  network_watcher_name = "NetworkWatcher_${var.region}"
  resource_group_name  = "NetworkWatcherRG"
  location             = var.region
  target_resource_id   = azurerm_virtual_network.own[0].id
  storage_account_id   = var.network.flow_log_storage_id
  enabled              = true
  version              = 2
  tags                 = local.tags

  retention_policy {
    enabled = true
    days    = var.log_retention_days
  }

  traffic_analytics {
    enabled               = true
    interval_in_minutes   = 10
    workspace_id          = azurerm_log_analytics_workspace.service.workspace_id
    workspace_region      = azurerm_log_analytics_workspace.service.location
    workspace_resource_id = azurerm_log_analytics_workspace.service.id
  }
}
