"""Downloads: evidence bundles and proofs, for members and for the public."""
