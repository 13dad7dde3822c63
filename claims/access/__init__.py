"""Who may see a claim and its material, and who may do what with them."""
