"""Who asks, and what they may: tokens, sessions, roles."""
