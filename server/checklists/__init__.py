"""Checklists (检查清单): the catalogue of a town's duty list and its versions."""
