"""What can go wrong in a worker, by what to do about it.

WorkerError
|-- Retryable         an outage or a race: drop what is in flight, take the partition over again
|   |-- ViewBehind    the Redis view is not where this worker left it: catch up from Kafka
|   `-- PlacesLost    reserved places are gone: decide again
|-- Fenced            another worker holds the partition: stop until the group says otherwise
`-- Fatal             going on would do harm: the worker exits, its supervisor starts it again
"""


class WorkerError(Exception):
    """Base of the errors a worker reacts to."""


class Retryable(WorkerError):
    """Passes by itself or by starting over."""


class ViewBehind(Retryable):
    """The view's marker is not where this worker left it: emptied, replaced, or written by another owner."""


class PlacesLost(Retryable):
    """A reserved place or a whole count is gone, with Redis or by a newer owner's recovery."""


class Fenced(WorkerError):
    """A newer owner of the partition exists."""


class Fatal(WorkerError):
    """The worker can't go on: settings, topics or permissions are wrong."""
