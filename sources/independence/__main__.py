import sys

from sources.independence.command import main

sys.exit(main(sys.argv[1:]))
