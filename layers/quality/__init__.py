"""Acceptance check (质检) of a data set before it is stored: findings with place and reason, and the repairs offered."""
