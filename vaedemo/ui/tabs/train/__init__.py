"""The tab train: what it asks of the server (server.py)."""
