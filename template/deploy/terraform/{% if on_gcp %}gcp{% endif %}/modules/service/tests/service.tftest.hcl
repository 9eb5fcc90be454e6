# Plans against a made-up project; no credentials are needed.
mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      id     = "projects/shop-production"
      number = "111122223333"
    }
  }

  mock_data "google_container_cluster" {
    defaults = {
      project                  = "platform"
      location                 = "europe-west3"
      name                     = "platform"
      network                  = "projects/platform-network/global/networks/platform"
      workload_identity_config = [{ workload_pool = "platform.svc.id.goog" }]
    }
  }

  mock_data "google_logging_project_cmek_settings" {
    defaults = { service_account_id = "cmek-p111122223333@gcp-sa-logging.iam.gserviceaccount.com" }
  }

  mock_data "google_dns_managed_zones" {
    defaults = {
      managed_zones = [
        { name = "internal", dns_name = "example.com.", visibility = "private" },
        { name = "public", dns_name = "example.com.", visibility = "public" },
      ]
    }
  }

  mock_data "google_sql_ca_certs" {
    defaults = {
      certs = [
        { cert = "-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----" },
        { cert = "-----BEGIN CERTIFICATE-----\nnew\n-----END CERTIFICATE-----" },
      ]
    }
  }

  mock_resource "google_certificate_manager_dns_authorization" {
    defaults = {
      dns_resource_record = [{
        name = "_acme-challenge.shop.example.com."
        type = "CNAME"
        data = "made.authorize.certificatemanager.goog."
      }]
    }
  }

  mock_resource "google_compute_address" {
    defaults = { address = "10.20.240.2" }
  }

  mock_resource "google_compute_subnetwork" {
    defaults = { id = "projects/platform-network/regions/europe-west3/subnetworks/made" }
  }

  mock_resource "google_service_account" {
    defaults = {
      email  = "made@shop-production.iam.gserviceaccount.com"
      member = "serviceAccount:made@shop-production.iam.gserviceaccount.com"
    }
  }
}

variables {
  service       = "shop-front"
  environment   = "production"
  repository    = "acme/shop-front"
  owner         = "Team Shop"
  data_class    = "confidential"
  hostname      = "shop.example.com"
  dns_zone      = "example.com"
  alarm_targets = ["projects/shop-production/notificationChannels/1"]

  cluster = {
    location             = "europe-west3"
    name                 = "platform"
    namespace            = "shop"
    node_service_account = "nodes@platform.iam.gserviceaccount.com"
    gateway_address      = "203.0.113.10"
    certificate_map      = "platform"
  }

  network = {
    create = true
    cidr   = "10.20.240.0/29"
  }

  database = {
    class               = "db-custom-2-8192"
    storage_gib         = 100
    max_storage_gib     = 400
    max_connections     = 400
    multi_zone          = true
    backup_days         = 30
    deletion_protection = true
  }
}

run "database_is_safe" {
  command = plan

  assert {
    condition     = google_kms_crypto_key.service.rotation_period == "7776000s" && google_kms_crypto_key.service.version_template[0].protection_level == "HSM"
    error_message = "The key of the database must rotate, and be in hardware for confidential data."
  }

  assert {
    condition     = !google_sql_database_instance.service.settings[0].ip_configuration[0].ipv4_enabled
    error_message = "The database must have no public address."
  }

  assert {
    condition     = google_sql_database_instance.service.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "The database must refuse connections without TLS."
  }

  assert {
    condition     = google_sql_database_instance.service.settings[0].availability_type == "REGIONAL"
    error_message = "In production the database needs a standby."
  }

  assert {
    condition = (
      google_sql_database_instance.service.deletion_protection
      && google_sql_database_instance.service.settings[0].deletion_protection_enabled
      && google_secret_manager_secret.database.deletion_protection
    )
    error_message = "In production database and secret must be protected from deletion, by Terraform and by Google Cloud."
  }

  assert {
    condition = (
      google_sql_database_instance.service.settings[0].backup_configuration[0].point_in_time_recovery_enabled
      && google_sql_database_instance.service.settings[0].backup_configuration[0].transaction_log_retention_days == 7
      && google_sql_database_instance.service.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30
      && google_sql_database_instance.service.settings[0].retain_backups_on_delete
    )
    error_message = "Backups must be kept as planned, and survive the instance."
  }

  assert {
    condition = {
      for flag in google_sql_database_instance.service.settings[0].database_flags : flag.name => flag.value
      if contains(["cloudsql.enable_pgaudit", "max_connections"], flag.name)
    } == { "cloudsql.enable_pgaudit" = "on", "max_connections" = "400" }
    error_message = "The database must audit, and allow as many connections as planned."
  }

  assert {
    condition     = google_sql_database.service.name == "shop_front"
    error_message = "The database must be named like the service."
  }
}

