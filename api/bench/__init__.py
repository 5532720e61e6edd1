"""Timing what matters, in one run on one machine, against PostGIS doing the same."""
