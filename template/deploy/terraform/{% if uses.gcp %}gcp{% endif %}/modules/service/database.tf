locals {
  database_port = 5432

  # Enterprise keeps the write-ahead log for a week at most: within these days any second can be restored, before them the
  # state of the daily backups.
  log_days = min(var.database.backup_days, 7)
}

resource "google_sql_database_instance" "service" {
  #checkov:skip=CKV_GCP_6:TLS is enforced; the check wants client certificates too, whose private keys would be in the state (review by 2027-11)
  #checkov:skip=CKV2_GCP_13:A line for every statement costs more than it tells, Query Insights has the durations (review by 2027-11)
  name                = local.name
  region              = local.region
  database_version    = "POSTGRES_18"
  encryption_key_name = google_kms_crypto_key.service.id
  deletion_protection = var.database.deletion_protection

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.database.class
    availability_type           = var.database.multi_zone ? "REGIONAL" : "ZONAL"
    deletion_protection_enabled = var.database.deletion_protection
    retain_backups_on_delete    = true
    user_labels                 = local.labels

    disk_type             = "PD_SSD"
    disk_size             = var.database.storage_gib
    disk_autoresize       = true
    disk_autoresize_limit = var.database.max_storage_gib

    ip_configuration {
      ipv4_enabled   = false
      ssl_mode       = "ENCRYPTED_ONLY"
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA"

      psc_config {
        psc_enabled               = true
        allowed_consumer_projects = toset([local.project, local.network_project])
      }
    }

    backup_configuration {
      enabled                        = true
      location                       = local.region
      start_time                     = "01:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = local.log_days

      backup_retention_settings {
        retained_backups = var.database.backup_days
      }
    }

    maintenance_window {
      day          = 7
      hour         = 2
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = true
      record_client_address   = true
    }

    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 32
      disallow_username_substring = true
    }

    database_flags {
      name  = "max_connections"
      value = var.database.max_connections
    }

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    # No rows, which may be personal data. Arguments are logged of slow statements and by pgaudit only, and neither is on.
    database_flags {
      name  = "log_error_verbosity"
      value = "terse"
    }

    database_flags {
      name  = "log_hostname"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }
  }

  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself, and to shrink it would replace the instance
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_sql_database" "service" {
  name            = replace(var.service, "-", "_")
  instance        = google_sql_database_instance.service.name
  deletion_policy = "ABANDON" # it goes with its instance only
}

# This authority signs for this instance alone, so `verify-ca` accepts no other server. There are two while it is replaced.
data "google_sql_ca_certs" "service" {
  instance = google_sql_database_instance.service.name
}

resource "google_logging_project_bucket_config" "database" {
  project        = local.project
  location       = local.region
  bucket_id      = "${local.name}-database"
  description    = "Logs of the database of ${local.name}"
  retention_days = var.log_retention_days

  cmek_settings {
    kms_key_name = google_kms_crypto_key.service.id
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

resource "google_logging_project_sink" "database" {
  name                   = "${local.name}-database"
  description            = "Logs of the database of ${local.name}, audit records among them"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.database.id}"
  unique_writer_identity = true

  filter = <<-EOT
    resource.type = "cloudsql_database"
    resource.labels.database_id = "${local.database_id}"
  EOT
}
