"""Pages on people's work with claims: my work, a claim's page, assessments, decisions, assignments."""
