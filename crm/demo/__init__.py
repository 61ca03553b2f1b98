"""Demonstration data: a machine-parts company with its people, customers, trade, visits, scores and limits.

Everything is drawn from one seed; dates hang on `today`, so that the demonstration never ages. Flags, classes, statuses
and sums are not written here: the commands and the night of the program find them.
"""
