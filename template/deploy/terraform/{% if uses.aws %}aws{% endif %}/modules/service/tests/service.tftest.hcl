# Plans against a made-up account; no credentials are needed.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }

  mock_data "aws_eks_cluster" {
    defaults = {
      arn      = "arn:aws:eks:eu-central-1:111122223333:cluster/platform"
      identity = [{ oidc = [{ issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE" }] }]
      vpc_config = [{
        vpc_id                    = "vpc-1"
        cluster_security_group_id = "sg-cluster"
        subnet_ids                = ["subnet-a", "subnet-b", "subnet-c"]
      }]
    }
  }

  mock_data "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111122223333:oidc-provider/issuer" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_ec2_instance_type" {
    defaults = { memory_size = 8192 }
  }

  mock_data "aws_subnet" {
    defaults = { cidr_block = "10.20.8.0/24" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:made" }
  }

  mock_resource "aws_ecr_repository" {
    defaults = { repository_url = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/made" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:made" }
  }

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
      domain_validation_options = [{
        domain_name           = "shop.example.com"
        resource_record_name  = "_1.shop.example.com"
        resource_record_type  = "CNAME"
        resource_record_value = "_2.acm-validations.aws"
      }]
    }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address            = "shop-production.example.eu-central-1.rds.amazonaws.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1-AbCdEf" }]
    }
  }
}

override_data {
  target = data.aws_subnet.cluster["subnet-a"]
  values = { availability_zone = "eu-central-1a" }
}

override_data {
  target = data.aws_subnet.cluster["subnet-b"]
  values = { availability_zone = "eu-central-1b" }
}

override_data {
  target = data.aws_subnet.cluster["subnet-c"]
  values = { availability_zone = "eu-central-1c" }
}

variables {
  service     = "shop-front"
  environment = "production"
  repository  = "acme/shop-front"
  owner       = "Team Shop"
  owner_email = "shop@example.com"
  data_class  = "confidential"
  hostname    = "shop.example.com"
  dns_zone    = "example.com"

  cluster = {
    name            = "platform"
    namespace       = "shop"
    gateway_address = "gateway.elb.eu-central-1.amazonaws.com"
  }

  network = {
    create = true
    cidr   = "10.20.240.0/26"
  }

  database = {
    class               = "db.m7g.large"
    storage_gib         = 100
    max_storage_gib     = 400
    max_connections     = 400
    multi_zone          = true
    backup_days         = 30
    deletion_protection = true
  }
}

run "database_is_safe" {
  command = plan

  assert {
    condition     = aws_db_instance.service.storage_encrypted && aws_kms_key.service.enable_key_rotation
    error_message = "The database must be encrypted with a key that rotates."
  }

  assert {
    condition     = !aws_db_instance.service.publicly_accessible && length(aws_subnet.database) == 3
    error_message = "The database must lie in private subnets of three zones."
  }

  assert {
    condition     = aws_db_instance.service.multi_az && aws_db_instance.service.deletion_protection
    error_message = "In production the database needs a standby and protection from deletion."
  }

  assert {
    condition     = aws_db_instance.service.backup_retention_period == 30 && !aws_db_instance.service.skip_final_snapshot
    error_message = "Backups must be kept as planned, and the last one for good."
  }

  assert {
    condition     = aws_db_instance.service.manage_master_user_password && aws_db_instance.service.password == null
    error_message = "Secrets Manager, and nobody else, must know the password."
  }

  assert {
    condition = {
      for parameter in aws_db_parameter_group.service.parameter : parameter.name => parameter.value
      if contains(["rds.force_ssl", "max_connections"], parameter.name)
    } == { "rds.force_ssl" = "1", "max_connections" = "400" }
    error_message = "The database must refuse connections without TLS, and allow as many as planned."
  }

  assert {
    condition     = aws_db_instance.service.db_name == "shop_front"
    error_message = "The database must be named like the service."
  }
}

