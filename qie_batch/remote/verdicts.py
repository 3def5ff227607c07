"""What an answer means for the edit and for the server that gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from qie_batch.model import EditParams, EditRequest
    from qie_batch.remote.calls import Answer, Call
    from qie_batch.remote.images import ImageCodec


@dataclass(frozen=True, slots=True)
class Returned:
    """An image file."""

    data: bytes
    #: What the server says of it, in short clauses.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """The address of an image file that the wire allows to be fetched."""

    server: str
    call: Call


@dataclass(frozen=True, slots=True)
class Unconnected:
    """Nothing was sent, so that another server may be asked at once."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The server took no edit and wants to be asked again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Denied:
    """The server takes no edit of ours before a person has changed something."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server says that the request is wrong."""

    reason: str
    code: str = "engine_refused"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Request or server is at fault, and the answer does not say which."""

    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Down:
    """The server is at fault."""

    reason: str
    code: str = "engine_failed"


Verdict: TypeAlias = Returned | Linked | Busy | Denied | Refused | Doubtful | Down


class Served(Protocol):
    """What one kind of server is called, and takes."""

    #: Names the server in sentences.
    name: str
    #: Whether an edit that is not asked for may be made to see if a server works.
    probes: bool

    def check(self, params: EditParams) -> None:
        """As the engine's `check`, without images."""


class Wire(Served, Protocol):
    """How one kind of server is asked by HTTP, and what its answers mean."""

    def call(self, request: EditRequest, codec: ImageCodec) -> Call: ...

    def read(self, answer: Answer, server: str) -> Verdict: ...
