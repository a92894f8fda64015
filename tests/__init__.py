"""The tests, arranged as the apps are."""
