locals {
  dns_zone = basename(var.dns_zone)
  dns_name = var.hostname == local.dns_zone ? "@" : trimsuffix(var.hostname, ".${local.dns_zone}")
}

resource "azurerm_dns_a_record" "service" {
  count = var.dns_zone != "" && var.cluster.gateway_address != "" ? 1 : 0

  name                = local.dns_name
  zone_name           = local.dns_zone
  resource_group_name = split("/", var.dns_zone)[4]
  ttl                 = 300
  records             = [var.cluster.gateway_address]
  tags                = local.tags
}

# The certificate is the gateway's, by cert-manager or from the platform's vault: no other authority may issue one.
resource "azurerm_dns_caa_record" "service" {
  count = var.dns_zone == "" ? 0 : 1

  name                = local.dns_name
  zone_name           = local.dns_zone
  resource_group_name = split("/", var.dns_zone)[4]
  ttl                 = 3600
  tags                = local.tags

  record {
    flags = 0
    tag   = "issue"
    value = var.certificate_authority
  }

  record {
    flags = 0
    tag   = "issuewild"
    value = ";"
  }
}
