"""How everything that ships is trained."""
