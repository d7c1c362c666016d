"""The systemd units of lccmirror, and how they are put in place."""
