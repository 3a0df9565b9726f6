"""Gunicorn: two processes of four threads, keep-alive, and log lines without addresses."""

import os
from pathlib import Path

worker_class = "gthread"
workers = int(os.environ.get("SAMSPIL_WEB_PROCESSES", "2"))
threads = int(os.environ.get("SAMSPIL_WEB_THREADS", "4"))
keepalive = 15
timeout = 30
graceful_timeout = 20
# those who follow a meeting keep a connection each and ask every second, so a
# process must hold them all and not be renewed every half minute (docs/benchmarks.md)
worker_connections = 4_000
max_requests = 1_000_000
max_requests_jitter = 100_000
# heartbeat files belong in memory: on a busy disk they stall the workers
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
limit_request_line = 8190
loglevel = "warning"
# method, path without query, status, bytes, milliseconds: who asked is not logged
accesslog = os.environ.get("SAMSPIL_ACCESS_LOG") or None
# keys in paths (personal links, invitations) are masked, whatever the format
logger_class = "samspil.config.access_log.ScrubbedLogger"
access_log_format = "%(m)s %(U)s %(s)s %(B)s %(M)sms"
