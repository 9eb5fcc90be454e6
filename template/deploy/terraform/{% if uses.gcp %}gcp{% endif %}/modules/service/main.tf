locals {
  name = "${var.service}-${var.environment}"

  # For service accounts, which have at most 30 characters in their names; the longest suffix here has nine.
  short_name = (
    length(local.name) <= 21
    ? local.name
    : "${trimsuffix(substr(local.name, 0, 14), "-")}-${substr(sha256(local.name), 0, 6)}"
  )

  project        = trimprefix(data.google_project.current.id, "projects/")
  project_number = data.google_project.current.number
  region         = regex("^[a-z]+-[a-z]+[0-9]+", var.cluster.location)

  platform_project = coalesce(var.cluster.project, local.project)

  # The provider's default labels, which it gives to everything but what calls them `user_labels`.
  labels = google_kms_crypto_key.service.terraform_labels
}

data "google_project" "current" {}

data "google_project" "platform" {
  project_id = local.platform_project
}

data "google_container_cluster" "platform" {
  project  = local.platform_project
  location = var.cluster.location
  name     = var.cluster.name
}
