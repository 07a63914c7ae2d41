"""`python -m lotus_gan` is `lotus-gan`: see lotus_gan/cli."""

import sys

from lotus_gan.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
