"""Pages about oneself, one's desks, and who is let in."""
