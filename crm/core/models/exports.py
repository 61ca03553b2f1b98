"""What an export has written so far, row by row of the job that writes it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .work import Job


class ExportPart(models.Model):
    """A stretch of a file, committed with the progress of its job.

    `keys` are the primary keys of what it tells of: whoever fetches the file must still be allowed to see them all.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()
    keys = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="export_part_once")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.number}"
