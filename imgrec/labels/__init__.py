"""Labels that imgrec writes to the catalog, and how they are kept current."""
