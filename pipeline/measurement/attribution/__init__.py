"""Which touches a conversion is owed to, by six models that each share out exactly one conversion. The models are pure;
`crediting` reads the paths and writes the credits.
"""
