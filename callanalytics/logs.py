"""Structured logs: the request or task id in each line, readable or as JSON."""

import logging
import re

import structlog
from structlog.typing import Processor

QUERY = re.compile(r"\?\S*")
SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback from requests that were refused: a page that is forbidden or missing is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through; faults of the portal (status 500 and more) keep their traceback."""
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


class WithoutQueries(logging.Filter):
    """Takes the query from the lines of the development server: phones send PINs in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without what stands behind a question mark."""
        if isinstance(record.args, tuple):
            record.args = tuple(QUERY.sub("", one) if isinstance(one, str) else one for one in record.args)
        return True


def formatter(as_json: bool = False) -> structlog.stdlib.ProcessorFormatter:
    """Return the formatter of every log line."""
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            # Other formatters print local variables, which may be secrets.
            colors=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ]
        if as_json
        else [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
