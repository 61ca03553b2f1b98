"""Ranking all customers by expected value: a few statements over all of them, in one transaction.

Readers see the ranking before or the one after, never half of one. The rules in words are `scoring.rules`
(`expected_value`, `class_sizes`, `segment_of`); the SQL says the same for a hundred thousand customers at a time.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from archives.choices import CustomerStatus, Probability
from crm.core import audit, jobs
from crm.core.models import Job, Policy, User
from crm.core.money import rates_on, refuse_unrated
from crm.core.periods import add_months
from scoring import rules
from scoring.models import Segmentation
from scoring.queries import RANK_JOB, latest_ranking

RANKED_STATUSES = [status.value for status in CustomerStatus if status.tradable]
CORE_WINDOW_YEARS = 3

# One ranking at a time; reading goes on meanwhile. The sums of all customers fit into the memory, not onto the disk.
ONE_AT_A_TIME = "LOCK TABLE scoring_segmentation IN SHARE ROW EXCLUSIVE MODE; SET LOCAL work_mem = '128MB'"

# The one look at all sales: the business of the last twelve full months and of the last three full years.
SUMS = """
CREATE TEMPORARY TABLE ranking_sums ON COMMIT DROP AS
SELECT customer_id, currency,
       coalesce(sum(amount) FILTER (WHERE month >= %(business_from)s), 0) AS business,
       coalesce(sum(amount) FILTER (WHERE month <= %(core_until)s), 0) AS turnover
  FROM archives_salesrecord
 WHERE month BETWEEN %(core_from)s AND %(business_until)s
 GROUP BY customer_id, currency
"""

CURRENCIES_IN_USE = """
SELECT DISTINCT currency FROM ranking_sums
UNION
SELECT customer.currency
  FROM archives_customer customer JOIN archives_expectedvalueinputs inputs ON inputs.customer_id = customer.id
 WHERE customer.status = ANY(%(ranked)s)
   AND CASE WHEN customer.status = %(potential)s THEN inputs.market_potential * inputs.expected_share IS NOT NULL
            ELSE inputs.expected_increase IS NOT NULL END
"""

RATES = """
CREATE TEMPORARY TABLE ranking_rates ON COMMIT DROP AS
SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[]) AS known (currency, rate)
"""

SALES = """
CREATE TEMPORARY TABLE ranking_sales ON COMMIT DROP AS
SELECT sums.customer_id, sum(sums.business * known.rate) AS business, sum(sums.turnover * known.rate) AS turnover
  FROM ranking_sums sums JOIN ranking_rates known USING (currency)
 GROUP BY sums.customer_id
"""

PLACES = """
CREATE TEMPORARY TABLE ranking_places ON COMMIT DROP AS
WITH valued AS (
    SELECT customer.id AS customer_id, customer.number, round(coalesce(sales.business, 0), 2) AS current_business,
           round(CASE WHEN customer.status = %(potential)s
                      THEN inputs.market_potential * inputs.expected_share * chance.share * known.rate
                      ELSE coalesce(sales.business, 0)
                           + coalesce(inputs.expected_increase * chance.share * known.rate, 0)
                 END, 2) AS expected_value
      FROM archives_customer customer
      LEFT JOIN ranking_sales sales ON sales.customer_id = customer.id
      LEFT JOIN archives_expectedvalueinputs inputs ON inputs.customer_id = customer.id
      LEFT JOIN ranking_rates known ON known.currency = customer.currency
      JOIN unnest(%(levels)s::text[], %(shares)s::numeric[]) AS chance (level, share)
        ON chance.level = coalesce(inputs.probability, %(usual)s)
     WHERE customer.status = ANY(%(ranked)s)
)
SELECT customer_id, current_business, expected_value,
       row_number() OVER (ORDER BY expected_value DESC, current_business DESC, number COLLATE "C") AS rank
  FROM valued WHERE expected_value IS NOT NULL
"""

CLASSES = """
ALTER TABLE ranking_places ADD COLUMN segment text GENERATED ALWAYS AS (
    CASE WHEN expected_value <= 0 OR rank > {last_b:d} THEN 'C' WHEN rank <= {last_a:d} THEN 'A' ELSE 'B' END) STORED
