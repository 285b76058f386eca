"""The door: one file a resource; status codes, media types, limits, problem documents."""
