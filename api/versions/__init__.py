"""Versions of layers as they are told and compared."""
