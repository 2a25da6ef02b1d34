"""DMN 1.3 to 1.5: decisions read safely, checked before they are deployed, evaluated with a trace."""
