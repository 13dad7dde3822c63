"""What a verdict needs: the evidence graph, the policy of each move, grounds, and lost support."""
