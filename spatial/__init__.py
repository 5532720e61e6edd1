"""The planning logic: coordinate systems, measures, rules, village types, permit checks, progress. Arrays in, frozen results out."""
