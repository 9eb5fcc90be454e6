output "image_repository" {
  description = "Where the pipeline pushes images, without tag."
  value       = local.image_repository
}

output "database_id" {
  description = "ID of the database, as the metrics of Cloud SQL name it."
  value       = local.database_id
}

output "database_host" {
  description = "Address of the database."
  value       = google_compute_address.database.address
}

output "database_port" {
  description = "Port of the database."
  value       = local.database_port
}

output "database_name" {
  description = "Name of the service's database."
  value       = google_sql_database.service.name
}

output "database_secret" {
  description = "Name of the secret with username and password."
  value       = google_secret_manager_secret.database.secret_id
}

output "database_ca_certificate" {
  description = "Certificate of the authority that signs the database's certificates, PEM."
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
  description = "Annotations that give the service's Kubernetes account its cloud identity; none on Google Cloud."
  value       = local.service_account_annotations
}

output "pod_labels" {
  description = "Labels that pods need to get the cloud identity; none on Google Cloud."
  value       = local.pod_labels
}

output "secret_store" {
  description = "Provider block of the External Secrets SecretStore."
  value       = local.secret_store
}

output "deployer" {
  description = "What the pipeline needs to log in."
  value = {
    workload_identity_provider = google_iam_workload_identity_pool_provider.pipeline.name
    service_account            = google_service_account.deployer.email
    project                    = data.google_container_cluster.platform.project
    location                   = data.google_container_cluster.platform.location
    cluster                    = data.google_container_cluster.platform.name
  }
}

output "hostname" {
  description = "Name under which clients reach the service."
  value       = var.hostname
}

output "alarm_targets" {
  description = "Whom alarms of your own are sent to: notification channels."
  value       = tolist(var.alarm_targets)
}

output "helm_values" {
  description = "Values of the chart that follow from the infrastructure."
  value = {
    image = {
      repository = local.image_repository
    }
    database = {
      host          = google_compute_address.database.address
      port          = local.database_port
      name          = google_sql_database.service.name
      secret        = google_secret_manager_secret.database.secret_id
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
  image_repository            = "${local.region}-docker.pkg.dev/${local.project}/${google_artifact_registry_repository.service.repository_id}/${var.service}"
  database_ca_certificate     = join("\n", [for authority in data.google_sql_ca_certs.service.certs : authority.cert])
  database_ssl_mode           = "verify-ca"
  service_account_annotations = {}
  pod_labels                  = {}
  secret_store = {
    gcpsm = {
      projectID = local.project
      auth = {
        workloadIdentity = {
          clusterProjectID  = data.google_container_cluster.platform.project
          clusterLocation   = data.google_container_cluster.platform.location
          clusterName       = data.google_container_cluster.platform.name
          serviceAccountRef = { name = local.service_account }
        }
      }
    }
  }
}
