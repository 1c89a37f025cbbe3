"""The pages: HTML that reads without JavaScript, small ES modules beside it, nothing loaded from another host.

A page asks the same services as the REST API and shows what they say. It must not decide anything, and holds no state.
"""
