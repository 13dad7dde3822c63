"""Pages where people and claims meet: my work, a claim's page, findings, decisions, assignments."""
