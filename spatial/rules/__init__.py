"""Rule packs: rules over facts, and every number of law with unit, jurisdiction, dates and citation."""
