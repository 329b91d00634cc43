"""Autoencoders you can touch: models, measures and services behind the page of app.py."""
