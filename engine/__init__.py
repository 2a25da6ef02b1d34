"""The BPMN and DMN engine of Guichet. It knows no municipality: see engine/README.md."""
