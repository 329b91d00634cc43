"""Tables made from the services."""
