locals {
  # Four fifths, unless the service itself may have more at its planned peak.
  most_connections = max(floor(var.database.max_connections * 0.8), var.database.planned_connections)

  # What a database runs out of. Each has a value that is not healthy for a quarter of an hour.
  alarms = {
    cpu = {
      metric      = "cpu/utilization"
      threshold   = 0.8
      description = "more than 80 % of the processors are in use"
      runbook     = "DatabaseBusy"
    }
    memory = {
      metric      = "memory/utilization"
      threshold   = 0.9
      description = "less than 10 % of the memory is free"
      runbook     = "DatabaseBusy"
    }
    connections = {
      metric      = "postgresql/num_backends"
      threshold   = local.most_connections
      description = "more than ${local.most_connections} of ${var.database.max_connections} connections are in use"
      runbook     = "DatabaseConnections"
    }
    storage = {
      metric      = "disk/bytes_used"
      threshold   = floor(var.database.max_storage_gib * pow(1024, 3) * 0.8)
      description = "more than 80 % of ${var.database.max_storage_gib} GiB are in use, beyond which it does not grow"
      runbook     = "DatabaseStorage"
    }
  }

  database_id = "${local.project}:${google_sql_database_instance.service.name}"
  database_resource = join(" AND ", [
    "resource.type = \"cloudsql_database\"",
    "resource.labels.database_id = \"${local.database_id}\"",
  ])
}

resource "google_monitoring_alert_policy" "database" {
  for_each = local.alarms

  display_name          = "${local.name}-database-${each.key}"
  combiner              = "OR"
  notification_channels = var.alarm_targets
  user_labels           = local.labels

  documentation {
    content = "Database of ${local.name}: ${each.value.description}. ${var.owner} answers for it: ${var.runbooks}/${each.value.runbook}.md"
  }

  conditions {
    display_name = each.value.description

    condition_threshold {
      filter          = "${local.database_resource} AND metric.type = \"cloudsql.googleapis.com/database/${each.value.metric}\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = "900s"

      # Connections are counted for each database of the instance.
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "standby" {
  count = var.database.multi_zone ? 1 : 0

  display_name          = "${local.name}-database-standby"
  combiner              = "OR"
  notification_channels = var.alarm_targets
  user_labels           = local.labels

  documentation {
    content = "Database of ${local.name}: the standby could not take over, so the loss of a zone would stop the service. ${var.owner} answers for it: ${var.runbooks}/DatabaseStandby.md"
  }

  conditions {
    display_name = "the standby could not take over"

    condition_threshold {
      filter          = "${local.database_resource} AND metric.type = \"cloudsql.googleapis.com/database/available_for_failover\""
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "900s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MEAN"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "rotation" {
  display_name          = "${local.name}-database-rotation"
  combiner              = "OR"
  notification_channels = var.alarm_targets
  user_labels           = local.labels

  documentation {
    content = "Database of ${local.name}: its password was not replaced; the old one is good. The log of the workflow says why, and executing it again is safe. ${var.owner} answers for it: ${var.runbooks}/PasswordNotRotated.md"
  }

  conditions {
    display_name = "an execution of the rotation failed"

    condition_threshold {
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      filter = join(" AND ", [
        "resource.type = \"workflows.googleapis.com/Workflow\"",
        "resource.labels.workflow_id = \"${google_workflows_workflow.rotation.name}\"",
        "metric.type = \"workflows.googleapis.com/finished_execution_count\"",
        "metric.labels.status = \"FAILED\"",
      ])

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
}
