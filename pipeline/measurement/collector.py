"""The collector: the one service of Pressroom's that readers' browsers and shops speak to, over HTTP.

It leads on who follows a short link, takes what the beacon tells of the site's pages, and takes conversions from
whoever has the key to sign them. Every other address is not found, and there is no log of requests: it would hold
readers' addresses.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from pipeline.measurement import conversion_hook, redirects
from pipeline.measurement.site_analytics import beacon


def create_app(
    engine: sa.Engine, *, secret: SecretStr | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Starlette:
    """`secret` is what conversions are signed by (see `conversion_hook`); without one, none are taken."""
    app = Starlette(
        routes=[
            *redirects.routes(engine, clock),
            *beacon.routes(engine, clock),
            *conversion_hook.routes(engine, secret, clock),
        ]
    )
    app.router.redirect_slashes = False
    return app


def run(engine: sa.Engine, *, secret: SecretStr | None, host: str = "127.0.0.1", port: int) -> None:
    """Serve until interrupted."""
    app = create_app(engine, secret=secret)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
