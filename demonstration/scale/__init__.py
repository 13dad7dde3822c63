"""Data for measuring: as many claims as wanted, each a copy of one that was made through the real actions."""
