"""Which stage of a command's way a piece of code belongs to, for the sampler of a worker's CPU time.

The innermost function of the engine on the stack that is named in `ENGINE` decides; what a library does below it is
done for it. Where none is on the stack, as in the clients' background tasks, the innermost file named in `LIBRARIES`
does. A file is named by how its path ends, a function by how its qualified name begins.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import CodeType, FrameType


class Stage(StrEnum):
    """The stages, in a command's order."""

    FETCH = "fetch"
    PARSE = "parse"
    LOAD = "load"
    DECIDE = "decide"
    ENCODE = "encode"
    PRODUCE = "produce"
    COMMIT = "commit"
    APPLY = "apply"
    OTHER = "other"


MEANING: Mapping[Stage, str] = {
    Stage.FETCH: "reading from the broker, FastStream, handing to the partition",
    Stage.PARSE: "JSON, CloudEvent, validation of the command",
    Stage.LOAD: "tickets not cached, the directory's end",
    Stage.DECIDE: "rules, new state, reserving places",
    Stage.ENCODE: "events, hash chain, snapshots, rejections as bytes",
    Stage.PRODUCE: "record batches, sending them",
    Stage.COMMIT: "the transaction: begin, offsets, places confirmed, end",
    Stage.APPLY: "cache and Redis view",
    Stage.OTHER: "event loop, sockets, group membership",
}

ENGINE: Mapping[str, Mapping[str, Stage]] = {
    "consumers/membership.py": {"Membership._dispatch": Stage.FETCH},
    "consumers/broker.py": {"_as_received": Stage.FETCH, "_records_of": Stage.FETCH},
    "consumers/partition.py": {
        "Partition.feed": Stage.FETCH,
        "Partition._next_records": Stage.FETCH,
        "Partition._known": Stage.LOAD,
        "Partition._commit": Stage.ENCODE,
        "Partition._adopt": Stage.APPLY,
        "Partition._apply": Stage.APPLY,
        "Partition._process": Stage.PARSE,
    },
    "consumers/timelines.py": {"Timelines": Stage.APPLY},
    "consumers/batch.py": {"parse": Stage.PARSE, "BatchDecider": Stage.DECIDE, "changes_of": Stage.ENCODE},
    "consumers/reserving.py": {"Planner": Stage.DECIDE, "Plan": Stage.APPLY},
    "consumers/capacity.py": {"Ledger.confirm": Stage.COMMIT},
    "consumers/directory_follower.py": {"DirectoryFollower": Stage.LOAD},
    "consumers/state_log.py": {"LogEnds": Stage.LOAD},
    "contracts/recorded.py": {"record_event": Stage.ENCODE},
    "contracts/rejections.py": {"write_rejection": Stage.ENCODE},
    "contracts/json_values.py": {"write_json": Stage.ENCODE},
    "producers/partition_output.py": {
        "PartitionOutput.commit": Stage.COMMIT,
        "PartitionOutput._send": Stage.PRODUCE,
    },
}

LIBRARIES: tuple[tuple[str, str, Stage], ...] = (
    ("aiokafka/producer/sender.py", "SendProduceReqHandler", Stage.PRODUCE),
    ("aiokafka/producer/sender.py", "Sender._send_produce_req", Stage.PRODUCE),
    ("aiokafka/producer/sender.py", "Sender._sender_routine", Stage.PRODUCE),
    ("aiokafka/producer/message_accumulator.py", "", Stage.PRODUCE),
    ("aiokafka/producer/", "", Stage.COMMIT),
    ("aiokafka/consumer/group_coordinator.py", "", Stage.OTHER),
    ("aiokafka/consumer/", "", Stage.FETCH),
    ("faststream/", "", Stage.FETCH),
)

_ANSWER_OF = (("Fetch", Stage.FETCH), ("Produce", Stage.PRODUCE), ("Txn", Stage.COMMIT))
"""By a word in the name of a broker's answer, whose reading is nobody's task but the connection's."""
_ANSWER_READER = "AIOKafkaConnection._handle_frame"


class StageFinder:
    """Finds the stage of a stack; remembers what it found out about each piece of code."""

    def __init__(self) -> None:
        self._engine: dict[CodeType, Stage | None] = {}
        self._library: dict[CodeType, Stage | None] = {}

    def stage_of(self, frame: FrameType | None) -> Stage:
        """Return the stage that this frame and those that called it are at."""
        library: Stage | None = None
        for each in _outwards(frame):
            code = each.f_code
            if code not in self._engine:
                self._engine[code], self._library[code] = _engine_stage(code), _library_stage(code)
            engine = self._engine[code]
            if engine is not None:
                return engine
            library = library or self._library[code] or _answer_stage(each)
        return library or Stage.OTHER


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _engine_stage(code: CodeType) -> Stage | None:
    path = code.co_filename.replace("\\", "/")
    for file, functions in ENGINE.items():
        if path.endswith(f"/{file}"):
            found = (stage for name, stage in functions.items() if _is_or_is_in(code.co_qualname, name))
            return next(found, None)
    return None


def _library_stage(code: CodeType) -> Stage | None:
    path = code.co_filename.replace("\\", "/")
    found = (stage for file, name, stage in LIBRARIES if f"/{file}" in path and code.co_qualname.startswith(name))
    return next(found, None)


def _is_or_is_in(qualified_name: str, name: str) -> bool:
    return qualified_name == name or qualified_name.startswith(f"{name}.")


def _answer_stage(frame: FrameType) -> Stage | None:
    if frame.f_code.co_qualname != _ANSWER_READER:
        return None
    answer = getattr(frame.f_locals.get("resp_type"), "__name__", "")
    return next((stage for word, stage in _ANSWER_OF if word in answer), None)
