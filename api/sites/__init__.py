"""Sites drawn, uploaded or searched for."""
