locals {
  vpc_id = data.aws_eks_cluster.platform.vpc_config[0].vpc_id

  # The zones that the cluster has, three at most. A standby needs a second one even where it is not in use yet.
  cluster_zones = sort(distinct([for subnet in data.aws_subnet.cluster : subnet.availability_zone]))
  subnet_cidrs = var.network.create ? {
    for index, zone in slice(local.cluster_zones, 0, min(3, length(local.cluster_zones))) :
    zone => cidrsubnet(var.network.cidr, 28 - tonumber(split("/", var.network.cidr)[1]), index)
  } : {}

  subnet_ids     = var.network.create ? [for subnet in aws_subnet.database : subnet.id] : var.network.subnet_ids
  database_cidrs = var.network.create ? values(local.subnet_cidrs) : sort([for subnet in data.aws_subnet.given : subnet.cidr_block])
}

data "aws_subnet" "cluster" {
  for_each = var.network.create ? data.aws_eks_cluster.platform.vpc_config[0].subnet_ids : []

  id = each.value
}

data "aws_subnet" "given" {
  for_each = var.network.create ? [] : var.network.subnet_ids

  id     = each.value
  vpc_id = local.vpc_id
}

resource "aws_subnet" "database" {
  for_each = local.subnet_cidrs

  vpc_id            = local.vpc_id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${local.name}-database-${each.key}" }
}

# No route but the VPC's own: the database neither reaches the internet nor is reached from there.
resource "aws_route_table" "database" {
  count = var.network.create ? 1 : 0

  vpc_id = local.vpc_id

  tags = { Name = "${local.name}-database" }
}

resource "aws_route_table_association" "database" {
  for_each = aws_subnet.database

  subnet_id      = each.value.id
  route_table_id = aws_route_table.database[0].id
}

resource "aws_db_subnet_group" "database" {
  name        = local.name
  description = "Where the database of ${local.name} lies"
  subnet_ids  = local.subnet_ids
}

resource "aws_security_group" "database" {
  name        = replace("${local.name}-database", "/^sg-/", "sg_") # what begins with sg- is an ID
  description = "Database of ${local.name}: answers the cluster, and opens no connection itself"
  vpc_id      = local.vpc_id

  tags = { Name = "${local.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "cluster" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from the nodes of the cluster"
  referenced_security_group_id = data.aws_eks_cluster.platform.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.service.port
  to_port                      = aws_db_instance.service.port
}

resource "aws_cloudwatch_log_group" "flow" {
  count = var.network.create ? 1 : 0

  name              = "/${local.name}/flow"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.service.arn
}

resource "aws_flow_log" "database" {
  for_each = aws_subnet.database

  subnet_id       = each.value.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow[0].arn
  iam_role_arn    = aws_iam_role.flow[0].arn
}

resource "aws_iam_role" "flow" {
  count = var.network.create ? 1 : 0

  name               = "${local.short_name}-flow"
  description        = "Writes the flow logs of the subnets of ${local.name}"
  assume_role_policy = data.aws_iam_policy_document.flow_trust.json
}

resource "aws_iam_role_policy" "flow" {
  count = var.network.create ? 1 : 0

  name   = "write-flow-logs"
  role   = aws_iam_role.flow[0].id
  policy = data.aws_iam_policy_document.flow[0].json
}

data "aws_iam_policy_document" "flow_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  count = var.network.create ? 1 : 0

  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flow[0].arn}:*"]
  }
}
