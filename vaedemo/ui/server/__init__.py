"""The page's server: requests, uploads, addresses, endpoints."""
