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

variable "data_class" {
  description = "Class of the data, as your policy names it; from confidential on, its key is in hardware."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["public", "internal", "confidential", "restricted"], var.data_class)
    error_message = "The data class must be public, internal, confidential or restricted."
  }
}

variable "cluster" {
  description = <<-EOT
    The GKE cluster that runs the service, in the region where everything is made, and the service's namespace in it.
    project is the cluster's where it is not the service's own; its network is then shared with the service's project.
    node_service_account pulls the images. gateway_address is the IPv4 address of its gateway, empty if external-dns writes
    the record; certificate_map is the gateway's, empty if it gets its certificates elsewhere.
  EOT
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

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+(-[a-z])?$", var.cluster.location))
    error_message = "The cluster's location must be a region like europe-west3, or a zone of one."
  }

  validation {
    condition     = endswith(var.cluster.node_service_account, ".gserviceaccount.com")
    error_message = "The account of the nodes must be the e-mail address of a service account."
  }

  validation {
    condition     = var.cluster.gateway_address == "" || can(cidrhost("${var.cluster.gateway_address}/32", 0))
    error_message = "The gateway's address must be one of IPv4."
  }
}

variable "network" {
  description = <<-EOT
    Where the database is reached in the cluster's network: in a subnetwork of its own (create) with the addresses of cidr,
    a block of /29 or larger that is free; or in a given one, projects/…/regions/…/subnetworks/….
  EOT
  type = object({
    create     = bool
    cidr       = optional(string)
    subnetwork = optional(string)
  })
  nullable = false

  validation {
    condition     = !var.network.create || try(cidrsubnet(var.network.cidr, 29 - tonumber(split("/", var.network.cidr)[1]), 0), "") != ""
    error_message = "An own subnetwork needs cidr, a block of /29 or larger such as 10.20.240.0/29."
  }

  validation {
    condition     = var.network.create || can(regex("^projects/[^/]+/regions/[^/]+/subnetworks/[^/]+$", var.network.subnetwork))
    error_message = "Without an own one, subnetwork must name one as projects/…/regions/…/subnetworks/…."
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
  description = "Domain of the public zone for the hostname's certificate and record; empty if they are kept elsewhere."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.dns_zone == "" || endswith(".${var.hostname}", ".${var.dns_zone}")
    error_message = "The hostname must lie in the DNS zone."
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
    condition     = can(regex("^db-custom-[0-9]+-[0-9]+$", var.database.class))
    error_message = "The class must be one of Cloud SQL's own measures, processors and MiB, such as db-custom-2-8192."
  }

  validation {
    condition     = var.database.backup_days >= 1 && var.database.backup_days <= 365
    error_message = "Backups must be kept for 1 to 365 days: without them there is no point-in-time recovery."
  }

  validation {
    condition     = var.database.max_storage_gib > var.database.storage_gib && var.database.storage_gib >= 10
    error_message = "The storage must be at least 10 GiB, and max_storage_gib must leave it room to grow."
  }
}

variable "alarm_targets" {
  description = "Notification channels that alarms are sent to, projects/…/notificationChannels/…."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for target in var.alarm_targets : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", target))])
    error_message = "Alarm targets must be notification channels."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 3650
    error_message = "Logs can be kept for 30 to 3650 days."
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
