"""Calendar arithmetic: when a schedule's next run is. Pure: no clock, no I/O, imported by engine and authoring."""
