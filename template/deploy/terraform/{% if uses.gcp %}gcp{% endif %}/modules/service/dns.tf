locals {
  zone = var.dns_zone == "" ? "" : one([
    for zone in data.google_dns_managed_zones.all[0].managed_zones : zone.name
    if zone.dns_name == "${var.dns_zone}." && zone.visibility == "public"
  ])

  certified = var.dns_zone != "" && var.cluster.certificate_map != ""
}

data "google_dns_managed_zones" "all" {
  count = var.dns_zone == "" ? 0 : 1

  lifecycle {
    postcondition {
      condition     = contains([for zone in self.managed_zones : zone.dns_name if zone.visibility == "public"], "${var.dns_zone}.")
      error_message = "This project has no public zone for the domain in dns_zone."
    }
  }
}

# The gateway's load balancer belongs to the cluster's project and takes certificates of that project only.
resource "google_certificate_manager_certificate_map_entry" "service" {
  count = local.certified ? 1 : 0

  project      = local.platform_project
  name         = local.name
  map          = var.cluster.certificate_map
  hostname     = var.hostname
  certificates = [google_certificate_manager_certificate.service[0].id]
}

resource "google_certificate_manager_certificate" "service" {
  count = local.certified ? 1 : 0

  project     = local.platform_project
  name        = local.name
  description = "Certificate of ${var.hostname}"

  managed {
    domains            = [var.hostname]
    dns_authorizations = [google_certificate_manager_dns_authorization.service[0].id]
  }
}

resource "google_certificate_manager_dns_authorization" "service" {
  count = local.certified ? 1 : 0

  project     = local.platform_project
  name        = local.name
  description = "That ${var.hostname} is ours"
  domain      = var.hostname
}

resource "google_dns_record_set" "authorization" {
  count = local.certified ? 1 : 0

  managed_zone = local.zone
  name         = google_certificate_manager_dns_authorization.service[0].dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.service[0].dns_resource_record[0].type
  rrdatas      = [google_certificate_manager_dns_authorization.service[0].dns_resource_record[0].data]
  ttl          = 300
}

resource "google_dns_record_set" "service" {
  count = var.dns_zone == "" || var.cluster.gateway_address == "" ? 0 : 1

  managed_zone = local.zone
  name         = "${var.hostname}."
  type         = "A"
  rrdatas      = [var.cluster.gateway_address]
  ttl          = 300
}
