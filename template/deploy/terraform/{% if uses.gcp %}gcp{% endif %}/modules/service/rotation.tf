# Every week a workflow gives the database user a new password and publishes it; Terraform never sees one.

resource "google_workflows_workflow" "rotation" {
  name                = local.name
  region              = local.region
  description         = "Gives the database user of ${local.name} a new password"
  service_account     = google_service_account.rotation.id
  call_log_level      = "LOG_ERRORS_ONLY"
  source_contents     = file("${path.module}/rotation.yaml")
  deletion_protection = false

  user_env_vars = {
    INSTANCE = google_sql_database_instance.service.name
    USERNAME = google_sql_user.service.name
    SECRET   = google_secret_manager_secret.database.secret_id
  }
}

resource "google_cloud_scheduler_job" "rotation" {
  name        = "${local.name}-rotation"
  region      = local.region
  description = "Starts the rotation of the database password of ${local.name}"
  schedule    = "0 4 * * 1"
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "POST"
    uri         = "https://workflowexecutions.googleapis.com/v1/${google_workflows_workflow.rotation.id}/executions"

    oauth_token {
      service_account_email = google_service_account.rotation.email
    }
  }

  retry_config {
    retry_count = 3
  }
}

resource "google_service_account" "rotation" {
  account_id  = "${local.short_name}-rotation"
  description = "Rotation of the database password of ${local.name}"
}

resource "google_secret_manager_secret_iam_member" "rotation" {
  secret_id = google_secret_manager_secret.database.id
  role      = "roles/secretmanager.secretVersionManager"
  member    = google_service_account.rotation.member
}

resource "google_project_iam_custom_role" "change_password" {
  role_id     = replace("${local.short_name}-change-password", "-", "_")
  title       = "Change passwords of ${local.short_name}"
  permissions = ["cloudsql.users.update"]
}

resource "google_project_iam_member" "rotation_changes_password" {
  project = local.project
  role    = google_project_iam_custom_role.change_password.id
  member  = google_service_account.rotation.member

  condition {
    title      = "this instance"
    expression = "resource.name == 'projects/${local.project}/instances/${google_sql_database_instance.service.name}' && resource.service == 'sqladmin.googleapis.com'"
  }
}

# Random bytes, the progress of an operation, a log line and the start of a workflow cannot be granted for one resource.
resource "google_project_iam_custom_role" "run_rotation" {
  role_id = replace("${local.short_name}-run-rotation", "-", "_")
  title   = "Run the rotation of ${local.short_name}"
  permissions = [
    "cloudkms.locations.generateRandomBytes",
    "cloudsql.instances.get",
    "logging.logEntries.create",
    "workflows.executions.create",
  ]
}

resource "google_project_iam_member" "rotation_runs" {
  project = local.project
  role    = google_project_iam_custom_role.run_rotation.id
  member  = google_service_account.rotation.member
}
