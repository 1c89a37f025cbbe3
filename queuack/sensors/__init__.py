"""The standard sensors, built on authoring only."""
