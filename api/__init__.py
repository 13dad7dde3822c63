"""The HTTP API. It touches every room, so it is in the highest.

Serializers parse what is sent, plain dicts with a TypedDict as their shape are returned, and the schema is made from
both. Every rule is in the actions and queries: permission is asked first so that it is answered before errors in the
body, and asked again by the action once it holds its locks.
"""
