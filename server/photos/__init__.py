"""Photos (照片): evidence, taken in byte for byte and shown without metadata."""
