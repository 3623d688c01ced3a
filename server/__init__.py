"""hazard-patrol: field inspections of safety hazards (安全隐患巡查)."""
