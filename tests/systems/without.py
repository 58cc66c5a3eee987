"""Runs a program without what another system lacks: ``python without.py windows -m kycaid_async.cli demo``.

It takes names away from the modules of Python before anything else is imported, and lets files behave as they do there.
It imports nothing but the standard library, so it holds against any version of the package.
"""

import contextlib
import errno
import glob
import importlib
import os
import runpy
import select
import signal
import sys
import types
import warnings

LINUX_ONLY = ("RWF_NOWAIT", "RWF_HIPRI", "O_PATH", "O_TMPFILE", "sched_getaffinity", "posix_fadvise", "posix_fallocate")
POSIX_ONLY = (
    *("pread", "preadv", "pwrite", "pwritev", "O_NONBLOCK", "O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NOCTTY"),
    *("fork", "forkpty", "register_at_fork", "getuid", "geteuid", "getgid", "getegid", "getpgid", "setsid"),
    *("chown", "fchmod", "mkfifo", "statvfs", "fdatasync", "uname", "killpg", "getloadavg", "nice", "sync"),
)
MODULES = ("fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "uvloop")
FORBIDDEN = set('<>"|?*') | {chr(n) for n in range(32)}


def take_away(module, *names):
    for name in names:
        with contextlib.suppress(AttributeError):
            delattr(module, name)
    if "sched_getaffinity" in names and hasattr(os, "process_cpu_count"):  # what needs it is not there, either
        os.process_cpu_count = os.cpu_count


def macos():
    take_away(os, *LINUX_ONLY)
    take_away(select, "epoll")


def windows():
    mask = signal.pthread_sigmask
    import asyncio
    import fcntl
    import posix
    import subprocess  # noqa: F401 - it is another one there

    for name in MODULES:
        sys.modules[name] = None
    sys.modules["msvcrt"] = msvcrt = types.ModuleType("msvcrt")
    msvcrt.LK_NBLCK = 2
    msvcrt.locking = lambda fd, _, size: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, size, 0, os.SEEK_CUR)
    take_away(os, *LINUX_ONLY, *POSIX_ONLY)
    os.supports_dir_fd.clear()
    os.supports_fd.clear()
    take_away(select, "epoll", "poll")
    take_away(signal, "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGQUIT", "pthread_sigmask", "pthread_kill")
    signal.SIGBREAK = signal.Signals(3)
    files_as_on_windows(posix)
    loops_as_on_windows(asyncio)
    waits_as_on_windows(mask)


def files_as_on_windows(posix):
    """Nobody removes or replaces what is open, a folder cannot be opened, and some letters are in no name."""

    def refuse_open(path):
        if is_open(os.path.realpath(path)):
            raise PermissionError(errno.EACCES, "The process cannot access the file", os.fspath(path))

    def remove(path, *, dir_fd=None):
        refuse_open(path)
        posix.unlink(path)

    def rename(src, dst, **_):
        if os.path.lexists(dst):
            raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", os.fspath(dst))
        replace(src, dst)

    def replace(src, dst, **_):
        refuse_open(src)
        refuse_open(dst)
        posix.replace(src, dst)

    os.remove = os.unlink = remove
    os.rename, os.replace = rename, replace

    sys.addaudithook(check)


def check(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path, _, flags = arguments
        if (flags or 0) & os.O_CREAT and FORBIDDEN & set(os.path.basename(path)):
            raise OSError(errno.EINVAL, "Invalid argument", path)
        # Python's own loading of modules looks at folders.
        if os.path.isdir(path) and not path.startswith("/proc/"):
            raise PermissionError(errno.EACCES, "Permission denied", path)


def is_open(path):
    """Say whether this process, or another one that runs under this file, has ``path`` open."""
    for entry in glob.iglob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            with open(entry, "rb") as file:
                ours = os.path.basename(__file__).encode() in file.read()
            folder = os.path.dirname(entry)
            if ours and any(os.readlink(link) == path for link in glob.iglob(f"{folder}/fd/*")):
                return True
    return False


def loops_as_on_windows(asyncio):
    """A loop that knows no signals and no bare sockets, and that a signal wakes."""
    base = asyncio.SelectorEventLoop

    def refuse(*_):
        raise NotImplementedError

    class Loop(base):
        add_signal_handler = remove_signal_handler = refuse
        add_reader = add_writer = refuse

        def __init__(self):
            import selectors

            super().__init__(selectors.SelectSelector())

        def run_forever(self):
            before = None
            with contextlib.suppress(ValueError):  # not in the main thread
                before = signal.set_wakeup_fd(self._csock.fileno())
            try:
                super().run_forever()
            finally:
                if before is not None:
                    signal.set_wakeup_fd(before)

    asyncio.SelectorEventLoop = Loop
    asyncio.unix_events._UnixDefaultEventLoopPolicy._loop_factory = Loop


def waits_as_on_windows(mask):
    """Ctrl-C is noticed after a wait without a limit in time, and not in it."""
    import _queue
    import threading

    plain, event = _queue.SimpleQueue, threading.Condition.wait

    @contextlib.contextmanager
    def deaf(timeout):
        before = mask(signal.SIG_BLOCK, [signal.SIGINT]) if timeout is None else None
        try:
            yield
        finally:
            if before is not None:
                mask(signal.SIG_SETMASK, before)

    class SimpleQueue(plain):
        def get(self, block=True, timeout=None):
            with deaf(timeout if block else 0):
                return super().get(block, timeout)

    def wait(self, timeout=None):
        with deaf(timeout):
            return event(self, timeout)

    _queue.SimpleQueue = SimpleQueue
    threading.Condition.wait = wait


def say_so():
    """Tell the package what it cannot see for itself here: the name of the system."""
    import kycaid_async.shell
    import kycaid_async.sync.threads

    kycaid_async.shell.WINDOWS = True
    kycaid_async.sync.threads._UNINTERRUPTIBLE = True

    for name in ("attrs", "sqlite3"):  # not to be deceived by what comes next
        importlib.import_module(name)
    sys.platform = "win32"
    try:
        importlib.import_module("kycaid_async.bulk.ledger.lock")
    finally:
        sys.platform = "linux"


def main():
    system, *words = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background may ignore it
    assert not any(name.partition(".")[0] == "kycaid_async" for name in sys.modules)
    {"windows": windows, "macos": macos}[system]()
    sys.path[0] = os.getcwd()
    # Whoever opens a file says how it is written: Windows would take cp1252.
    warnings.filterwarnings("error", category=EncodingWarning, module=r"kycaid_async(\.|$)")
    if system == "windows":
        say_so()
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
