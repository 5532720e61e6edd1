"""Who may see and do what: permissions, roles, who is asking, and what each address needs."""
