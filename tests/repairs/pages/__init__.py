"""Pages of repairs, one file a page."""
