"""The verbs of inspections: checklists, rounds, entering results, findings, zones and recurring work."""
