"""Runs become data, data becomes evidence.

Collectors, datasets, comparisons, figures, reports, the command line.
"""
