# A made-up subscription; no credentials are needed. The first run fills it, the others plan against it.
mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      subscription_id = "11111111-1111-1111-1111-111111111111"
      tenant_id       = "22222222-2222-2222-2222-222222222222"
    }
  }

  mock_data "azurerm_kubernetes_cluster" {
    defaults = {
      id               = "/clusters/platform"
      oidc_issuer_url  = "https://issuer.example"
      kubelet_identity = [{ client_id = "nodes", object_id = "nodes", user_assigned_identity_id = "nodes" }]
    }
  }

  mock_data "azurerm_virtual_network" {
    defaults = { id = "/networks/cluster", address_space = ["10.1.0.0/16"] }
  }

  mock_resource "azurerm_container_registry" {
    defaults = { id = "/registries/orders", login_server = "orders.azurecr.io" }
  }

  mock_resource "azurerm_key_vault" {
    defaults = { id = "/vaults/orders" }
  }

  mock_resource "azurerm_postgresql_flexible_server" {
    defaults = { id = "/servers/orders", fqdn = "orders.postgres.database.azure.com" }
  }

  mock_resource "azurerm_user_assigned_identity" {
    defaults = { id = "/identities/orders", client_id = "client", principal_id = "principal" }
  }
}

variables {
  service        = "orders"
  environment    = "production"
  region         = "germanywestcentral"
  resource_group = "orders-production"
  repository     = "acme/orders"
  owner          = "Sales"
  cost_centre    = "4711"
  data_class     = "confidential"
  hostname       = "orders.acme.example"
  dns_zone       = "/subscriptions/1/resourceGroups/dns/providers/Microsoft.Network/dnsZones/acme.example"
  alarm_targets  = ["sales@acme.example"]

  cluster = {
    name            = "platform"
    resource_group  = "platform"
    namespace       = "sales"
    gateway_address = "192.0.2.1"
  }

  network = {
    create               = true
    cidr                 = "10.20.0.0/24"
    peers                = { cluster = { name = "cluster", resource_group = "platform" } }
    vault_dns_zone_id    = "/zones/vault"
    registry_dns_zone_id = "/zones/registry"
    flow_log_storage_id  = "/accounts/flows"
  }

  database = {
    class               = "GP_Standard_D2ds_v5"
    storage_gib         = 64
    max_storage_gib     = 256
    max_connections     = 400
    multi_zone          = true
    backup_days         = 30
    deletion_protection = true
  }
}

run "outputs_feed_chart_and_pipeline" {
  command = apply

  assert {
    condition     = output.helm_values.image.repository == "orders.azurecr.io/orders"
    error_message = "The chart does not pull from the registry."
  }

  assert {
    condition     = output.helm_values.database.host == "orders.postgres.database.azure.com" && output.helm_values.database.port == 5432
    error_message = "The chart does not find the database."
  }

  assert {
    condition     = output.helm_values.database.sslMode == "verify-full" && startswith(output.helm_values.database.caCertificate, "-----BEGIN CERTIFICATE-----")
    error_message = "The database's certificate is not checked."
  }

  assert {
    condition     = output.helm_values.database.cidrs == tolist(["10.20.0.0/26"])
    error_message = "Network policies allow another address than the database's."
  }

  assert {
    condition     = output.helm_values.serviceAccount.annotations["azure.workload.identity/client-id"] == "client"
    error_message = "The Kubernetes account does not name the identity."
  }

  assert {
    condition     = azurerm_dns_a_record.service[0].name == "orders" && azurerm_dns_a_record.service[0].zone_name == "acme.example"
    error_message = "The record is not that of the hostname."
  }

  assert {
    condition     = contains([for record in azurerm_dns_caa_record.service[0].record : record.value], "letsencrypt.org")
    error_message = "Any authority may issue a certificate for the hostname."
  }

  assert {
    condition = alltrue([
      for alarm in azurerm_monitor_metric_alert.database :
      alarm.scopes == toset([output.database_id]) && [for action in alarm.action : action.action_group_id] == output.alarm_targets
    ])
    error_message = "Alarms elsewhere must be able to watch the same database, and to reach the same people."
  }
}