"""

CORE = """
CREATE TEMPORARY TABLE ranking_core ON COMMIT DROP AS
SELECT sales.customer_id, sales.turnover
  FROM ranking_sales sales JOIN archives_customer customer ON customer.id = sales.customer_id
 WHERE customer.status = ANY(%(ranked)s) AND customer.related_since <= %(related_by)s
   AND sales.turnover / %(core_years)s >= %(core_turnover)s
 ORDER BY sales.turnover DESC, customer.number COLLATE "C"
 LIMIT %(core_cap)s
"""

CORE_SUMS = """
SELECT (SELECT count(*) FROM ranking_core), (SELECT coalesce(sum(turnover), 0) FROM ranking_core),
       (SELECT coalesce(sum(turnover), 0) FROM ranking_sales)
"""

TABLES = ("ranking_sums", "ranking_rates", "ranking_sales", "ranking_places", "ranking_core")

SAME_AS_BEFORE = """
SELECT count(*) = %(count)s AND NOT EXISTS (
           SELECT customer_id, rank, expected_value, current_business, segment FROM ranking_places
           EXCEPT SELECT customer_id, rank, expected_value, current_business, segment
                    FROM scoring_segmentationmember WHERE segmentation_id = %(segmentation)s)
  FROM scoring_segmentationmember WHERE segmentation_id = %(segmentation)s
"""

MEMBERS = """
INSERT INTO scoring_segmentationmember
       (segmentation_id, customer_id, rank, expected_value, current_business, segment, previous)
SELECT %(segmentation)s, place.customer_id, place.rank, place.expected_value, place.current_business, place.segment,
       standing.segment
  FROM ranking_places place LEFT JOIN archives_standing standing ON standing.customer_id = place.customer_id
 ORDER BY place.rank
"""

COUNTS = """
SELECT segment, count(*), count(*) FILTER (WHERE previous <> segment)
  FROM scoring_segmentationmember WHERE segmentation_id = %(segmentation)s GROUP BY segment
"""

# Only what changed is written, and locked in ascending order: whoever else writes many standings does the same.
STANDINGS = """
WITH changed AS (
    SELECT standing.customer_id, place.segment, core.customer_id IS NOT NULL AS core
      FROM archives_standing standing
      LEFT JOIN ranking_places place ON place.customer_id = standing.customer_id
      LEFT JOIN ranking_core core ON core.customer_id = standing.customer_id
     WHERE standing.segment IS DISTINCT FROM place.segment OR standing.core <> (core.customer_id IS NOT NULL)
     ORDER BY standing.customer_id
       FOR UPDATE OF standing
)
UPDATE archives_standing standing SET segment = changed.segment, core = changed.core
  FROM changed WHERE changed.customer_id = standing.customer_id
