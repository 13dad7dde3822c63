"""What one may take away: evidence bundles and proofs, for members and for the public."""
