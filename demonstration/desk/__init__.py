"""The demonstration data: plain data here, made real by `loader` through the same actions that people use.

Every statement is paraphrased; everything about the container ship Meridian Dawn is made up, and says so.
"""
