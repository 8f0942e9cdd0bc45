"""Where the publisher's own pages live, by the operator's settings alone."""

import sqlalchemy as sa


def own_addresses(connection: sa.Connection) -> list[str]:
    """The verticals' addresses, and those that the home accounts are set up with."""
    return list(
        connection.scalars(
            sa.text("""
                select base_url from publisher_verticals
                union
                select address
                from platforms, lateral (values (publish_config ->> 'base_url'), (publish_config ->> 'api_url'))
                    as set_up (address)
                where is_home and address is not null
            """)
        )
    )
