"""Signals of a terminal, for programs that see how others end by them."""

import signal


def heed_terminal() -> None:
    """Let this process, and those that it starts, end by SIGINT and SIGHUP.

    Who is started in the background of a script, or by nohup, ignores them, and so do all processes from there on.
    """
    for name, does in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, does)
