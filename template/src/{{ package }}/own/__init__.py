"""What this service has beyond its domain. These files are yours: an update never touches them."""
