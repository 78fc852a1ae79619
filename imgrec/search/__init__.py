"""A question and its answer: `Recommender`."""
