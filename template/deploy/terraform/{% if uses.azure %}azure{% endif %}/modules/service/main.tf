locals {
  name = "${var.service}-${var.environment}"

  # Servers, vaults and registries share their names with everybody else's.
  suffix = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${local.name}"), 0, 6)

  # For workflows, which have at most 43 characters in their names, and private endpoints; the longest suffix has nine.
  short_name = length(local.name) <= 34 ? local.name : "${trimsuffix(substr(local.name, 0, 27), "-")}-${local.suffix}"

  # The provider adds no tags by itself.
  tags = {
    service          = var.service
    environment      = var.environment
    owner            = var.owner
    cost-centre      = var.cost_centre
    data-class       = var.data_class
    managed-by       = "terraform"
    standard-version = var.standard_version
  }
}

data "azurerm_client_config" "current" {}

data "azurerm_kubernetes_cluster" "platform" {
  name                = var.cluster.name
  resource_group_name = var.cluster.resource_group
}
