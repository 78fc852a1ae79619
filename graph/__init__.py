"""The similarity network of a collection: communities of similar pictures as offline HTML pages."""
