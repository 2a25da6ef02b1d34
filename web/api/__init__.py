"""The JSON API comes with its own issue; nothing here yet is served. See web/README.md."""
