"""The store on disk: parts, features, thumbnails, classes; damage set aside and restored."""
