"""Credit over REST: what a customer may still take, order checks, applications and limits."""