run "database_is_private_encrypted_and_backed_up" {
  command = plan

  assert {
    condition     = !azurerm_postgresql_flexible_server.service.public_network_access_enabled
    error_message = "The database has a public address."
  }

  assert {
    condition     = azurerm_subnet.database[0].delegation[0].service_delegation[0].name == "Microsoft.DBforPostgreSQL/flexibleServers"
    error_message = "The database's subnet is not its own."
  }

  assert {
    condition     = length(azurerm_postgresql_flexible_server.service.customer_managed_key) == 1
    error_message = "The database is not encrypted with a key of ours."
  }

  assert {
    condition     = azurerm_key_vault_key.data.rotation_policy[0].automatic[0].time_after_creation == "P1Y"
    error_message = "The key is not rotated."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server_configuration.service["require_secure_transport"].value == "on"
    error_message = "The database accepts connections without TLS."
  }

  assert {
    condition = alltrue([
      for name in ["connection_throttle.enable", "log_checkpoints", "log_connections", "log_disconnections", "log_lock_waits"] :
      azurerm_postgresql_flexible_server_configuration.service[name].value == "on"
    ])
    error_message = "The database lets passwords be tried, or does not say what happens in it."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server_configuration.service["max_connections"].value == "400"
    error_message = "The database does not allow as many connections as planned."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.high_availability[0].mode == "ZoneRedundant"
    error_message = "The database has no standby in another zone."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.backup_retention_days == 30
    error_message = "Backups are not kept for as long as asked."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.storage_mb == 65536 && azurerm_postgresql_flexible_server.service.auto_grow_enabled
    error_message = "The storage is not what was asked, or does not grow."
  }

  assert {
    condition     = !azurerm_postgresql_flexible_server.service.geo_redundant_backup_enabled
    error_message = "Backups leave the region, and nobody asked for that."
  }

  assert {
    condition     = azurerm_management_lock.database[0].lock_level == "CanNotDelete"
    error_message = "The database can be deleted."
  }
}

run "small_environment_does_without" {
  command = plan

  variables {
    database = {
      class               = "B_Standard_B2s"
      storage_gib         = 32
      max_storage_gib     = 128
      max_connections     = 200
      multi_zone          = false
      backup_days         = 7
      deletion_protection = false
    }
  }

  assert {
    condition     = length(azurerm_postgresql_flexible_server.service.high_availability) == 0
    error_message = "A standby was not asked for."
  }

  assert {
    condition     = length(azurerm_management_lock.database) == 0
    error_message = "The database cannot be removed with its environment."
  }
}

run "backups_are_geo_redundant_where_asked" {
  command = plan

  variables {
    backup_region_key = { key_id = "https://pair.vault.azure.net/keys/backup/1", identity_id = "/identities/pair" }
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.geo_redundant_backup_enabled
    error_message = "Backups stay in the region."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.customer_managed_key[0].geo_backup_user_assigned_identity_id == "/identities/pair"
    error_message = "The copies are not encrypted with the key of their region."
  }
}

