"""The standard hooks, built on authoring only."""
