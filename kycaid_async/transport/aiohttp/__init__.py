"""The transport over aiohttp."""
