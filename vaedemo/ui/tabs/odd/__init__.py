"""The tab generate: what it asks of the server (server.py) and its public endpoints (api.py)."""
