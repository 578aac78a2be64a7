"""What can be worked out without running anything: published definitions and exact expectations to judge runs by."""
