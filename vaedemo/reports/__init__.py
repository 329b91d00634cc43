"""Tables derived from the services."""
