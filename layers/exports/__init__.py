"""Stored versions written out as files. Every file names its version, and what a format cannot carry is said."""
