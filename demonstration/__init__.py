"""Data to try the application with: a demonstration desk, and desks of any size for measurements."""
