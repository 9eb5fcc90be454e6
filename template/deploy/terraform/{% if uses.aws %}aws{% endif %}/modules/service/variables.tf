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

variable "repository" {
  description = "Path of the source repository, owner/name; only its pipeline may deploy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$", var.repository))
    error_message = "The repository must be a path like owner/name, without host and without wildcards."
  }
}

variable "owner" {
  description = "Team that answers for the service."
  type        = string
  nullable    = false
}

variable "owner_email" {
  description = "Address of that team; alarms are sent there if they have no other target."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.owner_email))
    error_message = "The owner's address must be an e-mail address."
  }
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

variable "cluster" {
  description = <<-EOT
    The EKS cluster that runs the service, in this account and region, and the service's namespace in it.
    gateway_address is the DNS name of the load balancer before its gateway; empty if external-dns writes the record.
  EOT
  type = object({
    name            = string
    namespace       = string
    gateway_address = optional(string, "")
  })
  nullable = false
}

variable "network" {
  description = <<-EOT
    Where the database lies in the cluster's VPC: in subnets of its own (create), cut from cidr, a block of /26 or larger
    that belongs to the VPC and is free; or in given private subnets of at least two zones.
  EOT
  type = object({
    create     = bool
    cidr       = optional(string)
    subnet_ids = optional(set(string), [])
  })
  nullable = false

  validation {
    condition     = !var.network.create || try(cidrsubnet(var.network.cidr, 28 - tonumber(split("/", var.network.cidr)[1]), 3), "") != ""
    error_message = "Own subnets need cidr, a block of /26 or larger such as 10.20.240.0/26."
  }

  validation {
    condition     = var.network.create || length(var.network.subnet_ids) >= 2
    error_message = "Without own subnets, subnet_ids must name subnets of at least two zones."
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
  description = "Public hosted zone for the hostname's certificate and record; empty if they are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.dns_zone == "" || endswith(var.hostname, ".${var.dns_zone}")
    error_message = "The hostname must lie below the DNS zone: a zone itself cannot be an alias."
  }
}

variable "database" {
  description = "Size and safety of the database. Storage in GiB grows by itself from storage_gib to max_storage_gib; the service has planned_connections at most."
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
    condition     = startswith(var.database.class, "db.")
    error_message = "The class must be one of RDS, such as db.m7g.large."
  }

  validation {
    condition     = var.database.backup_days >= 1 && var.database.backup_days <= 35
    error_message = "Backups must be kept for 1 to 35 days: without them there is no point-in-time recovery."
  }

  validation {
    condition     = var.database.max_storage_gib > var.database.storage_gib && var.database.storage_gib >= 20
    error_message = "The storage must be at least 20 GiB, and max_storage_gib must leave it room to grow."
  }
}

variable "alarm_targets" {
  description = "ARNs of the SNS topics that alarms are sent to; if there are none, the owner gets them by e-mail."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for target in var.alarm_targets : can(regex("^arn:aws[a-z-]*:sns:", target))])
    error_message = "Alarm targets must be ARNs of SNS topics."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept; CloudWatch knows certain numbers only."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_retention_days)
    error_message = "Logs can be kept for 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096 or 1827 days."
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

variable "outside_alarm_targets" {
  description = "ARNs of SNS topics in us-east-1, where Route 53 reports what it asked from outside; if there are none, the owner gets it by e-mail."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for target in var.outside_alarm_targets : can(regex("^arn:aws:sns:us-east-1:", target))])
    error_message = "Alarm targets for the outside check must be ARNs of SNS topics in us-east-1."
  }
}
