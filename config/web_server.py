"""What gunicorn is told: `python -m gunicorn -c python:config.web_server --bind ADDRESS config.wsgi`.

Options on the command line win over what stands here.
"""

from config.logs import LOGGING

# Threads bear slow clients; two processes use two processors.
worker_class = "gthread"
workers = 2
threads = 4
# Loaded once and shared by the processes: half the memory.
preload_app = True
graceful_timeout = 3
control_socket_disable = True
loglevel = "warning"
# Its own log as the application's. It keeps no list of requests: that would hold addresses and queries.
logconfig_dict = LOGGING
