"""Pages of credit: applications and who decides them, held orders, and whether an order could go out."""
