"""Pages of the house itself: one's own settings, people, tokens, the company's numbers."""
