"""The renderer of the data sets: see render_lotus.py. Needs render/requirements.txt and nothing of lotus_gan."""
