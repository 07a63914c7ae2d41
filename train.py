"""`python train.py` is `lotus-gan train`: see lotus_gan/cli/train.py for the flags, lotus_gan/training for the rest."""

import sys

from lotus_gan.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
