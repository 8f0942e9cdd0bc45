"""What the log shows."""

import structlog

from pipeline import logs


def test_a_traceback_in_the_log_shows_no_values(capsys):
    logs.configure()
    try:
        api_key = "hunter2-hunter2"
        api_key.index("?")
    except ValueError:
        structlog.get_logger().exception("broken")
    finally:
        structlog.reset_defaults()
    shown = capsys.readouterr().out
    assert 'api_key.index("?")' in shown
    assert "hunter2" not in shown
