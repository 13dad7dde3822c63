"""Pages about the person's account, their desks, and invitations."""
