"""Arithmetic from load to pods, connections and the database."""
