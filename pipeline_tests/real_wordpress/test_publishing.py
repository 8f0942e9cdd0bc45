"""The tests of the adapter against the stand-in, with a real site to answer."""

from pipeline_tests.platforms.wordpress.test_publishing import *  # noqa: F403
