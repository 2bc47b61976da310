"""Servers in Python, each a program that prints its ports as a line of JSON and serves."""
