"""Tests of outside jobs."""
