"""The real clients on what real vendors sent, over HTTP on loopback."""
