# The load balancer controller finds the certificate by the hostname of the route.
resource "aws_acm_certificate" "service" {
  count = var.dns_zone == "" ? 0 : 1

  domain_name       = var.hostname
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_route53_zone" "service" {
  count = var.dns_zone == "" ? 0 : 1

  name = var.dns_zone
}

resource "aws_route53_record" "validation" {
  count = var.dns_zone == "" ? 0 : 1

  zone_id = data.aws_route53_zone.service[0].zone_id
  name    = one(aws_acm_certificate.service[0].domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.service[0].domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.service[0].domain_validation_options).resource_record_value]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "service" {
  count = var.dns_zone == "" ? 0 : 1

  certificate_arn         = aws_acm_certificate.service[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "service" {
  count = var.dns_zone == "" || var.cluster.gateway_address == "" ? 0 : 1

  zone_id = data.aws_route53_zone.service[0].zone_id
  name    = var.hostname
  type    = "CNAME"
  records = [var.cluster.gateway_address]
  ttl     = 300
}
