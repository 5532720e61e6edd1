"""The demo county and its people."""
