"""Similarity search: from query pictures to a ranked answer (`Recommender`)."""
