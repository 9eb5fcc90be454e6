resource "google_artifact_registry_repository" "service" {
  repository_id = local.name
  location      = local.region
  description   = "Images of ${local.name}"
  format        = "DOCKER"
  kms_key_name  = google_kms_crypto_key.service.id

  docker_config {
    immutable_tags = true
  }

  # A signature or an attestation is a version like an image.
  cleanup_policies {
    id     = "keep-last-100-releases"
    action = "KEEP"

    most_recent_versions {
      keep_count = 400
    }
  }

  cleanup_policies {
    id     = "delete-others"
    action = "DELETE"

    condition {
      older_than = "7776000s" # 90 days
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  repository = google_artifact_registry_repository.service.id
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${var.cluster.node_service_account}"
}
