"""Checks of applications: made, stored, overridden, made again, and what would be lawful instead."""
