"""Runs over many subjects."""
