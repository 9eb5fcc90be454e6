"""What a service may use: clouds, hosts of repositories, ways to release. A module each, named after what it is.

A module that has a `CAPABILITY` is registered by standing here; what others need to know of it, it hands them.
"""
