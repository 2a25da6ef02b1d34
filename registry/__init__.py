"""The shared asset, stock and cost database. It knows no BPMN and no web: see registry/README.md."""
