"""What the SDK costs beside the same work in bare aiohttp. ``python -m benchmarks`` runs all."""
