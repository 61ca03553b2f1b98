"""May it happen, and what follows. Pure: figures and people in, an answer out; no database, no clock."""
