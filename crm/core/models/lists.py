"""What people keep of lists: views with a name."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from .accounts import User


class SavedViewQuerySet(models.QuerySet):
    """Views are seen by whoever keeps them and, when shared, by the team."""

    def visible_to(self, user: User) -> "SavedViewQuerySet":
        """One's own, and what the team shares; the people of the head office, who have no team, are one too."""
        return self.filter(Q(owner=user) | Q(shared=True, owner__team=user.team_id))


class SavedView(models.Model):
    """A list as somebody wants to find it again: its filters and order as a query string, and its columns.

    `page` is the name of the list's address; without `columns` the reader's own are shown.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(blank=True)
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    shared = models.BooleanField(_("shared with the team"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"],
                name="saved_view_named_once",
                violation_error_message=_("You have a view of this name already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def params(self) -> QueryDict:
        return QueryDict(self.query)

    @property
    def address(self) -> str:
        """The query string that opens the view."""
        return f"?view={self.pk}" + (f"&{self.query}" if self.query else "")
