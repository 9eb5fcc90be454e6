"""What every service needs and no domain knows: HTTP, PostgreSQL, identity, telemetry. Updated with the template."""
