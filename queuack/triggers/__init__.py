"""The standard triggers, built on authoring only."""
