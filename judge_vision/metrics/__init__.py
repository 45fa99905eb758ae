"""Figures measured from pixels: tonal, light and monochrome. Pure functions of arrays and settings."""