run "credentials_rotate_unseen" {
  command = plan

  assert {
    condition     = google_sql_user.service.password == null && google_secret_manager_secret_version.first.secret_data == null
    error_message = "No password may be in the state."
  }

  assert {
    condition     = google_cloud_scheduler_job.rotation.schedule == "0 4 * * 1"
    error_message = "The password must be replaced every week."
  }

  assert {
    condition     = google_workflows_workflow.rotation.user_env_vars == tomap({ INSTANCE = "shop-front-production", USERNAME = "service_owner", SECRET = "shop-front-production-database" })
    error_message = "The rotation must know its instance, its user and its secret."
  }

  assert {
    condition     = alltrue([for step in ["draw", "publish", "change", "withdraw"] : strcontains(google_workflows_workflow.rotation.source_contents, "- ${step}:")])
    error_message = "The rotation must undo what it could not finish."
  }
}

run "database_is_reached_in_the_cluster_network_only" {
  command = plan

  assert {
    condition     = google_compute_forwarding_rule.database.network == "projects/platform-network/global/networks/platform"
    error_message = "The endpoint must lie in the cluster's network."
  }

  assert {
    condition     = one(google_sql_database_instance.service.settings[0].ip_configuration[0].psc_config).allowed_consumer_projects == toset(["platform-network", "shop-production"])
    error_message = "Only this project and the network's may open an endpoint."
  }

  assert {
    condition     = google_compute_subnetwork.database[0].ip_cidr_range == "10.20.240.0/29" && length(google_compute_subnetwork.database[0].log_config) == 1
    error_message = "The own subnetwork must have the given addresses and flow logs."
  }
}

run "identities_are_narrow" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_iam_member.service.member == "principal://iam.googleapis.com/projects/111122223333/locations/global/workloadIdentityPools/platform.svc.id.goog/subject/ns/shop/sa/shop-front"
    error_message = "Only the service's own account may read the secret."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.service.role == "roles/secretmanager.secretAccessor"
    error_message = "The service may read the secret and nothing else."
  }

  assert {
    condition = (
      strcontains(google_iam_workload_identity_pool_provider.pipeline.attribute_condition, " == 'acme/shop-front' && ")
      && strcontains(google_iam_workload_identity_pool_provider.pipeline.attribute_condition, "assertion.environment == 'production'")
    )
    error_message = "Only the pipeline of this repository may deploy, and only for this environment."
  }

  assert {
    condition     = strcontains(google_project_iam_member.rotation_changes_password.condition[0].expression, "'projects/shop-production/instances/shop-front-production'")
    error_message = "The rotation may change passwords of this instance only."
  }
}

run "alarms_reach_somebody" {
  command = plan

  assert {
    condition     = keys(google_monitoring_alert_policy.database) == ["connections", "cpu", "memory", "storage"]
    error_message = "Every resource of the database needs an alarm."
  }

  assert {
    condition = {
      for name, alarm in google_monitoring_alert_policy.database : name => alarm.conditions[0].condition_threshold[0].threshold_value
    } == { cpu = 0.8, memory = 0.9, connections = 320, storage = 343597383680 }
    error_message = "The thresholds must follow the size of the database."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(google_monitoring_alert_policy.database), google_monitoring_alert_policy.standby, [google_monitoring_alert_policy.rotation]) :
      toset(alarm.notification_channels) == var.alarm_targets
    ])
    error_message = "Every alarm must be sent to the given channels."
  }
}

run "outside_is_asked" {
  command = plan

  assert {
    condition = (
      google_monitoring_uptime_check_config.outside[0].http_check[0].path == "/readyz" &&
      google_monitoring_uptime_check_config.outside[0].monitored_resource[0].labels.host == var.hostname
    )
    error_message = "The service must be asked from outside whether it is ready."
  }

  assert {
    condition = alltrue([
      for alarm in concat(google_monitoring_alert_policy.outside, google_monitoring_alert_policy.certificate) :
      toset(alarm.notification_channels) == var.alarm_targets
    ])
    error_message = "Every alarm must be sent to the given channels."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.outside[0].documentation[0].content, "docs/runbooks/NotReachable.md")
    error_message = "The alarm must lead to its runbook."
  }
}

