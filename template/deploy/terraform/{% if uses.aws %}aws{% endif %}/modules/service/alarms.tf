locals {
  # Four fifths, unless the service itself may have more at its planned peak.
  most_connections = max(floor(var.database.max_connections * 0.8), var.database.planned_connections)

  gib = pow(1024, 3)

  # What a database runs out of. Each has a value that is not healthy for a quarter of an hour.
  alarms = {
    cpu = {
      metric      = "CPUUtilization"
      comparison  = "GreaterThanThreshold"
      threshold   = 80
      description = "more than 80 % of the processors are in use"
      runbook     = "DatabaseBusy"
    }
    memory = {
      metric      = "FreeableMemory"
      comparison  = "LessThanThreshold"
      threshold   = floor(data.aws_ec2_instance_type.database.memory_size * pow(1024, 2) * 0.1)
      description = "less than 10 % of the memory is free"
      runbook     = "DatabaseBusy"
    }
    connections = {
      metric      = "DatabaseConnections"
      comparison  = "GreaterThanThreshold"
      threshold   = local.most_connections
      description = "more than ${local.most_connections} of ${var.database.max_connections} connections are in use"
      runbook     = "DatabaseConnections"
    }
    storage = {
      metric      = "FreeStorageSpace"
      comparison  = "LessThanThreshold"
      threshold   = floor(var.database.storage_gib * local.gib * 0.1)
      description = "less than 10 % of the storage is free, and it has not grown by itself"
      runbook     = "DatabaseStorage"
    }
  }

  alarm_targets = length(var.alarm_targets) > 0 ? var.alarm_targets : [aws_sns_topic.alarms[0].arn]
}

# A class of RDS has the memory of the EC2 type that it is named after.
data "aws_ec2_instance_type" "database" {
  instance_type = trimprefix(var.database.class, "db.")
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each = local.alarms

  alarm_name          = "${local.name}-database-${each.key}"
  alarm_description   = "Database of ${local.name}: ${each.value.description}. ${var.owner} answers for it: ${var.runbooks}/${each.value.runbook}.md"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = aws_db_instance.service.identifier }
  statistic           = "Average"
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_targets
  ok_actions          = local.alarm_targets
}

resource "aws_sns_topic" "alarms" {
  count = length(var.alarm_targets) > 0 ? 0 : 1

  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.service.arn
}

# The address has to confirm it once, by the link in the first message.
resource "aws_sns_topic_subscription" "owner" {
  count = length(var.alarm_targets) > 0 ? 0 : 1

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.owner_email
}

resource "aws_sns_topic_policy" "alarms" {
  count = length(var.alarm_targets) > 0 ? 0 : 1

  arn    = aws_sns_topic.alarms[0].arn
  policy = data.aws_iam_policy_document.alarms[0].json
}

data "aws_iam_policy_document" "alarms" {
  count = length(var.alarm_targets) > 0 ? 0 : 1

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms[0].arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}
