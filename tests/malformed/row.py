"""One row of the table of malformed input."""
import dataclasses
from typing import Callable, Optional


@dataclasses.dataclass
class Row:
    """`number` is the catalogue's. Reactions: "close", "ok", "error N[,N...]", "silence".

    `kafka` was seen on Apache Kafka 4.2.0; `ours` is given only where we differ on purpose,
    with the reason in `note`.
    """
    number: int
    name: str
    act: Callable
    kafka: str
    ours: Optional[str] = None
    note: str = ""
