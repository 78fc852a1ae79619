"""A store in object storage: blobs by content, sheets, a manifest, pull and push."""
