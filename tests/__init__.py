"""Tests, in the folders of the apps."""
