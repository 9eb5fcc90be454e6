output "image_repository" {
  description = "Where the pipeline pushes images, without tag."
  value       = local.image_repository
}

output "database_id" {
  description = "ID of the database server, as the scope of alarms and roles."
  value       = azurerm_postgresql_flexible_server.service.id
}

output "database_host" {
  description = "Address of the database."
  value       = azurerm_postgresql_flexible_server.service.fqdn
}

output "database_port" {
  description = "Port of the database."
  value       = local.database_port
}

output "database_name" {
  description = "Name of the service's database."
  value       = azurerm_postgresql_flexible_server_database.service.name
}

output "database_secret" {
  description = "Name of the secret with username and password in the vault."
  value       = local.database_secret
}

output "database_ca_certificate" {
  description = "Certificates of the authorities that sign the database's certificates, PEM."
  value       = local.database_ca_certificate
}

output "database_ssl_mode" {
  description = "How clients check the database's certificate, as libpq names it."
  value       = local.database_ssl_mode
}

output "database_cidrs" {
  description = "Address blocks that the database may be in, for network policies."
  value       = local.database_cidrs
}

output "service_account_annotations" {
  description = "Annotations that give the service's Kubernetes account its cloud identity."
  value       = local.service_account_annotations
}

output "pod_labels" {
  description = "Labels that pods need to get the cloud identity."
  value       = local.pod_labels
}

output "secret_store" {
  description = "Provider block of the External Secrets SecretStore."
  value       = local.secret_store
}

output "deployer" {
  description = "What the pipeline needs to log in."
  value = {
    client_id       = azurerm_user_assigned_identity.deployer.client_id
    tenant_id       = data.azurerm_client_config.current.tenant_id
    subscription_id = data.azurerm_client_config.current.subscription_id
    cluster         = var.cluster.name
    resource_group  = var.cluster.resource_group
  }
}

output "hostname" {
  description = "Name under which clients reach the service."
  value       = var.hostname
}

output "alarm_targets" {
  description = "Whom alarms of your own are sent to: IDs of action groups."
  value       = [azurerm_monitor_action_group.service.id]
}

output "helm_values" {
  description = "Values of the chart that follow from the infrastructure."
  value = {
    image = {
      repository = local.image_repository
    }
    database = {
      host          = azurerm_postgresql_flexible_server.service.fqdn
      port          = local.database_port
      name          = azurerm_postgresql_flexible_server_database.service.name
      secret        = local.database_secret
      sslMode       = local.database_ssl_mode
      caCertificate = local.database_ca_certificate
      cidrs         = local.database_cidrs
    }
    serviceAccount = {
      annotations = local.service_account_annotations
    }
    podLabels   = local.pod_labels
    secretStore = local.secret_store
    route = {
      hostname = var.hostname
    }
  }
}

locals {
  image_repository = "${azurerm_container_registry.service.login_server}/${var.service}"

  database_port     = 5432
  database_ssl_mode = "verify-full"

  # The roots that Azure's certificates for PostgreSQL come from: DigiCert Global Root G2 and Microsoft RSA Root 2017.
  database_ca_certificate = file("${path.module}/database-ca.pem")

  service_account_annotations = {
    "azure.workload.identity/client-id" = azurerm_user_assigned_identity.service.client_id
    "azure.workload.identity/tenant-id" = data.azurerm_client_config.current.tenant_id
  }
  pod_labels = { "azure.workload.identity/use" = "true" }

  secret_store = {
    azurekv = {
      authType          = "WorkloadIdentity"
      vaultUrl          = azurerm_key_vault.service.vault_uri
      serviceAccountRef = { name = local.service_account }
    }
  }
}
