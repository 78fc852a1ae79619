"""What the stages say about pictures, written to the catalog as labels."""
