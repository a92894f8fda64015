"""The desktop companion of Call Analytics: tells the portal when the computer's session is locked, left or entered."""

__version__ = "0.1.0"
