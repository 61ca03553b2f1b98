"""The lock in front of every sum: whoever adds to an exposure or changes a limit holds the accounts of the group."""

from credit.models import CreditAccount
from credit.queries.limits import path


def lock_accounts(customer_id: int) -> list[int]:
    """Lock the accounts from the root of the group down to the customer, one after the other; their ids in that order.

    Everybody takes them in this order, before the first read that they protect.
    """
    way = path(customer_id)
    CreditAccount.objects.bulk_create([CreditAccount(customer_id=pk) for pk in way], ignore_conflicts=True)
    for pk in way:
        CreditAccount.objects.select_for_update().get(pk=pk)
    return way
