"""A real Sentry that sends all that it can: every local variable, every line of the log."""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.asyncio import AsyncioIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport


def report_everything(transport: type[Transport], **more: Any) -> None:
    """Set Sentry up for this process, which it changes: no test of anything else may run there."""
    everything = {
        "include_local_variables": True,
        "attach_stacktrace": True,
        "send_default_pii": True,
        "max_request_body_size": "always",
        "max_value_length": 100_000,
        "traces_sample_rate": 1.0,
        # Each line of a log is an event with the stack that ran when it was written.
        "integrations": [AsyncioIntegration(), LoggingIntegration(level=logging.DEBUG, event_level=logging.DEBUG)],
    }
    sentry_sdk.init(dsn="https://key@sentry.example/1", transport=transport, **(everything | more))
