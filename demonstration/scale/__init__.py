"""Data for measurements: any number of claims, each a copy of one made through the real actions."""
