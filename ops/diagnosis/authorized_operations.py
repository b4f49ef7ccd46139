"""Kafka's Metadata request in the version that tells what the asking user may do: one newer than the client has.

Only the wire format is here (KIP-430). Brokers answer it since 2.3; one without an authorizer allows everything.
"""

from collections.abc import Iterable, Sequence

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

_BITS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Describe": 8, "DescribeConfigs": 10}
"""Kafka's codes of operations, which are bits of its answer."""


class MetadataResponse_v8(Response):  # type: ignore[misc]  # noqa: N801 aiokafka is not typed, and names its own so
    """Topics with their `authorized_operations`."""

    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class MetadataRequest_v8(RequestStruct):  # type: ignore[misc]  # noqa: N801 as above
    """Asks for topics by name."""

    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = MetadataResponse_v8
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class TopicRightsRequest(Request[MetadataRequest_v8]):  # type: ignore[misc]  # aiokafka is not typed
    """What the asking user may do with these topics; none is made by asking."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[MetadataRequest_v8]) -> MetadataRequest_v8:
        """Return the request of the version that both sides know."""
        return request_struct_class(self._topics, False, False, True)  # noqa: FBT003 the order of the schema


def allows(answer: int, operations: Iterable[str]) -> bool:
    """Whether an answer's bits allow all these operations; to read or write is to be allowed to describe, too."""
    return all(answer >> _BITS[operation] & 1 for operation in operations)
