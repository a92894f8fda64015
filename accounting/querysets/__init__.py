"""Reads wider than one filter; visible_to(user) decides what calls a person sees."""
