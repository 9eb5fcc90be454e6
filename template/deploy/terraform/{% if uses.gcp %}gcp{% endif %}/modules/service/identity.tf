locals {
  # The chart's service account is named like the release, and the release like the service.
  service_account = var.service

  workload_pool = data.google_container_cluster.platform.workload_identity_config[0].workload_pool
  subject       = "ns/${var.cluster.namespace}/sa/${local.service_account}"
}

# External Secrets reads the secret as this Kubernetes account, which holds the role itself: no other account, no annotation.
resource "google_secret_manager_secret_iam_member" "service" {
  secret_id = google_secret_manager_secret.database.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "principal://iam.googleapis.com/projects/${data.google_project.platform.number}/locations/global/workloadIdentityPools/${local.workload_pool}/subject/${local.subject}"
}
