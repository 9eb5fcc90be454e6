# Private Service Connect: the database has no address but that of an endpoint in the cluster's network.

locals {
  network    = data.google_container_cluster.platform.network
  subnetwork = var.network.create ? google_compute_subnetwork.database[0].id : var.network.subnetwork

  # A network that is shared belongs to another project.
  network_project = split("/", local.network)[1]
  database_cidrs  = ["${google_compute_address.database.address}/32"]
}

resource "google_compute_subnetwork" "database" {
  count = var.network.create ? 1 : 0

  name                     = local.name
  description              = "Where the database of ${local.name} is reached"
  project                  = local.network_project
  network                  = local.network
  region                   = local.region
  ip_cidr_range            = var.network.cidr
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
    flow_sampling        = 1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_address" "database" {
  name         = local.name
  region       = local.region
  subnetwork   = local.subnetwork
  address_type = "INTERNAL"
}

resource "google_compute_forwarding_rule" "database" {
  name                  = local.name
  region                = local.region
  network               = local.network
  ip_address            = google_compute_address.database.id
  target                = google_sql_database_instance.service.psc_service_attachment_link
  load_balancing_scheme = ""
}
