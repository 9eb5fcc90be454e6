locals {
  cluster_issuer = trimprefix(data.aws_eks_cluster.platform.identity[0].oidc[0].issuer, "https://")

  # The chart's service account is named like the release, and the release like the service.
  service_account = var.service
}

data "aws_iam_openid_connect_provider" "cluster" {
  url = "https://${local.cluster_issuer}"
}

# What the service's pods, and External Secrets in their name, may do in this account.
resource "aws_iam_role" "service" {
  name               = local.short_name
  description        = "Pods of ${var.service} in ${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.service_trust.json
}

resource "aws_iam_role_policy" "service" {
  name   = "read-database-secret"
  role   = aws_iam_role.service.id
  policy = data.aws_iam_policy_document.service.json
}

data "aws_iam_policy_document" "service_trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [data.aws_iam_openid_connect_provider.cluster.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.cluster_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.cluster_issuer}:sub"
      values   = ["system:serviceaccount:${var.cluster.namespace}:${local.service_account}"]
    }
  }
}

data "aws_iam_policy_document" "service" {
  statement {
    sid       = "ReadDatabaseSecret"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [aws_db_instance.service.master_user_secret[0].secret_arn]
  }

  statement {
    sid       = "DecryptDatabaseSecret"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.service.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${local.region}.${local.dns_suffix}"]
    }
  }
}
