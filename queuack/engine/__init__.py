"""The scheduler as a pure function: events and the present instant go in, writes and commands come out.

Nothing here does I/O, reads a clock, starts a thread, logs, or draws a random number.
"""
