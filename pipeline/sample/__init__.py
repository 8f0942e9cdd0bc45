"""A publication about bicycle repair: all that a first run needs. Its texts are ours, its figures are invented."""
