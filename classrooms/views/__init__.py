"""Pages of the area: its home, the spare pools, the repair batches, what patrols found."""
