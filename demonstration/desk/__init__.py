"""The demonstration data: plain data here, written by `loader` through the same actions that people use.

Every statement is paraphrased; everything about the container ship Meridian Dawn is invented, and labelled so.
"""
