variable "project" {
  description = "Google Cloud project that everything is made in."
  type        = string
  nullable    = false
}

variable "cost_centre" {
  description = "Cost centre that pays for the service, as your accounting names it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9_-]{1,63}$", var.cost_centre))
    error_message = "The cost centre must be at most 63 lower-case letters, digits, dashes and underscores: it is a label."
  }
}

variable "cluster" {
  description = "The GKE cluster and the service's namespace in it; see the module."
  type = object({
    project              = optional(string, "")
    location             = string
    name                 = string
    namespace            = string
    node_service_account = string
    gateway_address      = optional(string, "")
    certificate_map      = optional(string, "")
  })
  nullable = false
}

variable "network" {
  description = "Where the database is reached: in a subnetwork of its own, or in a given one; see the module."
  type = object({
    create     = bool
    cidr       = optional(string)
    subnetwork = optional(string)
  })
  nullable = false
}

variable "dns_zone" {
  description = "Domain of the public zone of the hostname; empty if certificate and record are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false
}

variable "alarm_targets" {
  description = "Notification channels that alarms are sent to, besides the team's e-mail address."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "outside_check" {
  description = "Whether the cloud asks the service from the internet if it is ready; by default where dns_zone is set."
  type        = bool
  default     = null
}
