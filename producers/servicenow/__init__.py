"""The connector for an incident log exported from ServiceNow (SPEC section 11): rows in, directory and commands out.

Pure but for reading the file: nothing is published here, no clock is asked, and the engine's answers are not waited
for. What the engine will make of the commands is foreseen instead (`ticket_here`), so that the same file always gives
the same commands, ids included, and importing it twice changes nothing.

read_log ---> log_entries ------> who has to be in the directory first
         `--> log_commands ----> commands in the order they go out
                `--> mapping      what one row asks for, a function per sentence of section 11
                `--> ticket_here  the ticket as the commands so far have made it
"""

from producers.servicenow.command_ids import IMPORT_AGENT, SOURCE
from producers.servicenow.log_commands import commands
from producers.servicenow.log_entries import directory_entries
from producers.servicenow.read_log import UnreadableLog, read_log
from producers.servicenow.row import Row, owner_changes

__all__ = [
    "IMPORT_AGENT",
    "SOURCE",
    "Row",
    "UnreadableLog",
    "commands",
    "directory_entries",
    "owner_changes",
    "read_log",
]
