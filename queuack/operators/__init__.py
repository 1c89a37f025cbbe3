"""The standard operators, built on authoring only."""
