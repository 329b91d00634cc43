"""The tab "Lessons"."""
