variable "service" {
  description = "Name of the service; with the environment it is the name of everything made here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.service)) && length(var.service) <= 40
    error_message = "The service must be at most 40 lower-case letters, digits and single dashes, and begin with a letter."
  }
}

variable "environment" {
  description = "Name of the environment; the pipeline deploys to an environment of the same name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment)) && length(var.environment) <= 20
    error_message = "The environment must be at most 20 lower-case letters, digits and single dashes, and begin with a letter."
  }
}

variable "region" {
  description = "Azure region of everything that is made here."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.region))
    error_message = "The region must be a short name such as germanywestcentral."
  }
}

variable "resource_group" {
  description = "Resource group of this service and environment; the bootstrap has made it."
  type        = string
  nullable    = false
}

variable "repository" {
  description = "Path of the source repository, as the pipeline's token names it; only its pipeline may deploy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(@[0-9]+)?(/[A-Za-z0-9_.-]+(@[0-9]+)?)+$", var.repository))
    error_message = "The repository must be a path like owner/name or owner@1/name@2, without host and without wildcards."
  }
}

variable "owner" {
  description = "Team that answers for the service."
  type        = string
  nullable    = false
}

variable "cost_centre" {
  description = "Cost centre that pays for it, as your accounting names it."
  type        = string
  nullable    = false
}

variable "data_class" {
  description = "Class of the data, as your policy names it."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], var.data_class)
    error_message = "The data class must be public, internal, confidential or restricted."
  }
}

variable "standard_version" {
  description = "Version of the template that this comes from, for the tag of that name."
  type        = string
  default     = "unknown"
  nullable    = false
}

variable "cluster" {
  description = <<-EOT
    The AKS cluster that runs the service, with its OIDC issuer, Azure RBAC and its nodes' identity, and the service's
    namespace in it. gateway_address is the IP address of its gateway; empty if external-dns writes the record.
  EOT
  type = object({
    name            = string
    resource_group  = string
    namespace       = string
    gateway_address = optional(string, "")
  })
  nullable = false

  validation {
    condition     = var.cluster.gateway_address == "" || can(cidrhost("${var.cluster.gateway_address}/32", 0))
    error_message = "The gateway's address must be an IPv4 address."
  }
}

variable "network" {
  description = <<-EOT
    Where the database and the private endpoints lie: in a network of their own (create), cut from cidr, a free block of
    /26 or larger, and joined to the peers, which are the networks of the cluster and of the runners that apply this; or in
    given subnets, of which the database's is delegated to Microsoft.DBforPostgreSQL/flexibleServers.
    vault_dns_zone_id and registry_dns_zone_id are the platform's zones privatelink.vaultcore.azure.net and
    privatelink.azurecr.io; flow_log_storage_id is its storage account for flow logs.
  EOT
  type = object({
    create               = bool
    vault_dns_zone_id    = string
    registry_dns_zone_id = string

    cidr                = optional(string)
    peers               = optional(map(object({ name = string, resource_group = string })), {})
    flow_log_storage_id = optional(string)

    database_subnet_id   = optional(string)
    database_dns_zone_id = optional(string)
    database_cidrs       = optional(list(string), [])
    endpoint_subnet_id   = optional(string)
  })
  nullable = false

  validation {
    condition     = !var.network.create || can(cidrsubnet(var.network.cidr, 28 - tonumber(split("/", var.network.cidr)[1]), 3))
    error_message = "An own network needs cidr, a block of /26 or larger such as 10.20.240.0/26."
  }

  validation {
    condition     = !var.network.create || length(var.network.peers) > 0 && var.network.flow_log_storage_id != null
    error_message = "An own network needs peers, without which nobody reaches it, and flow_log_storage_id."
  }

  validation {
    condition = var.network.create || length(var.network.database_cidrs) > 0 && alltrue([
      for id in [var.network.database_subnet_id, var.network.database_dns_zone_id, var.network.endpoint_subnet_id] : id != null
    ])
    error_message = "A given network needs database_subnet_id, database_cidrs, database_dns_zone_id and endpoint_subnet_id."
  }
}

variable "hostname" {
  description = "Name under which clients reach the service, without scheme."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$", var.hostname))
    error_message = "The hostname must be a full domain name without scheme, port and path."
  }
}

variable "dns_zone" {
  description = "ID of the public DNS zone, in this subscription, for the hostname's records; empty if they are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.dns_zone == "" || can(regex("(?i)/resourceGroups/[^/]+/providers/Microsoft.Network/dnsZones/[^/]+$", var.dns_zone))
    error_message = "The DNS zone must be an ID, /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/dnsZones/…."
  }

  validation {
    condition     = var.dns_zone == "" || endswith(".${var.hostname}", ".${basename(var.dns_zone)}")
    error_message = "The hostname must lie in the DNS zone."
  }
}

variable "certificate_authority" {
  description = "Authority that the gateway gets its certificates from, as CAA records name it."
  type        = string
  default     = "letsencrypt.org"
  nullable    = false
}

variable "database" {
  description = "Size and safety of the database. Storage in GiB grows by itself; max_storage_gib is how far it is planned."
  type = object({
    class               = string
    storage_gib         = number
    max_storage_gib     = number
    max_connections     = number
    multi_zone          = bool
    backup_days         = number
    deletion_protection = bool
    planned_connections = optional(number, 0)
  })
  nullable = false

  validation {
    condition     = can(regex("^(B|GP|MO)_Standard_", var.database.class))
    error_message = "The class must be one of Flexible Server, such as GP_Standard_D2ds_v5."
  }

  validation {
    condition     = !(var.database.multi_zone && startswith(var.database.class, "B_"))
    error_message = "A burstable class has no standby: take a general-purpose one, such as GP_Standard_D2ds_v5."
  }

  validation {
    condition     = var.database.backup_days >= 7 && var.database.backup_days <= 35
    error_message = "Backups must be kept for 7 to 35 days."
  }

  validation {
    condition     = contains([32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384], var.database.storage_gib)
    error_message = "The storage must be a power of two from 32 to 16384 GiB."
  }

  validation {
    condition     = var.database.max_storage_gib >= var.database.storage_gib
    error_message = "max_storage_gib must not be less than storage_gib."
  }
}

variable "backup_region_key" {
  description = <<-EOT
    Makes the backups geo-redundant, which can be decided only before the server is made: a key in the paired region, by
    its versioned ID, and the identity that may unwrap with it. Without one the backups stay in the region.
  EOT
  type = object({
    key_id      = string
    identity_id = string
  })
  default = null
}

variable "alarm_targets" {
  description = "E-mail addresses that alarms are sent to."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.alarm_targets) > 0 && alltrue([for target in var.alarm_targets : can(regex("^[^@]+@[^@]+$", target))])
    error_message = "Alarm targets must be e-mail addresses, at least one: an alarm needs somebody who hears it."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 90 && var.log_retention_days <= 365
    error_message = "Logs must be kept for 90 to 365 days."
  }
}

variable "outside_check" {
  description = "Whether the cloud asks the service from the internet if it is ready, and calls if it does not answer; by default where dns_zone is set."
  type        = bool
  default     = null
}

variable "port" {
  description = "Port at which clients reach the service."
  type        = number
  default     = 443
  nullable    = false
}

variable "runbooks" {
  description = "Where the runbooks are read that alarms refer to."
  type        = string
  default     = "docs/runbooks"
  nullable    = false
}