run "only_who_needs_it_gets_in" {
  command = plan

  assert {
    condition     = azurerm_key_vault.service.purge_protection_enabled && azurerm_key_vault.service.rbac_authorization_enabled
    error_message = "The vault can be purged, or its rights are not those of Azure RBAC."
  }

  assert {
    condition     = !azurerm_key_vault.service.public_network_access_enabled && azurerm_key_vault.service.network_acls[0].default_action == "Deny"
    error_message = "The vault is reachable from the internet."
  }

  assert {
    condition     = !azurerm_container_registry.service.public_network_access_enabled && !azurerm_container_registry.service.admin_enabled
    error_message = "The registry is reachable from the internet, or has a password."
  }

  assert {
    condition = {
      for rule in azurerm_network_security_group.database[0].security_rule : rule.name => rule.source_address_prefixes
      if rule.access == "Allow" && rule.direction == "Inbound" && rule.name != "standby-in"
    } == { postgresql-from-peers = toset(["10.1.0.0/16"]) }
    error_message = "The database's subnet lets in others than its peers."
  }

  assert {
    condition = alltrue([
      for group in [azurerm_network_security_group.database[0], azurerm_network_security_group.endpoints[0]] : alltrue([
        for rule in group.security_rule : rule.source_address_prefix != "*" if rule.access == "Allow"
      ])
    ])
    error_message = "A subnet lets in everybody."
  }

  assert {
    condition     = azurerm_role_assignment.service.role_definition_name == "Key Vault Secrets User" && azurerm_role_assignment.service.scope == "/vaults/orders"
    error_message = "The service may do something else than read the secrets of its vault."
  }

  assert {
    condition     = azurerm_federated_identity_credential.service.subject == "system:serviceaccount:sales:orders"
    error_message = "The identity is not that of the service's Kubernetes account."
  }

  assert {
    condition = { for role, assignment in azurerm_role_assignment.deployer : role => assignment.scope } == {
      "AcrPush"                                    = "/registries/orders"
      "Azure Kubernetes Service Cluster User Role" = "/clusters/platform"
      "Azure Kubernetes Service RBAC Admin"        = "/clusters/platform/namespaces/sales"
    }
    error_message = "The deployer may do something else than push images and install the chart into its namespace."
  }

  assert {
    condition     = strcontains(azurerm_federated_identity_credential.deployer.subject, var.repository)
    error_message = "Another repository's pipeline may deploy."
  }
}

run "password_is_rotated_in_server_and_vault" {
  command = plan

  assert {
    condition     = jsondecode(azurerm_logic_app_action_custom.server.body).inputs.body.properties.administratorLoginPassword == "@{outputs('password')}"
    error_message = "The server does not get the new password."
  }

  assert {
    condition = jsondecode(jsondecode(azurerm_logic_app_action_custom.vault.body).inputs.body.properties.value) == {
      username = azurerm_postgresql_flexible_server.service.administrator_login
      password = "@{outputs('password')}"
    }
    error_message = "The vault does not get username and password as External Secrets expects them."
  }

  assert {
    condition     = jsondecode(azurerm_logic_app_action_custom.vault.body).runAfter == { server = ["Succeeded"] }
    error_message = "The vault gets a password that the server may not have taken."
  }

  assert {
    condition = alltrue([
      for action in ["password", "server", "vault"] : jsondecode({
        password = azurerm_logic_app_action_custom.password.body
        server   = azurerm_logic_app_action_custom.server.body
        vault    = azurerm_logic_app_action_custom.vault.body
      }[action]).runtimeConfiguration.secureData.properties == ["inputs"]
    ])
    error_message = "The history of the runs shows the password."
  }
}

run "somebody_hears_alarms" {
  command = plan

  assert {
    condition = toset(keys(azurerm_monitor_metric_alert.database)) == toset(
      ["connections", "cpu", "memory", "replica-lag", "storage", "storage-plan"]
    )
    error_message = "Something that a database runs out of has no alarm."
  }

  assert {
    condition     = one(azurerm_monitor_action_group.service.email_receiver).email_address == "sales@acme.example"
    error_message = "Nobody hears the alarms."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.database["connections"].criteria[0].threshold == 320
    error_message = "The alarm comes too late: fewer than a fifth of the connections are left."
  }
}

run "outside_is_asked" {
  command = plan

  assert {
    condition     = azurerm_application_insights_standard_web_test.outside[0].request[0].url == "https://orders.acme.example/readyz"
    error_message = "The service must be asked from outside whether it is ready."
  }

  assert {
    condition     = strcontains(azurerm_monitor_metric_alert.outside[0].description, "docs/runbooks/NotReachable.md")
    error_message = "The alarm must lead to its runbook."
  }
}

