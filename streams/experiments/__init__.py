"""For experimenters: what arms and prompts earn, with bounds that hold at every look."""
