"""Files and names of a service that a release of the template has put elsewhere."""
