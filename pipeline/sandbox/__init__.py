"""Stand-ins for the platforms, over real HTTP on this machine, for rehearsing without an account.

They are as strict as the platforms, keep every effect in a ledger, and misbehave on request; nothing leaves the
machine. A platform is one package here that offers a `StandIn`, under the entry point group `pressroom.sandbox`.
"""
