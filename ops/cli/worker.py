"""`itilnext worker ...`: one worker process."""

import typer

from ops.console import reported_errors

worker_app = typer.Typer(
    name="worker",
    no_args_is_help=True,
    help="Run one worker process; start more of them to go faster. SIGTERM drains it: it finishes its transaction and "
    "leaves its group.",
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(worker_app)


@worker_app.command("ticket")
def ticket() -> None:
    """Decide the commands of this worker's share of the partitions.

    Needs Kafka and Redis, by ITILNEXT_KAFKA__BOOTSTRAP_SERVERS and ITILNEXT_REDIS__URL, and the topics
    (`itilnext topics create`). Any number of them share the work; each partition has one writer at a time.
    """
    from datetime import timedelta

    from consumers.assignment import WorkerLimits
    from consumers.ticket_worker import TicketWorkerConfig, run_ticket_worker
    from ops.target import load_target
    from ops.worker_process import run_process

    with reported_errors():
        target = load_target()
        sizes = target.settings.worker
        limits = WorkerLimits(
            max_waiting=sizes.max_waiting_records,
            max_batch=sizes.max_batch_records,
            cached_tickets=sizes.cache_tickets,
            future_tolerance=timedelta(seconds=sizes.future_tolerance),
        )
        config = TicketWorkerConfig(
            kafka=target.kafka,
            redis=target.redis,
            topics=target.topics,
            session_timeout_ms=target.settings.kafka.session_timeout_ms,
            limits=limits,
        )
        run_process(lambda stop, observer: run_ticket_worker(config, stop, observer), "ticket", target.settings)


@worker_app.command("alert")
def alert() -> None:
    """Evaluate ticks: ask for every alert that has come due, once.

    Any number of them share the partitions. Ticks come from `itilnext ticker`, or one by one from `itilnext tick`.
    """
    from datetime import timedelta

    from consumers.alert_worker import AlertWorkerConfig, run_alert_worker
    from ops.target import load_target
    from ops.worker_process import run_process

    with reported_errors():
        target = load_target()
        config = AlertWorkerConfig(
            kafka=target.kafka,
            redis=target.redis,
            topics=target.topics,
            session_timeout_ms=target.settings.kafka.session_timeout_ms,
            future_tolerance=timedelta(seconds=target.settings.worker.future_tolerance),
        )
        run_process(lambda stop, observer: run_alert_worker(config, stop, observer), "alert", target.settings)


@worker_app.command("directory")
def directory() -> None:
    """Apply the directory topic to Redis, and put entries that can't be used into the DLQ.

    One at a time works, others stand by. Decisions do not wait for it: ticket workers read the topic themselves.
    """
    from consumers.directory_worker import DirectoryWorkerConfig, run_directory_worker
    from ops.target import load_target
    from ops.worker_process import run_process

    with reported_errors():
        target = load_target()
        config = DirectoryWorkerConfig(
            kafka=target.kafka,
            redis=target.redis,
            topics=target.topics,
            session_timeout_ms=target.settings.kafka.session_timeout_ms,
        )
        run_process(lambda stop, observer: run_directory_worker(config, stop, observer), "directory", target.settings)
