"""Programs in the kernel, through Debian's bcc: found, compiled, loaded, read and weighed."""
