"""What publications did: asked of their platforms in batches, less often as they age, within quota and budget."""
