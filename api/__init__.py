"""The HTTP API. It touches every room, so it lives in the highest.

What comes in is parsed by a serializer, what goes out is a plain dict whose shape is a TypedDict; of both the schema
is made. Every rule is in the actions and queries that are called: who may is asked beforehand only so that it is
answered before a body is found wanting, and asked again by the action once it holds the locks.
"""
