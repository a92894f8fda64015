"""Reports that are no plain question to the engine: each a function that returns a layout."""
