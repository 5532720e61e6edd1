"""Delivery: HTTP routes, pages, the command line."""
