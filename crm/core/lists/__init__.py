"""Lists of every app: columns somebody chooses, views somebody keeps, links that narrow and sort."""
