"""From an exception to what an operator can do about it: servers out of reach, refused logins, unfit topics.

The only place that knows which exception of which client means what. An error it does not know is a defect, and is
left alone.
"""

import errno
import logging
import ssl
from collections.abc import Sequence

from aiokafka import errors as kafka
from redis import exceptions as redis

from consumers.errors import Fatal
from ops.console import CommandFailed, ExitCode
from producers.topics_admin import TopicsUnfit

_KAFKA_REMEDY = "Start the broker or `itilnext up`, or set ITILNEXT_KAFKA__BOOTSTRAP_SERVERS to where it is."
_KAFKA_UNREADY_REMEDY = "Try again in a moment; where it stays so, see that all brokers run and what their logs say."
_TLS_REMEDY = "Check ITILNEXT_KAFKA__SECURITY_PROTOCOL and the ITILNEXT_KAFKA__SSL_... settings."
_KAFKA_LOGIN_REMEDY = "Check the ITILNEXT_KAFKA__SASL_... settings: mechanism, user name and password."
_KAFKA_RIGHTS_REMEDY = "Give this user its rights (`itilnext acls`), or log in as another (ITILNEXT_KAFKA__SASL_...)."
_REDIS_REMEDY = "Start Redis or `itilnext up`, or set ITILNEXT_REDIS__URL to where it is."
_REDIS_LOGIN_REMEDY = "Check user name and password in ITILNEXT_REDIS__URL."
_REDIS_PROTECTED = "DENIED "
"""How Redis begins its answer to who comes from another machine while it has no password."""
_REDIS_PROTECTED_REMEDY = "Give Redis a password, or set its protected-mode to no where nobody else can reach it."
_REDIS_TLS_REMEDY = (
    "Check the scheme of ITILNEXT_REDIS__URL (rediss:// encrypts) and the ITILNEXT_REDIS__SSL_... settings."
)
_REDIS_RIGHTS_REMEDY = "Give this user its rights (`itilnext acls`), or log in as another (ITILNEXT_REDIS__URL)."
_KAFKA_LOGIN = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.SaslAuthenticationFailed,
    kafka.UnsupportedSaslMechanismError,
    kafka.IllegalSaslStateError,
)
_KAFKA_RIGHTS = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
)
_KAFKA_AWAY = (
    kafka.KafkaConnectionError,
    kafka.KafkaTimeoutError,
    kafka.KafkaUnavailableError,
    kafka.NoBrokersAvailable,
    kafka.NodeNotReadyError,
    kafka.RequestTimedOutError,
    kafka.BrokerNotAvailableError,
    kafka.GroupCoordinatorNotAvailableError,
    kafka.LeaderNotAvailableError,
)


def explain(error: BaseException, log: Sequence[logging.LogRecord] = ()) -> CommandFailed | None:
    """Return what to tell the operator, or None where the error is none of theirs.

    `log` is what Kafka's client logged meanwhile: it holds the reason of a failed bootstrap.
    """
    match error:
        case CommandFailed():
            return error
        case BaseExceptionGroup():
            parts = [explain(part, log) for part in error.exceptions]
            return None if None in parts else parts[0]
        case kafka.KafkaError():
            return _kafka(error, log)
        case redis.RedisError():
            return _redis(error)
        case Fatal():
            return CommandFailed(str(error))
        case TopicsUnfit():
            return CommandFailed(str(error), error.remedy)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return CommandFailed(f"what this prints or writes has no room: {error}", "Make room, and run it again.")
        case TimeoutError():
            return CommandFailed("a server did not answer in time", _KAFKA_REMEDY, ExitCode.UNREACHABLE)
        case _:
            return None


def _kafka(error: kafka.KafkaError, log: Sequence[logging.LogRecord]) -> CommandFailed | None:
    where, reason = _bootstrap_failure(log)
    cause = reason if isinstance(error, kafka.KafkaConnectionError) and reason is not None else error
    if isinstance(cause, _KAFKA_LOGIN):
        return CommandFailed(
            f"Kafka{where} refused the login: {_said(cause)}", _KAFKA_LOGIN_REMEDY, ExitCode.UNREACHABLE
        )
    if isinstance(error, _KAFKA_RIGHTS):
        return CommandFailed(f"Kafka does not allow this: {_said(error)}", _KAFKA_RIGHTS_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(cause, ssl.SSLError | ConnectionResetError):
        problem = f"Kafka{where} does not speak as expected: {_said(cause)}"
        return CommandFailed(problem, _TLS_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(error, _KAFKA_AWAY):
        return CommandFailed(f"Kafka can't be reached{where}: {_said(cause)}", _KAFKA_REMEDY, ExitCode.UNREACHABLE)
    if error.retriable:
        return CommandFailed(f"Kafka is not ready: {_said(error)}", _KAFKA_UNREADY_REMEDY, ExitCode.UNREACHABLE)
    return None


def _bootstrap_failure(log: Sequence[logging.LogRecord]) -> tuple[str, BaseException | None]:
    """Return where and why the client's last attempt to connect failed: it logs (host, port, error) and goes on."""
    for record in reversed(log):
        match record.args:
            case (host, port, BaseException() as reason):
                return f" at {host}:{port}", reason
            case _:
                continue
    return "", None


def _redis(error: redis.RedisError) -> CommandFailed | None:
    if isinstance(error, redis.NoPermissionError):
        return CommandFailed(f"Redis does not allow this: {_said(error)}", _REDIS_RIGHTS_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(error, redis.AuthenticationError):
        return CommandFailed(f"Redis refused the login: {_said(error)}", _REDIS_LOGIN_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(error, redis.ResponseError) and str(error).startswith(_REDIS_PROTECTED):
        said = str(error).partition(".")[0]
        return CommandFailed(f"Redis refused the connection: {said}", _REDIS_PROTECTED_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        problem = f"Redis does not speak as expected: {_said(error)}"
        return CommandFailed(problem, _REDIS_TLS_REMEDY, ExitCode.UNREACHABLE)
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return CommandFailed(f"Redis can't be reached: {_said(error)}", _REDIS_REMEDY, ExitCode.UNREACHABLE)
    return None


def _said(error: BaseException) -> str:
    """Return the error's message, and what those it passed through have noted on it."""
    return "; ".join([str(error) or type(error).__name__, *getattr(error, "__notes__", ())])
