"""The scheduler tells the card: a reader that moves to another CPU is followed there by its flow."""

from collectors.linux.following.run import FollowRun, follow

__all__ = ["FollowRun", "follow"]
