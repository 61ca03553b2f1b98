"""What the frame of every page needs: where one may go, what waits."""

from functools import cache, lru_cache

from django.db import connection
from django.http import HttpRequest

from credit.queries import waiting_for
from crm.core.keyset import Counted
from crm.core.models import Job, User
from crm.core.roles import rights_by_name

# Asked for every page, so it is one question, and not put together anew each time.
BADGES = """
    SELECT (SELECT count(*) FROM core_notice WHERE recipient_id = %s AND read_at IS NULL),
           (SELECT count(*) FROM core_job WHERE by_id = %s AND state = ANY(%s)),
           """
KEPT_PEOPLE = 1_000


def shell(request: HttpRequest) -> dict:
    """Numbers in the head of the page; asked lazily, so that answers without a head cost nothing, and once each."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    badges = cache(lambda: badges_of(user))
    return {
        "can": rights_by_name(user.role),
        "place": request.path.split("/", 2)[1],
        "notices_unread": lambda: badges()[0],
        "jobs_working": lambda: badges()[1],
        "decisions_waiting": lambda: badges()[2],
    }


def badges_of(user: User) -> tuple[int, int, int]:
    """How many notices are unread, how many of the person's own jobs are not done, how many applications wait."""
    waiting = _waiting(user.pk, user.role)
    with connection.cursor() as cursor:
        cursor.execute(BADGES + waiting.sql, [user.pk, user.pk, list(Job.OPEN), *waiting.params])
        return cursor.fetchone()


@lru_cache(maxsize=KEPT_PEOPLE)
def _waiting(person: int, role: str) -> Counted:
    """The applications that this person may decide, as a column. Whoever decides sees all customers on every day."""
    return Counted(waiting_for(User(pk=person, role=role)).order_by().values("pk"))
