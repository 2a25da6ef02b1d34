"""The doors of Guichet: pages, command line, settings. See web/README.md."""
