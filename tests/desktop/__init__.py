"""Tests of the desktop companion."""
