"""Counts of instructions, which repeat where times do not."""
