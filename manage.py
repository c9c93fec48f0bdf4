#!/usr/bin/env python3
"""The one command of the project: `start`, `test`, `lint`, and every command of Django and of our own."""

import sys

from config import bootstrap

if __name__ == "__main__":
    sys.exit(bootstrap.main(sys.argv[1:]))
