locals {
  # Route 53 asks from public places of its own, in the partition of the commercial regions only.
  outside_check = coalesce(var.outside_check, var.dns_zone != "") && local.partition == "aws"

  # It reports in us-east-1, and an alarm calls topics of its own region.
  outside_topic   = local.outside_check && local.region != "us-east-1" && length(var.outside_alarm_targets) == 0
  outside_targets = local.region == "us-east-1" ? local.alarm_targets : local.outside_topic ? [aws_sns_topic.outside[0].arn] : var.outside_alarm_targets
}

resource "aws_route53_health_check" "outside" {
  count = local.outside_check ? 1 : 0

  type              = "HTTPS"
  fqdn              = var.hostname
  port              = var.port
  resource_path     = "/readyz"
  request_interval  = 30
  failure_threshold = 3
  tags              = { Name = "${local.name}-outside" }
}

resource "aws_cloudwatch_metric_alarm" "outside" {
  count = local.outside_check ? 1 : 0

  region              = "us-east-1"
  alarm_name          = "${local.name}-outside"
  alarm_description   = "${local.name} does not answer from outside. ${var.owner} answers for it: ${var.runbooks}/NotReachable.md"
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = aws_route53_health_check.outside[0].id }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.outside_targets
  ok_actions          = local.outside_targets
}

resource "aws_cloudwatch_metric_alarm" "certificate" {
  count = var.dns_zone == "" ? 0 : 1

  alarm_name          = "${local.name}-certificate"
  alarm_description   = "Certificate of ${var.hostname}: it ends in less than 20 days, and was not renewed. ${var.owner} answers for it: ${var.runbooks}/CertificateExpires.md"
  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = aws_acm_certificate.service[0].arn }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 20
  period              = 86400
  evaluation_periods  = 1
  treat_missing_data  = "ignore"
  alarm_actions       = local.alarm_targets
  ok_actions          = local.alarm_targets
}

resource "aws_sns_topic" "outside" {
  # checkov:skip=CKV_AWS_26: it says no more than that the service does not answer; the key is of another region (review by 2027-11)
  count = local.outside_topic ? 1 : 0

  region = "us-east-1"
  name   = "${local.name}-outside"
}

# The address has to confirm it once, by the link in the first message.
resource "aws_sns_topic_subscription" "outside" {
  count = local.outside_topic ? 1 : 0

  region    = "us-east-1"
  topic_arn = aws_sns_topic.outside[0].arn
  protocol  = "email"
  endpoint  = var.owner_email
}

resource "aws_sns_topic_policy" "outside" {
  count = local.outside_topic ? 1 : 0

  region = "us-east-1"
  arn    = aws_sns_topic.outside[0].arn
  policy = data.aws_iam_policy_document.outside[0].json
}

data "aws_iam_policy_document" "outside" {
  count = local.outside_topic ? 1 : 0

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.outside[0].arn]

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
