"""Applicants of cases: recorded, shown masked, looked at in full with a reason."""
