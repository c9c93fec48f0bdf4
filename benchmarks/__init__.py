"""The bars of speed and size: what is measured, against which floor, and how to run it."""
