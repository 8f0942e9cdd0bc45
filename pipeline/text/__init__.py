"""Text as such: Markdown parsed and rendered, fitted to a limit, its links marked. Pure, and without any platform."""
