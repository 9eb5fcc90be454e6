output "image_repository" {
  description = "Where the pipeline pushes images, without tag."
  value       = aws_ecr_repository.service.repository_url
}

output "database_id" {
  description = "Identifier of the database, as the metrics of RDS name it."
  value       = aws_db_instance.service.identifier
}

output "database_host" {
  description = "Address of the database."
  value       = aws_db_instance.service.address
}

output "database_port" {
  description = "Port of the database."
  value       = aws_db_instance.service.port
}

output "database_name" {
  description = "Name of the service's database."
  value       = aws_db_instance.service.db_name
}

output "database_secret" {
  description = "ARN, which Secrets Manager takes as a name, of the secret with username and password."
  value       = aws_db_instance.service.master_user_secret[0].secret_arn
}

output "database_ca_certificate" {
  description = "Certificate of the authority that signs the database's certificates, PEM."
  value       = local.database_ca_certificate
}

output "database_ssl_mode" {
  description = "How clients check the database's certificate, as libpq names it."
  value       = "verify-full"
}

output "database_cidrs" {
  description = "Address blocks that the database may be in, for network policies."
  value       = local.database_cidrs
}

output "service_account_annotations" {
  description = "Annotations that give the service's Kubernetes account its cloud identity."
  value       = local.service_account_annotations
}

output "pod_labels" {
  description = "Labels that pods need to get the cloud identity; none on AWS."
  value       = local.pod_labels
}

output "secret_store" {
  description = "Provider block of the External Secrets SecretStore."
  value       = local.secret_store
}

output "deployer" {
  description = "What the pipeline needs to log in."
  value = {
    role_arn = aws_iam_role.deployer.arn
    region   = local.region
    cluster  = data.aws_eks_cluster.platform.name
  }
}

output "hostname" {
  description = "Name under which clients reach the service."
  value       = var.hostname
}

output "alarm_targets" {
  description = "Whom alarms of your own are sent to: ARNs of SNS topics."
  value       = tolist(local.alarm_targets)
}

output "helm_values" {
  description = "Values of the chart that follow from the infrastructure."
  value = {
    image = {
      repository = aws_ecr_repository.service.repository_url
    }
    database = {
      host          = aws_db_instance.service.address
      port          = aws_db_instance.service.port
      name          = aws_db_instance.service.db_name
      secret        = aws_db_instance.service.master_user_secret[0].secret_arn
      sslMode       = "verify-full"
      caCertificate = local.database_ca_certificate
      cidrs         = local.database_cidrs
    }
    serviceAccount = {
      annotations = local.service_account_annotations
    }
    podLabels   = local.pod_labels
    secretStore = local.secret_store
    route = {
      hostname = var.hostname
    }
  }
}

locals {
  database_ca_certificate     = file("${path.module}/rds-ca.pem")
  pod_labels                  = {}
  service_account_annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.service.arn }
  secret_store = {
    aws = {
      service = "SecretsManager"
      region  = local.region
      auth    = { jwt = { serviceAccountRef = { name = local.service_account } } }
    }
  }
}
