"""Backups of the whole portal: one sealed file that can be put back into an empty database."""
