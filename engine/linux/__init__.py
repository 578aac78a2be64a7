"""This machine's kernel as the host: namespaces, devices, and what they leave behind."""
