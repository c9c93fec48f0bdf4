"""Pages of outside jobs."""
