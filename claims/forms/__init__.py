"""Forms for claims, evidence, sources and actors. The actions check the rules."""
