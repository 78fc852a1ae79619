"""The map of a site: positions, priorities, tiles and data of all pictures of a collection."""
