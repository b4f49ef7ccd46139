"""Money: exact decimal sums, written with two decimals whatever the currency's own number (SPEC sections 3 and 7)."""

import re
from collections.abc import Iterable
from decimal import Decimal

from iso4217 import Currency

HOME_CURRENCY = "EUR"
"""The currency a command without one means, and the one the limits of teams and agents are stated in."""

CURRENCIES = frozenset(currency.code for currency in Currency)
"""The codes of ISO 4217 in use."""

_AMOUNT = re.compile(r"0*([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_DECIMALS = 2
_NOTHING = Decimal("0.00")


def parse_amount(value: object) -> Decimal | None:
    """Read a sum below 10^12 with up to two decimals from a string; None for all else, a JSON number too."""
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    whole, fraction = match.groups()
    return Decimal(f"{whole}.{(fraction or '').ljust(_DECIMALS, '0')}")


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum; exact, for it would take 10^14 of the largest amounts to pass the precision of a Decimal."""
    return sum(amounts, _NOTHING)


def write_amount(amount: Decimal) -> str:
    """Return an amount as it travels, e.g. "1234.50"."""
    return f"{amount:.2f}"