run "outside_is_not_asked_of_what_is_internal" {
  command = plan

  variables {
    outside_check = false
  }

  assert {
    condition     = length(google_monitoring_uptime_check_config.outside) == 0 && length(google_monitoring_alert_policy.outside) == 0
    error_message = "An internal service cannot be asked from outside."
  }
}

run "names_fit" {
  command = plan

  variables {
    service     = "warehouse-replenishment-planning-service"
    environment = "pre-live-with-a-name"
  }

  assert {
    condition = alltrue([
      for account in [google_service_account.deployer, google_service_account.rotation] :
      can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", account.account_id))
    ])
    error_message = "Service accounts have 6 to 30 characters."
  }

  assert {
    condition     = can(regex("^[a-z0-9-]{4,32}$", google_iam_workload_identity_pool.pipeline.workload_identity_pool_id))
    error_message = "Identity pools have 4 to 32 characters."
  }

  assert {
    condition = alltrue([
      for name in [
        google_artifact_registry_repository.service.repository_id,
        google_certificate_manager_certificate.service[0].name,
        google_compute_forwarding_rule.database.name,
        google_compute_subnetwork.database[0].name,
        google_kms_key_ring.service.name,
        google_workflows_workflow.rotation.name,
      ] : length(name) <= 63
    ])
    error_message = "Most names have at most 63 characters."
  }
}

run "given_parts_are_used" {
  command = plan

  variables {
    network  = { create = false, subnetwork = "projects/platform-network/regions/europe-west3/subnetworks/endpoints" }
    dns_zone = ""
  }

  assert {
    condition     = length(google_compute_subnetwork.database) == 0 && google_compute_address.database.subnetwork == var.network.subnetwork
    error_message = "A given subnetwork must be used instead of a new one."
  }

  assert {
    condition     = length(google_certificate_manager_certificate.service) == 0 && length(google_dns_record_set.service) == 0
    error_message = "Without a zone there is neither certificate nor record."
  }
}

run "outputs_feed_chart_and_pipeline" {
  assert {
    condition = output.helm_values.database == {
      host          = output.database_host
      port          = output.database_port
      name          = output.database_name
      secret        = output.database_secret
      sslMode       = output.database_ssl_mode
      caCertificate = output.database_ca_certificate
      cidrs         = output.database_cidrs
    }
    error_message = "The chart must get what the outputs say."
  }

  assert {
    condition     = output.database_host == "10.20.240.2" && one(output.database_cidrs) == "10.20.240.2/32"
    error_message = "The pods must reach the endpoint and nothing beside it."
  }

  assert {
    condition     = length(regexall("BEGIN CERTIFICATE", output.database_ca_certificate)) == 2
    error_message = "While an authority is being replaced, the pods must trust both."
  }

  assert {
    condition     = output.image_repository == "europe-west3-docker.pkg.dev/shop-production/shop-front-production/shop-front"
    error_message = "Images belong into the repository that is made here."
  }

  assert {
    condition     = output.deployer.service_account == google_service_account.deployer.email
    error_message = "The pipeline must act as the deployer."
  }

  assert {
    condition     = google_dns_record_set.authorization[0].managed_zone == "public"
    error_message = "Records belong into the public zone."
  }

  assert {
    condition = alltrue([
      for alarm in values(google_monitoring_alert_policy.database) :
      alarm.notification_channels == output.alarm_targets
      && strcontains(alarm.conditions[0].condition_threshold[0].filter, "\"${output.database_id}\"")
    ])
    error_message = "Alarms elsewhere must be able to watch the same database, and to reach the same people."
  }
}

run "hostname_outside_its_zone" {
  command = plan

  variables {
    dns_zone = "example.org"
  }

  expect_failures = [var.dns_zone]
}

run "no_backups" {
  command = plan

  variables {
    database = {
      class               = "db-custom-2-8192"
      storage_gib         = 100
      max_storage_gib     = 400
      max_connections     = 400
      multi_zone          = true
      backup_days         = 0
      deletion_protection = true
    }
  }

  expect_failures = [var.database]
}

run "no_place_for_the_database" {
  command = plan

  variables {
    network = { create = false }
  }

  expect_failures = [var.network]
}

run "repository_with_wildcard" {
  command = plan

  variables {
    repository = "acme/*"
  }

  expect_failures = [var.repository]
}
