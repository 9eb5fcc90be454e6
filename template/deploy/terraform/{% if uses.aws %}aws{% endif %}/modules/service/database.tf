locals {
  database_version = "18"

  # RDS refuses the key words of SQL, such as catalog and identity: a name of one word becomes longer.
  database_name = strcontains(var.service, "-") ? replace(var.service, "-", "_") : "${var.service}_service"
}

resource "aws_db_instance" "service" {
  identifier     = local.name
  db_name        = local.database_name
  engine         = "postgres"
  engine_version = local.database_version
  instance_class = var.database.class
  port           = 5432

  # Secrets Manager makes the password, keeps it, and replaces it every seven days; Terraform never sees it.
  username                            = "service_owner"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.service.key_id
  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  allocated_storage     = var.database.storage_gib
  max_allocated_storage = var.database.max_storage_gib
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.service.arn

  multi_az               = var.database.multi_zone
  db_subnet_group_name   = aws_db_subnet_group.database.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.service.name

  # With automated backups RDS ships the write-ahead log every five minutes: any second of these days can be restored.
  backup_retention_period   = var.database.backup_days
  backup_window             = "01:00-01:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.database.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${local.name}-final"

  maintenance_window         = "sun:02:00-sun:03:00"
  auto_minor_version_upgrade = true

  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.service.arn
  enabled_cloudwatch_logs_exports = keys(aws_cloudwatch_log_group.database)
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  lifecycle {
    ignore_changes = [db_name] # another name would replace the instance
  }
}

resource "aws_db_parameter_group" "service" {
  name_prefix = "${local.name}-"
  description = "PostgreSQL of ${local.name}"
  family      = "postgres${local.database_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name         = "max_connections"
    value        = var.database.max_connections
    apply_method = "pending-reboot"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  parameter {
    name  = "log_lock_waits"
    value = "1"
  }

  # Neither rows nor arguments: they may be personal data.
  parameter {
    name  = "log_error_verbosity"
    value = "terse"
  }

  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }

  parameter {
    name  = "log_parameter_max_length_on_error"
    value = "0"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# RDS would make them without retention and without the key.
resource "aws_cloudwatch_log_group" "database" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${local.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.service.arn
}

resource "aws_iam_role" "monitoring" {
  name               = "${local.short_name}-monitoring"
  description        = "Lets RDS report the operating system of the database of ${local.name}"
  assume_role_policy = data.aws_iam_policy_document.monitoring_trust.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

data "aws_iam_policy_document" "monitoring_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}
