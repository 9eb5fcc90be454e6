# One key for everything at rest: the database with its backups, its password, its logs, and the images.
resource "google_kms_key_ring" "service" {
  name     = local.name
  location = local.region
}

resource "google_kms_crypto_key" "service" {
  #checkov:skip=CKV_GCP_82:An environment can be removed with its key, which then can be restored for 30 days (review by 2027-11)
  name                       = "data"
  key_ring                   = google_kms_key_ring.service.id
  rotation_period            = "7776000s" # 90 days
  destroy_scheduled_duration = "2592000s" # 30 days

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = contains(["confidential", "restricted"], var.data_class) ? "HSM" : "SOFTWARE"
  }
}

data "google_logging_project_cmek_settings" "current" {
  project = local.project
}

# Google's own accounts that store for the service; see the README for those that a new project does not have yet.
resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = {
    cloud_sql         = "service-${local.project_number}@gcp-sa-cloud-sql.iam.gserviceaccount.com"
    secret_manager    = "service-${local.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    artifact_registry = "service-${local.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    logging           = data.google_logging_project_cmek_settings.current.service_account_id
  }

  crypto_key_id = google_kms_crypto_key.service.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"
}

locals {
  # The arguments that take it are write-only: it is in no plan and in no state, and the first rotation replaces it.
  first_password = "${uuid()}-${uuid()}"
}

resource "google_sql_user" "service" {
  name                = "service_owner"
  instance            = google_sql_database_instance.service.name
  password_wo         = local.first_password
  password_wo_version = 1
  deletion_policy     = "ABANDON" # PostgreSQL does not drop the owner of tables
}

resource "google_secret_manager_secret" "database" {
  secret_id           = "${local.name}-database"
  deletion_protection = var.database.deletion_protection

  replication {
    user_managed {
      replicas {
        location = local.region

        customer_managed_encryption {
          kms_key_name = google_kms_crypto_key.service.id
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_secret_manager_secret_version" "first" {
  secret                 = google_secret_manager_secret.database.id
  secret_data_wo         = jsonencode({ username = google_sql_user.service.name, password = local.first_password })
  secret_data_wo_version = 1
  deletion_policy        = "ABANDON"

  lifecycle {
    ignore_changes = [enabled] # the rotation disables what it has replaced
  }
}
