"""What the contract is made from beside the domain, for tests that look at one without rendering a service."""

SERVICE = {
    "service_name": "shop",
    "description": "Sells.",
    "organisation": "Acme",
    "owner_team": "Team Shop",
    "owner_email": "shop@acme.example",
    "api_url": "https://shop.acme.example",
    "licence": "proprietary",
    "max_body_bytes": 1_048_576,
}
