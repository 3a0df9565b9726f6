"""Run a program that ends with its parent and takes no more than its share.

``python limited.py PARENT MEGABYTES CPU_SECONDS PROGRAM …``: the address space and the time on the
processor are limited, others go first (``nice``), and TERM waits until the program is ready for it
(it unblocks the signal). Then the program takes over the process. Runs by itself, without Django.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the limits and become the program."""
    parent, megabytes, seconds = (int(text) for text in sys.argv[1:4])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be watched
        sys.exit(3)
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606  our own planner, nothing of it from users


if __name__ == "__main__":
    main()
