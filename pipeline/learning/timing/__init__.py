"""The hours of the week at which an account's publications do best: learned within the account, at equal age."""
