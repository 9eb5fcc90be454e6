locals {
  name = "${var.service}-${var.environment}"

  # For roles, which have at most 64 characters in their names; the longest suffix here has eleven.
  short_name = (
    length(local.name) <= 53
    ? local.name
    : "${trimsuffix(substr(local.name, 0, 46), "-")}-${substr(sha256(local.name), 0, 6)}"
  )

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_eks_cluster" "platform" {
  name = var.cluster.name
}
