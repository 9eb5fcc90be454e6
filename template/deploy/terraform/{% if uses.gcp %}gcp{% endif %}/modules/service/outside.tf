locals {
  outside_check = coalesce(var.outside_check, var.dns_zone != "")

  outside_resource = local.outside_check ? join(" AND ", [
    "resource.type = \"uptime_url\"",
    "metric.labels.check_id = \"${google_monitoring_uptime_check_config.outside[0].uptime_check_id}\"",
  ]) : ""
}

# Each minute from several regions.
resource "google_monitoring_uptime_check_config" "outside" {
  count = local.outside_check ? 1 : 0

  display_name = "${local.name}-outside"
  period       = "60s"
  timeout      = "10s"
  user_labels  = local.labels

  http_check {
    path         = "/readyz"
    port         = var.port
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = local.project, host = var.hostname }
  }
}

resource "google_monitoring_alert_policy" "outside" {
  count = local.outside_check ? 1 : 0

  display_name          = "${local.name}-outside"
  combiner              = "OR"
  notification_channels = var.alarm_targets
  user_labels           = local.labels

  documentation {
    content = "${local.name} does not answer from outside. ${var.owner} answers for it: ${var.runbooks}/NotReachable.md"
  }

  conditions {
    display_name = "more than one region gets no answer"

    condition_threshold {
      filter          = "${local.outside_resource} AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "60s"

      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}

resource "google_monitoring_alert_policy" "certificate" {
  count = local.outside_check ? 1 : 0

  display_name          = "${local.name}-certificate"
  combiner              = "OR"
  notification_channels = var.alarm_targets
  user_labels           = local.labels

  documentation {
    content = "Certificate of ${var.hostname}: it ends in less than 14 days, and was not renewed. ${var.owner} answers for it: ${var.runbooks}/CertificateExpires.md"
  }

  conditions {
    display_name = "the certificate ends in less than 14 days"

    condition_threshold {
      filter          = "${local.outside_resource} AND metric.type = \"monitoring.googleapis.com/uptime_check/time_until_ssl_cert_expires\""
      comparison      = "COMPARISON_LT"
      threshold_value = 14
      duration        = "600s"

      aggregations {
        alignment_period     = "1200s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_MIN"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}
