"""Delivered layer files on their way to a version."""
