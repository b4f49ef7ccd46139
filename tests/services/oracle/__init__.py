"""A second opinion: what SPEC section 5 makes of a command, in plain words and values, knowing none of the rules' code.

A clerk keeps one ticket in a book, judges commands by their fields alone, and enters what they change.
"""

from tests.services.oracle.book import Book, Refused, Sent
from tests.services.oracle.clerk import judge

__all__ = ["Book", "Refused", "Sent", "judge"]
