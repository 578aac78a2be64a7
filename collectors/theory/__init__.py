"""What can be worked out without running anything.

Published definitions and exact expectations to judge runs by.
"""
