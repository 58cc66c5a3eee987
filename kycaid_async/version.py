"""The version of this package, for those below its front door."""

__version__ = "0.2.0"