"""


@dataclass(frozen=True)
class Outcome:
    """What a ranking came to. `unchanged`: the latest one said the same of the same day, and was kept instead."""

    segmentation: int
    ranked: int
    counts: dict[str, int]
    moved: int
    core: int
    unchanged: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def start_ranking(*, as_of: date, by: User, today: date) -> Job:
    """Queue a ranking as of a day, or find the one that waits.

    Refuses without the right, and for days before 2000 and after today.
    """
    if refusal := rules.why_not_rank(as_of=as_of, by=by, today=today):
        raise refusal
    return jobs.enqueue(RANK_JOB, key=as_of.isoformat(), by=by, params={"as_of": as_of.isoformat()})


@transaction.atomic
def rank_customers(*, as_of: date, by: User | None = None, job: Job | None = None) -> Outcome:
    """Rank all customers that have an expected value, class them A, B or C, name the core ones, keep who moved.

    Refuses a currency without a rate by its name, before anything is written. Done again for the same job, or with the
    same result as the latest ranking of that day, it keeps nothing new.
    """
    if refusal := rules.why_not_rank(as_of=as_of, by=by):
        raise refusal
    policy = Policy.current()
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
        if job and (made := Segmentation.objects.filter(job=job).exclude(finished_at=None).first()):
            return _outcome(made)
        places = _place_all(cursor, as_of, policy)
        latest = latest_ranking()
        if latest and latest.as_of == as_of and _same(cursor, latest, places):
            cursor.execute(STANDINGS)
            return _outcome(latest, unchanged=True)
        return _outcome(_keep(cursor, as_of, policy, by=by, job=job, ranked=places))


def _place_all(cursor, as_of: date, policy: Policy) -> int:
    """Work out every place into temporary tables; how many customers are ranked."""
    window, rates = _window(as_of, policy), rates_on(as_of)
    cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
    cursor.execute(SUMS, window)
    cursor.execute(CURRENCIES_IN_USE, window)
    refuse_unrated((currency for (currency,) in cursor.fetchall()), rates)
    cursor.execute(RATES, {"currencies": list(rates), "rates": list(rates.values())})
    cursor.execute(SALES)
    cursor.execute("ANALYZE ranking_sales, ranking_rates")
    cursor.execute(PLACES, window)
    ranked = _one(cursor, "SELECT count(*) FROM ranking_places")
    last_a, last_b = rules.class_sizes(ranked, share_a=policy.share_a, share_ab=policy.share_ab)
    cursor.execute(CLASSES.format(last_a=last_a, last_b=last_b))
    cursor.execute(CORE, window)
    cursor.execute("ANALYZE ranking_places, ranking_core")
    return ranked


def _window(as_of: date, policy: Policy) -> dict[str, Any]:
    """The spans and numbers that the statements are made with."""
    business_from, business_until = rules.last_full_months(as_of)
    core_from, core_until = rules.last_full_years(as_of, CORE_WINDOW_YEARS)
    return {
        "business_from": business_from,
        "business_until": business_until,
        "core_from": core_from,
        "core_until": core_until,
        "core_years": CORE_WINDOW_YEARS,
        "core_turnover": policy.core_turnover,
        "core_cap": policy.core_cap,
        "related_by": add_months(as_of, -12 * policy.core_years),
        "ranked": RANKED_STATUSES,
        "potential": CustomerStatus.POTENTIAL.value,
        "levels": list(Probability.values),
        "shares": [policy.probability(level) for level in Probability.values],
        "usual": Probability.MEDIUM.value,
    }


def _same(cursor, latest: Segmentation, ranked: int) -> bool:
    return _one(cursor, SAME_AS_BEFORE, {"segmentation": latest.pk, "count": ranked})


def _keep(cursor, as_of: date, policy: Policy, *, by: User | None, job: Job | None, ranked: int) -> Segmentation:
    """Write the ranking with its places and bring every standing up to it."""
    made = Segmentation.objects.create(
        as_of=as_of, currency=settings.BASE_CURRENCY, policy=_numbers(policy), job=job, ranked=ranked
    )
    cursor.execute(MEMBERS, {"segmentation": made.pk})
    cursor.execute(COUNTS, {"segmentation": made.pk})
    found = {segment: (count, moved) for segment, count, moved in cursor.fetchall()}
    made.counts = {segment: found.get(segment, (0, 0))[0] for segment in ("A", "B", "C")}
    made.moved = sum(moved for _count, moved in found.values())
    made.core = _core_sums(cursor)
    cursor.execute(STANDINGS)
    made.finished_at = timezone.now()
    made.save()
    audit.record("customers.ranked", made, by=by, ranked=ranked, counts=made.counts, moved=made.moved)
    return made


def _numbers(policy: Policy) -> dict[str, str]:
    """The policy's numbers as they were, so that an old ranking can be understood."""
    names = ("share_a", "share_ab", "probability_high", "probability_medium", "probability_low")
    return {name: str(getattr(policy, name)) for name in (*names, "core_turnover", "core_years", "core_cap")}


def _core_sums(cursor) -> dict[str, Any]:
    """How many core customers there are, what they bought in the last three full years, and what all bought."""
    cursor.execute(CORE_SUMS)
    count, theirs, everybodys = cursor.fetchone()
    return {"count": count, "sales": _money(theirs), "all_sales": _money(everybodys)}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _one(cursor, statement: str, params: dict[str, Any] | None = None) -> Any:
    cursor.execute(statement, params)
    return cursor.fetchone()[0]


def _outcome(row: Segmentation, *, unchanged: bool = False) -> Outcome:
    return Outcome(row.pk, row.ranked, row.counts, row.moved, row.core.get("count", 0), unchanged)
