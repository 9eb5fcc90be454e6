locals {
  # The chart's service account is named like the release, and the release like the service.
  service_account = var.service

  token_audience = ["api://AzureADTokenExchange"]
}

# What the service's pods, and External Secrets in their name, may do: read the secrets of the service's own vault, such as
# the database's password.
resource "azurerm_user_assigned_identity" "service" {
  name                = local.name
  resource_group_name = var.resource_group
  location            = var.region
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "service" {
  name                      = "kubernetes"
  user_assigned_identity_id = azurerm_user_assigned_identity.service.id
  issuer                    = data.azurerm_kubernetes_cluster.platform.oidc_issuer_url
  subject                   = "system:serviceaccount:${var.cluster.namespace}:${local.service_account}"
  audience                  = local.token_audience
}

resource "azurerm_role_assignment" "service" {
  scope                = azurerm_key_vault.service.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.service.principal_id
  principal_type       = "ServicePrincipal"
}

# The cluster's nodes pull the images.
resource "azurerm_role_assignment" "pull" {
  scope                = azurerm_container_registry.service.id
  role_definition_name = "AcrPull"
  principal_id         = data.azurerm_kubernetes_cluster.platform.kubelet_identity[0].object_id
  principal_type       = "ServicePrincipal"
}
