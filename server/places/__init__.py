"""The register of what is inspected (场所台账)."""
