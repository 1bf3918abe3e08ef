"""What gives each code, and how it reads when it is mended: for `converge explain` and docs/codes.md.

Every example is tried in a small project (kind `note` {text}, suggestor `writer`, one person `petra` with role
`writer`). Must never hold an example that nobody could paste.
"""
