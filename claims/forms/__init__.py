"""What people type about claims, evidence, sources and actors. What may stand there, the actions say."""
