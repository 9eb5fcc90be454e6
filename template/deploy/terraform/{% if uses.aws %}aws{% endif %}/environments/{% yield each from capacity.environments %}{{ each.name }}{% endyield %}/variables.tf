variable "cost_centre" {
  description = "Cost centre that pays for the service, as your accounting names it."
  type        = string
  nullable    = false
}

variable "cluster" {
  description = "The EKS cluster and the service's namespace in it; see the module."
  type = object({
    name            = string
    namespace       = string
    gateway_address = optional(string, "")
  })
  nullable = false
}

variable "network" {
  description = "The database's subnets: its own, cut from cidr, or given ones; see the module."
  type = object({
    create     = bool
    cidr       = optional(string)
    subnet_ids = optional(set(string), [])
  })
  nullable = false
}

variable "dns_zone" {
  description = "Public hosted zone of the hostname; empty if certificate and record are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false
}

variable "alarm_targets" {
  description = "ARNs of the SNS topics that alarms are sent to; if there are none, the owner gets them by e-mail."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "outside_check" {
  description = "Whether the cloud asks the service from the internet if it is ready; by default where dns_zone is set."
  type        = bool
  default     = null
}

variable "outside_alarm_targets" {
  description = "ARNs of SNS topics in us-east-1, for the check from outside; if there are none, the owner gets it by e-mail."
  type        = set(string)
  default     = []
  nullable    = false
}
