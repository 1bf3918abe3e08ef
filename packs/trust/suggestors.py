"""The suggestors of contracts: a register, its documents and a log of actions in; one audit for each action out."""

from .conduct import Advance, Permit
from .examination import Examine
from .oversight import Oversee
from .record import Record
from .settlement import Settle

__all__ = ["Advance", "Examine", "Oversee", "Permit", "Record", "Settle"]