run "outside_is_not_asked_of_what_is_internal" {
  command = plan

  variables {
    outside_check = false
  }

  assert {
    condition     = length(azurerm_application_insights_standard_web_test.outside) == 0 && length(azurerm_monitor_metric_alert.outside) == 0
    error_message = "An internal service cannot be asked from outside."
  }
}

run "names_fit" {
  command = plan

  variables {
    service     = "front-desk-of-the-northern-shops-of-acme"
    environment = "pre-live-with-a-name"
  }

  assert {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", azurerm_key_vault.service.name)) && !strcontains(azurerm_key_vault.service.name, "--")
    error_message = "A vault's name has 3 to 24 letters, digits and single dashes."
  }

  assert {
    condition     = can(regex("^[a-z0-9]{5,50}$", azurerm_container_registry.service.name))
    error_message = "A registry's name has 5 to 50 letters and digits."
  }

  assert {
    condition     = can(regex("^[a-z][a-z0-9-]{1,61}[a-z0-9]$", azurerm_postgresql_flexible_server.service.name))
    error_message = "A server's name has 3 to 63 letters, digits and dashes."
  }

  assert {
    condition     = length(azurerm_logic_app_workflow.rotation.name) <= 43
    error_message = "A workflow's name has at most 43 characters."
  }

  assert {
    condition     = alltrue([for endpoint in [azurerm_private_endpoint.registry, azurerm_private_endpoint.vault] : length(endpoint.name) <= 64])
    error_message = "A private endpoint's name has at most 64 characters."
  }
}

run "network_may_be_given" {
  command = plan

  variables {
    dns_zone = ""

    network = {
      create               = false
      database_subnet_id   = "/subnets/database"
      database_dns_zone_id = "/zones/database"
      database_cidrs       = ["10.30.0.0/28"]
      endpoint_subnet_id   = "/subnets/endpoints"
      vault_dns_zone_id    = "/zones/vault"
      registry_dns_zone_id = "/zones/registry"
    }
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.service.delegated_subnet_id == "/subnets/database" && azurerm_private_endpoint.vault.subnet_id == "/subnets/endpoints"
    error_message = "The given subnets are not used."
  }

  assert {
    condition     = length(azurerm_virtual_network.own) + length(azurerm_network_security_group.database) + length(azurerm_dns_caa_record.service) == 0
    error_message = "A network or a record is made although it is given."
  }

  assert {
    condition     = output.database_cidrs == tolist(["10.30.0.0/28"])
    error_message = "Network policies allow another address than the database's."
  }
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    service       = "Orders"
    environment   = "Production"
    region        = "eu-central-1"
    repository    = "acme/*"
    data_class    = "secret"
    hostname      = "https://orders.acme.example"
    alarm_targets = []

    cluster = {
      name            = "platform"
      resource_group  = "platform"
      namespace       = "sales"
      gateway_address = "gateway.acme.example"
    }

    network = {
      create               = true
      cidr                 = "10.20.0.0/28"
      vault_dns_zone_id    = "/zones/vault"
      registry_dns_zone_id = "/zones/registry"
    }

    database = {
      class               = "B_Standard_B2s"
      storage_gib         = 100
      max_storage_gib     = 50
      max_connections     = 200
      multi_zone          = true
      backup_days         = 0
      deletion_protection = true
    }

    log_retention_days = 30
  }

  expect_failures = [
    var.alarm_targets,
    var.cluster,
    var.data_class,
    var.database,
    var.environment,
    var.hostname,
    var.log_retention_days,
    var.network,
    var.region,
    var.repository,
    var.service,
  ]
}

run "hostname_must_lie_in_its_zone" {
  command = plan

  variables {
    hostname = "orders.other.example"
  }

  expect_failures = [var.dns_zone]
}