run "database_answers_the_cluster_only" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cluster.referenced_security_group_id == "sg-cluster"
    error_message = "Only the cluster's nodes may connect."
  }

  assert {
    condition     = [for subnet in aws_subnet.database : subnet.cidr_block] == ["10.20.240.0/28", "10.20.240.16/28", "10.20.240.32/28"]
    error_message = "The subnets must share the given block."
  }

  assert {
    condition     = keys(aws_flow_log.database) == keys(aws_subnet.database)
    error_message = "Every subnet needs flow logs."
  }
}

run "identities_are_narrow" {
  command = plan

  assert {
    condition = flatten([
      for condition in data.aws_iam_policy_document.service_trust.statement[0].condition : condition.values
    ]) == ["sts.amazonaws.com", "system:serviceaccount:shop:shop-front"]
    error_message = "Only the service's own account may take its role."
  }

  assert {
    condition = strcontains(
      join(" ", flatten([for condition in data.aws_iam_policy_document.deployer_trust.statement[0].condition : condition.values])),
      var.repository,
    )
    error_message = "Only the pipeline of this repository may deploy."
  }
}

run "china_has_addresses_of_its_own" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  override_data {
    target = data.aws_region.current
    values = { region = "cn-north-1" }
  }

  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.service.policy).Statement : statement.Principal.Service
      if statement.Sid == "CloudWatchEncryptsLogs"
    ] == ["logs.cn-north-1.amazonaws.com.cn"]
    error_message = "The logs of this region must be able to use the key."
  }

  assert {
    condition = flatten([
      for condition in data.aws_iam_policy_document.service.statement[1].condition : condition.values
    ]) == ["secretsmanager.cn-north-1.amazonaws.com.cn"]
    error_message = "The pods must be able to decrypt the password."
  }
}

run "alarms_reach_somebody" {
  command = plan

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.database) == ["connections", "cpu", "memory", "storage"]
    error_message = "Every resource of the database needs an alarm."
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.database : name => alarm.threshold
    } == { cpu = 80, memory = 858993459, connections = 320, storage = 10737418240 }
    error_message = "The thresholds must follow the size of the database."
  }

  assert {
    condition     = one(aws_sns_topic_subscription.owner[*].endpoint) == "shop@example.com"
    error_message = "Without another target, the owner must get the alarms."
  }
}

run "outside_is_asked" {
  command = plan

  assert {
    condition     = aws_route53_health_check.outside[0].fqdn == "shop.example.com" && aws_route53_health_check.outside[0].resource_path == "/readyz"
    error_message = "The service must be asked from outside whether it is ready."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.outside[0].region == "us-east-1" && one(aws_sns_topic_subscription.outside[*].endpoint) == "shop@example.com"
    error_message = "Where Route 53 reports, the owner must be told, too."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.outside[0].alarm_description, "docs/runbooks/NotReachable.md")
    error_message = "The alarm must lead to its runbook."
  }
}

run "outside_tells_those_who_are_named" {
  command = plan

  variables {
    outside_alarm_targets = ["arn:aws:sns:us-east-1:111122223333:on-call"]
    port                  = 8443
  }

  assert {
    condition     = length(aws_sns_topic.outside) == 0 && aws_cloudwatch_metric_alarm.outside[0].alarm_actions == var.outside_alarm_targets
    error_message = "Given targets must be used instead of a new topic."
  }

  assert {
    condition     = aws_route53_health_check.outside[0].port == 8443
    error_message = "The service must be asked where clients reach it."
  }
}

run "outside_is_not_asked_of_what_is_internal" {
  command = plan

  variables {
    outside_check = false
  }

  assert {
    condition     = length(aws_route53_health_check.outside) == 0 && length(aws_cloudwatch_metric_alarm.outside) == 0 && length(aws_sns_topic.outside) == 0
    error_message = "An internal service cannot be asked from outside."
  }
}

