"""Every write of credit that means something: one transaction – lock, ask the rule, write, record."""
