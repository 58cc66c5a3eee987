"""What the SDK costs beside other ways of doing the same work. ``python -m benchmarks`` runs all; see README.md."""
