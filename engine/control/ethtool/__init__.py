"""The ethtool family of generic netlink: a file per command pair, with its message and what it says."""
