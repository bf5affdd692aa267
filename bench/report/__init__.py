"""Figures in tables, charts and goals, alike for both languages."""
