"""The live page: a service over a `Recommender`, its routes, guards and page."""
