"""What of the judgements is told in the change feed, and by which name."""

from crm.core.models.feed import tell_changes
from scoring.models import Assessment, Evaluation

tell_changes(Assessment, "assessment", tells=["grade", "percent"])
tell_changes(Evaluation, "evaluation", key="concat_ws('/', {number}, record.year)", tells=["total", "overall"])
