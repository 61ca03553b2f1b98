"""How many calls each program has made in the present minute."""

from django.db import models


class Quota(models.Model):
    """The calls of one caller in its latest minute. The table is not logged: a crash begins the minute anew."""

    caller = models.CharField(primary_key=True, max_length=40)
    minute = models.BigIntegerField()
    calls = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.caller} {self.calls}"
