locals {
  name = "${var.service}-${var.environment}"

  # Servers, vaults and registries share their names with everybody else's.
  suffix = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${local.name}"), 0, 6)

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
