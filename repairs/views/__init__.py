"""Pages of repairs: reporting, one ticket and its moves, the desk, the repairer's jobs, paper forms."""
