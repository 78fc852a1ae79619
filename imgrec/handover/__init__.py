"""A store written for other search engines: Parquet, Lance, Qdrant."""
