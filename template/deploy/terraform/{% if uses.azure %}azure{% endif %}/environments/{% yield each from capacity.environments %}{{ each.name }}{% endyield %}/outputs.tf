output "image_repository" {
  description = "Where the pipeline pushes images, without tag."
  value       = module.service.image_repository
}

output "database_id" {
  description = "ID of the database server, as the scope of alarms and roles."
  value       = module.service.database_id
}

output "database_host" {
  description = "Address of the database."
  value       = module.service.database_host
}

output "database_port" {
  description = "Port of the database."
  value       = module.service.database_port
}

output "database_name" {
  description = "Name of the service's database."
  value       = module.service.database_name
}

output "database_secret" {
  description = "Name of the secret with username and password in the vault."
  value       = module.service.database_secret
}

output "database_ca_certificate" {
  description = "Certificates of the authorities that sign the database's certificates, PEM."
  value       = module.service.database_ca_certificate
}

output "database_ssl_mode" {
  description = "How clients check the database's certificate, as libpq names it."
  value       = module.service.database_ssl_mode
}

output "database_cidrs" {
  description = "Address blocks that the database may be in, for network policies."
  value       = module.service.database_cidrs
}

output "service_account_annotations" {
  description = "Annotations that give the service's Kubernetes account its cloud identity."
  value       = module.service.service_account_annotations
}

output "pod_labels" {
  description = "Labels that pods need to get the cloud identity."
  value       = module.service.pod_labels
}

output "secret_store" {
  description = "Provider block of the External Secrets SecretStore."
  value       = module.service.secret_store
}

output "deployer" {
  description = "What the pipeline needs to log in."
  value       = module.service.deployer
}

output "hostname" {
  description = "Name under which clients reach the service."
  value       = module.service.hostname
}

output "alarm_targets" {
  description = "Whom alarms of your own are sent to: IDs of action groups."
  value       = module.service.alarm_targets
}

output "helm_values" {
  description = "Values of the chart that follow from the infrastructure."
  value       = module.service.helm_values
}
