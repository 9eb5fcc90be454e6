locals {
  # The first name of a certificate has at most 64 characters; a longer one comes after that of its zone.
  certified_names = var.dns_zone == "" ? [] : distinct([length(var.hostname) <= 64 ? var.hostname : var.dns_zone, var.hostname])
}

# The load balancer controller finds the certificate by the hostname of the route.
resource "aws_acm_certificate" "service" {
  count = var.dns_zone == "" ? 0 : 1

  domain_name               = local.certified_names[0]
  subject_alternative_names = local.certified_names
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_route53_zone" "service" {
  count = var.dns_zone == "" ? 0 : 1

  name = var.dns_zone
}

resource "aws_route53_record" "validation" {
  for_each = toset(local.certified_names)

  zone_id = data.aws_route53_zone.service[0].zone_id
  name    = one([for proof in aws_acm_certificate.service[0].domain_validation_options : proof.resource_record_name if proof.domain_name == each.value])
  type    = "CNAME"
  records = [for proof in aws_acm_certificate.service[0].domain_validation_options : proof.resource_record_value if proof.domain_name == each.value]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "service" {
  count = var.dns_zone == "" ? 0 : 1

  certificate_arn         = aws_acm_certificate.service[0].arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_route53_record" "service" {
  count = var.dns_zone == "" || var.cluster.gateway_address == "" ? 0 : 1

  zone_id = data.aws_route53_zone.service[0].zone_id
  name    = var.hostname
  type    = "CNAME"
  records = [var.cluster.gateway_address]
  ttl     = 300
}
