"""Tests of set-up and settings."""
