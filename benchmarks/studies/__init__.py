"""Studies of the planners: how good, how fast, beside which other ways. Each writes a dated page in docs/studies."""
