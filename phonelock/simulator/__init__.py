"""A UCM cluster that is none: AXL, registrations and call control as UCM has them, for tests and for the demo."""
