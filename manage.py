#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it uses the embedded servers (config/embedded.py)."""

import os
import sys

from config.data_folder import StartRefused
from config.embedded import servers_for_command
from config.processes import ChildEnded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with servers_for_command(os.environ):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except (StartRefused, ChildEnded) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