run "the_plan_is_no_alarm" {
  command = plan

  variables {
    database = {
      class               = "db.m7g.large"
      storage_gib         = 100
      max_storage_gib     = 400
      max_connections     = 400
      multi_zone          = true
      backup_days         = 30
      deletion_protection = true
      planned_connections = 370
    }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.database["connections"].threshold == 370
    error_message = "As many connections as planned are no reason for an alarm."
  }
}

run "given_parts_are_used" {
  command = plan

  variables {
    network       = { create = false, subnet_ids = ["subnet-1", "subnet-2"] }
    alarm_targets = ["arn:aws:sns:eu-central-1:111122223333:on-call"]
    dns_zone      = ""
  }

  assert {
    condition     = length(aws_subnet.database) == 0 && aws_db_subnet_group.database.subnet_ids == toset(["subnet-1", "subnet-2"])
    error_message = "Given subnets must be used instead of new ones."
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && alltrue([for alarm in aws_cloudwatch_metric_alarm.database : alarm.alarm_actions == var.alarm_targets])
    error_message = "Given targets must be used instead of a new topic."
  }

  assert {
    condition     = length(aws_acm_certificate.service) == 0 && length(aws_route53_record.service) == 0
    error_message = "Without a zone there is neither certificate nor record."
  }
}

run "names_that_aws_refuses_are_gone_round" {
  command = plan

  variables {
    service  = "sg"
    hostname = "rehearsal.a-service-with-a-long-name.services.of.a.company.example.com"
  }

  assert {
    condition     = aws_db_instance.service.db_name == "sg_service"
    error_message = "A database of one word may be named like a key word of SQL."
  }

  assert {
    condition     = !startswith(aws_security_group.database.name, "sg-")
    error_message = "What begins with sg- is the ID of a security group."
  }

  assert {
    condition     = aws_acm_certificate.service[0].domain_name == "example.com" && contains(aws_acm_certificate.service[0].subject_alternative_names, var.hostname)
    error_message = "The first name of a certificate must have at most 64 characters."
  }

  assert {
    condition     = toset(keys(aws_route53_record.validation)) == toset(["example.com", var.hostname])
    error_message = "Each name of the certificate must be proven."
  }
}

run "outputs_feed_chart_and_pipeline" {
  assert {
    condition = output.helm_values.database == {
      host          = output.database_host
      port          = output.database_port
      name          = output.database_name
      secret        = output.database_secret
      sslMode       = output.database_ssl_mode
      caCertificate = output.database_ca_certificate
      cidrs         = output.database_cidrs
    }
    error_message = "The chart must get what the outputs say."
  }

  assert {
    condition     = output.helm_values.serviceAccount.annotations["eks.amazonaws.com/role-arn"] == aws_iam_role.service.arn
    error_message = "The service's account must take the service's role."
  }

  assert {
    condition     = output.deployer.role_arn == aws_iam_role.deployer.arn
    error_message = "The pipeline must take the deployer's role."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.database :
      alarm.alarm_actions == toset(output.alarm_targets) && alarm.dimensions.DBInstanceIdentifier == output.database_id
    ])
    error_message = "Alarms elsewhere must be able to watch the same database, and to reach the same people."
  }
}

run "hostname_outside_its_zone" {
  command = plan

  variables {
    dns_zone = "example.org"
  }

  expect_failures = [var.dns_zone]
}

run "no_backups" {
  command = plan

  variables {
    database = {
      class               = "db.m7g.large"
      storage_gib         = 100
      max_storage_gib     = 400
      max_connections     = 400
      multi_zone          = true
      backup_days         = 0
      deletion_protection = true
    }
  }

  expect_failures = [var.database]
}

run "no_place_for_the_database" {
  command = plan

  variables {
    network = { create = false }
  }

  expect_failures = [var.network]
}

run "repository_with_wildcard" {
  command = plan

  variables {
    repository = "acme/*"
  }

  expect_failures = [var.repository]
}
