variable "repository" {
  description = "Path of the source repository, as the pipeline's token names it."
  type        = string
  nullable    = false
}

variable "cost_centre" {
  description = "Cost centre that pays for the service, as your accounting names it."
  type        = string
  nullable    = false
}

variable "cluster" {
  description = "The AKS cluster and the service's namespace in it; see the module."
  type = object({
    name            = string
    resource_group  = string
    namespace       = string
    gateway_address = optional(string, "")
  })
  nullable = false
}

variable "network" {
  description = "The network of the database and the private endpoints: its own, or given subnets; see the module."
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
}

variable "dns_zone" {
  description = "ID of the public DNS zone of the hostname; empty if its records are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false
}

variable "backup_region_key" {
  description = "Key in the paired region and the identity that unwraps with it, for geo-redundant backups; see the module."
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
}

variable "outside_check" {
  description = "Whether the cloud asks the service from the internet if it is ready; by default where dns_zone is set."
  type        = bool
  default     = null
}
