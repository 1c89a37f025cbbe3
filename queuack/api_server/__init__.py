"""The process that serves the REST API and the pages. It wires them together and decides where to listen."""
