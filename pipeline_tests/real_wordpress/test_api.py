"""The tests of the sandbox's stand-in, asked of the real one."""

from pipeline_tests.sandbox.test_wordpress_api import *  # noqa: F403
